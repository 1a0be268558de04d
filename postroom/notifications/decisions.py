"""The decisions about a case that its person is told of, by a letter of the officer's or else by ours: the answer is
put off, the next stage is refused, consent is wanted, the case counts as withdrawn."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import String, bindparam, cast, inspect, literal
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from postroom.casework.procedures import STEP_WORDS, stage_named
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState
from postroom.models.outcome import CaseClosing
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.person import Consent
from postroom.models.settings import Settings
from postroom.models.stage import Extension, StageRequest
from postroom.notifications.envelopes import one_line
from postroom.notifications.letters import LetterFacts, in_full
from postroom.notifications.owed import Purpose

Decision = Extension | StageRequest | Consent | CaseClosing

TOLD_WITHIN = timedelta(days=30)
"""A decision made longer ago is not told of any more, as where there was no address."""


def untold(
    session: Session, purpose: Purpose, settings: Settings, now: datetime, case_id: int | None = None
) -> list[Decision]:
    """The decisions of a kind that somebody is still to be told of, the oldest first; about one case or all."""
    return _made_between(session, purpose, settings, now - TOLD_WITHIN, now, case_id)


def ours_to_tell(
    session: Session, purpose: Purpose, settings: Settings, now: datetime, case_id: int | None = None
) -> list[Decision]:
    """The same without those of which an officer may yet write."""
    until = now - timedelta(minutes=settings.outgoing.own_letter_minutes)
    return _made_between(session, purpose, settings, now - TOLD_WITHIN, until, case_id)


def ours_from(session: Session, purpose: Purpose, settings: Settings, now: datetime, case_id: int) -> datetime | None:
    """From when on our own letter tells of a decision about a case; None where everybody was told."""
    rows = untold(session, purpose, settings, now, case_id)
    if not rows:
        return None
    made_at: datetime = getattr(rows[0], _MADE_AT[purpose].key)
    return made_at + timedelta(minutes=settings.outgoing.own_letter_minutes)


def told_by(session: Session, mail: OutgoingMail, settings: Settings) -> Decision | None:
    """The decision that a mail tells of; None where it does not stand any more."""
    purpose = Purpose(mail.purpose)
    query = _standing(purpose, _withdrawn(settings)).where(_TABLES[purpose].case_id == mail.case_id)
    return next((row for row in session.exec(query) if once_for(row) == mail.once), None)


def latest(session: Session, purpose: Purpose, case: Case) -> Decision | None:
    """The latest decision of a kind about a case, whether anybody was told or not."""
    if purpose not in _TABLES or (purpose == Purpose.WITHDRAWAL and case.status != CaseStatus.CLOSED):
        return None
    query = select(_TABLES[purpose]).where(_TABLES[purpose].case_id == case.id)
    if purpose == Purpose.REFUSAL:
        query = query.where(col(StageRequest.accepted).is_(False))
    if purpose == Purpose.CONSENT:
        query = query.where(col(Consent.ended_at).is_(None))
    found: Decision | None = session.exec(query.order_by(_MADE_AT[purpose].desc()).limit(1)).first()
    return found


def once_for(row: Decision) -> str:
    """The unique key of the letter that tells of a decision, whoever writes it."""
    if isinstance(row, CaseClosing):
        return f"letter:withdrawal:{row.case_id}:{row.closed_at:%Y%m%d%H%M%S%f}"
    purpose = next(purpose for purpose, table in _TABLES.items() if isinstance(row, table))
    return f"letter:{purpose}:{row.id}"


def facts_with(session: Session, facts: LetterFacts, row: Decision, case: Case, settings: Settings) -> LetterFacts:
    """The facts of a case with those of a decision about it."""
    if isinstance(row, Extension):
        deadline = session.get_one(Deadline, row.deadline_id)
        answer = stage_named(settings, case.procedure, deadline.stage).answer
        return replace(
            facts,
            reason=row.reason,
            answer_before=in_full(_last_told(session, row)),
            answer_by=in_full(deadline.due_on),
            other_step="" if deadline.step == answer else STEP_WORDS[deadline.step],
        )
    if isinstance(row, StageRequest):
        return replace(facts, reason=row.reason, refused_stage=settings.stage_name(case.procedure, row.stage))
    if isinstance(row, Consent):
        return replace(facts, whose_consent=one_line(row.whose))
    return replace(facts, deemed_withdrawn=row.outcome == settings.closing.deemed_withdrawn)


def _last_told(session: Session, row: Extension) -> date:
    """The date that the person knows: the one before the first extension that nobody was told of."""
    before = row.due_before
    query = select(Extension).where(Extension.deadline_id == row.deadline_id, col(Extension.id) < row.id)
    for earlier in session.exec(query.order_by(col(Extension.id).desc())):
        written = select(OutgoingMail.id).where(OutgoingMail.once == once_for(earlier))
        if earlier.told or session.exec(written).first() is not None:
            break
        before = earlier.due_before
    return before


def _made_between(
    session: Session, purpose: Purpose, settings: Settings, since: datetime, until: datetime, case_id: int | None
) -> list[Decision]:
    query = _unwritten(purpose, _withdrawn(settings), of_case=case_id is not None)
    values = {"since": since, "until": until} | ({} if case_id is None else {"case_id": case_id})
    return list(session.exec(query, params=values))


@lru_cache(maxsize=32)
def _unwritten(purpose: Purpose, withdrawn: tuple[str, ...], *, of_case: bool) -> Any:
    made_at, key = _MADE_AT[purpose], inspect(_TABLES[purpose]).primary_key[0]
    recent = select(key).where(  # apart, so that it is read first, by its index
        made_at > bindparam("since"), made_at <= bindparam("until")
    )
    query = _standing(purpose, withdrawn).where(key.in_(recent), ~_written(purpose))
    if of_case:
        query = query.where(_TABLES[purpose].case_id == bindparam("case_id"))
    return query.order_by(made_at)


def _withdrawn(settings: Settings) -> tuple[str, ...]:
    """The outcomes of cases that count as withdrawn."""
    return settings.closing.withdrawn, settings.closing.deemed_withdrawn


def _standing(purpose: Purpose, withdrawn: tuple[str, ...]) -> Any:
    """The decisions of a kind that still stand, so that somebody is to know of them."""
    if purpose == Purpose.EXTENSION:  # of a step still to be done, and not put off once more since
        later = aliased(Extension)
        again = select(later.id).where(later.deadline_id == Extension.deadline_id, col(later.id) > Extension.id)
        step = select(Deadline.id).where(Deadline.id == Extension.deadline_id, Deadline.state == DeadlineState.OPEN)
        return select(Extension).where(Extension.told == "", step.exists(), ~again.exists())
    if purpose == Purpose.REFUSAL:
        return select(StageRequest).where(col(StageRequest.accepted).is_(False))
    if purpose == Purpose.CONSENT:
        still_open = select(Case.id).where(Case.id == Consent.case_id, Case.status == CaseStatus.OPEN)
        return select(Consent).where(col(Consent.ended_at).is_(None), still_open.exists())
    closed = select(Case.id).where(
        Case.id == CaseClosing.case_id, Case.status == CaseStatus.CLOSED, col(Case.merged_into_id).is_(None)
    )
    return select(CaseClosing).where(  # so of a type that has such outcomes
        col(CaseClosing.outcome).in_(withdrawn), closed.exists()
    )


def _written(purpose: Purpose) -> Any:
    """Holds for decisions of a kind whose letter was written."""
    letters = select(OutgoingMail.id)
    if purpose == Purpose.WITHDRAWAL:
        return letters.where(
            OutgoingMail.case_id == CaseClosing.case_id,
            OutgoingMail.purpose == Purpose.WITHDRAWAL,
            OutgoingMail.state != MailState.WITHDRAWN,
            col(OutgoingMail.created_at) >= CaseClosing.closed_at,
        ).exists()
    key = literal(f"letter:{purpose}:").concat(cast(col(_TABLES[purpose].id), String))
    return letters.where(OutgoingMail.once == key).exists()


_TABLES: dict[Purpose, Any] = {
    Purpose.EXTENSION: Extension,
    Purpose.REFUSAL: StageRequest,
    Purpose.CONSENT: Consent,
    Purpose.WITHDRAWAL: CaseClosing,
}


_MADE_AT: dict[Purpose, Any] = {
    Purpose.EXTENSION: col(Extension.made_at),
    Purpose.REFUSAL: col(StageRequest.decided_at),
    Purpose.CONSENT: col(Consent.wanted_at),
    Purpose.WITHDRAWAL: col(CaseClosing.closed_at),
}
TOLD = tuple(_TABLES)
"""What the letters about decisions are for."""
