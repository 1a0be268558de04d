"""Cases at the Ombudsman, who may be asked at any time. The case itself goes on as it was."""

from datetime import date, datetime

from sqlmodel import Session

from postroom.casework.deadlines import local_day
from postroom.casework.history import record
from postroom.casework.learning import add_payment
from postroom.casework.moves import Move
from postroom.casework.reading import check_move, find_case, officer, referral_open
from postroom.models.case import Case
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import OmbudsmanReferral, PaymentKind
from postroom.models.settings import Settings


def refer_to_ombudsman(
    session: Session,
    case_id: int,
    *,
    referred_on: date,
    reference: str = "",
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """The Ombudsman has the case; `reference` is theirs."""
    case = find_case(session, case_id)
    check_move(session, case, Move.REFER, settings=settings)
    if not local_day(settings, case.received_at) <= referred_on <= local_day(settings, now):
        raise ImpossibleMove("The Ombudsman got it after we did, and not in the future.")
    assert case.id is not None
    referral = OmbudsmanReferral(
        case_id=case.id, stage=case.stage, reference=reference.strip(), referred_on=referred_on
    )
    session.add(referral)
    session.flush()
    record(
        session,
        case,
        kind="referred to the Ombudsman",
        summary="The Ombudsman has the case",
        actor=officer(officer_id),
        now=now,
        after={"referral": referral.id, "referred_on": referred_on.isoformat()},
        words=reference.strip(),
    )
    return case


def ombudsman_decided(
    session: Session,
    case_id: int,
    *,
    decided_on: date,
    decision: str,
    payment_pence: int = 0,
    public_report: bool = False,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """The Ombudsman decided; a payment that was asked for is entered with it. Recommendations are actions of their own
    (`learning.add_action` with `recommended`)."""
    case = find_case(session, case_id)
    check_move(session, case, Move.OMBUDSMAN_DECIDES, settings=settings)
    referral = referral_open(session, case)
    assert referral is not None
    known = settings.closing.ombudsman_decisions
    if decision not in known:
        raise ImpossibleMove(f"Choose a decision: {', '.join(known)}.")
    if not referral.referred_on <= decided_on <= local_day(settings, now):
        raise ImpossibleMove("The decision came after the referral, and not in the future.")
    if payment_pence < 0:
        raise ImpossibleMove("A payment is an amount of money, or none.")
    referral.decided_on, referral.decision, referral.public_report = decided_on, decision, public_report
    session.add(referral)
    record(
        session,
        case,
        kind="Ombudsman decided",
        summary=f"The Ombudsman decided: {decision.replace('_', ' ')}" + (", public report" if public_report else ""),
        actor=officer(officer_id),
        now=now,
        after={"referral": referral.id, "decision": decision, "decided_on": decided_on.isoformat()},
    )
    if payment_pence:
        add_payment(
            session,
            case_id,
            PaymentKind.OMBUDSMAN,
            payment_pence,
            what_for=f"The Ombudsman's decision {referral.reference}".strip(),
            officer_id=officer_id,
            settings=settings,
            now=now,
        )
    return case
