"""Consent to deal with a case for somebody else. While it is wanted the dates wait, as the procedure says."""

from datetime import datetime

from sqlmodel import Session

from postroom.casework.deadlines import set_deadlines
from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.reading import check_move, find_case, officer
from postroom.models.case import Case
from postroom.models.failures import ImpossibleMove
from postroom.models.person import Consent
from postroom.models.settings import Settings


def want_consent(
    session: Session, case_id: int, *, whose: str, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """Somebody's consent, or proof of authority, is wanted before the case can be answered."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.WANT_CONSENT, settings=settings)
    if not whose.strip():
        raise ImpossibleMove("Say whose consent is wanted.")
    assert case.id is not None
    consent = Consent(case_id=case.id, stage=case.stage, whose=whose.strip(), wanted_at=now)
    session.add(consent)
    session.flush()
    papers.consents.append(consent)
    moved = set_deadlines(papers, settings)
    clock = settings.procedures[case.procedure].consent.clock
    record(
        session,
        case,
        kind="consent wanted",
        summary="Consent is wanted" + ("" if clock == "runs" else "; the answer's date waits for it"),
        actor=officer(officer_id),
        now=now,
        before={"deadlines": moved.before},
        after={"consent": consent.id, "clock": clock},
        words=whose.strip(),
    )
    return case


def receive_consent(
    session: Session, case_id: int, *, evidence: str, at: datetime, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """The consent came at `at`; `evidence` says how it is known. Dates go on, or start, from there."""
    if not evidence.strip():
        raise ImpossibleMove("Say how the consent is known, as by a signed form.")
    return _end(session, case_id, True, evidence, at, officer_id, settings, now)


def refuse_consent(
    session: Session, case_id: int, *, reason: str, at: datetime, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """The consent was refused, or never came: an officer decides how the case goes on."""
    if not reason.strip():
        raise ImpossibleMove("Say how the consent was refused.")
    return _end(session, case_id, False, reason, at, officer_id, settings, now)


def _end(
    session: Session,
    case_id: int,
    given: bool,
    words: str,
    at: datetime,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.END_CONSENT, settings=settings)
    consent = papers.consent_wanted
    assert consent is not None
    if not consent.wanted_at <= at <= now:
        raise ImpossibleMove("Consent comes after it was wanted, and not in the future.")
    consent.ended_at, consent.given, consent.evidence = at, given, words.strip()
    moved = set_deadlines(papers, settings)
    record(
        session,
        case,
        kind="consent received" if given else "consent refused",
        summary=("Consent received" if given else "Consent refused") + moved.words,
        actor=officer(officer_id),
        now=now,
        before={"deadlines": moved.before},
        after={"consent": consent.id, "at": at.isoformat(), "deadlines": moved.after},
        words=words.strip(),
    )
    return case
