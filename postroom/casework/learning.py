"""What is done so that it does not happen again, and what a case cost."""

from datetime import date, datetime

from sqlmodel import Session

from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.reading import check_move, find_case, officer
from postroom.casework.working_days import in_words
from postroom.models.case import Case
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.officer import Officer
from postroom.models.outcome import LearningAction, Payment, PaymentKind
from postroom.models.settings import Settings


def add_action(
    session: Session,
    case_id: int,
    text: str,
    *,
    owner_id: int,
    due_on: date,
    recommended: bool = False,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> LearningAction:
    """An officer (`owner_id`) is to do something by a date. `recommended`: the Ombudsman or a panel says so."""
    case = find_case(session, case_id)
    check_move(session, case, Move.ADD_ACTION, settings=settings)
    if not text.strip():
        raise ImpossibleMove("Say what is to be done.")
    owner = session.get(Officer, owner_id)
    if owner is None or not owner.active:
        raise ImpossibleMove("Choose an officer who sees to it.")
    assert case.id is not None
    action = LearningAction(
        case_id=case.id,
        stage=case.stage,
        recommended=recommended,
        text=text.strip(),
        owner_id=owner_id,
        due_on=due_on,
        created_at=now,
    )
    session.add(action)
    session.flush()
    record(
        session,
        case,
        kind="action added",
        summary=f"An action was agreed, due {in_words(due_on)}",
        actor=officer(officer_id),
        now=now,
        after={"action": action.id, "owner": owner_id, "due_on": due_on.isoformat(), "recommended": recommended},
        words=text.strip(),
    )
    return action


def finish_action(
    session: Session, case_id: int, action_id: int, *, how: str, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """An action was done; `how` says what came of it."""
    case = find_case(session, case_id)
    check_move(session, case, Move.FINISH_ACTION, settings=settings)
    action = session.get(LearningAction, action_id)
    if action is None or action.case_id != case.id:
        raise NotFound("There is no such action on this case.")
    if action.done_at is not None:
        raise ImpossibleMove("This action is done already.")
    if not how.strip():
        raise ImpossibleMove("Say what was done.")
    action.done_at, action.done_how = now, how.strip()
    session.add(action)
    record(
        session,
        case,
        kind="action done",
        summary="An action was done",
        actor=officer(officer_id),
        now=now,
        after={"action": action.id},
        words=how.strip(),
    )
    return case


def add_payment(
    session: Session,
    case_id: int,
    kind: PaymentKind,
    pence: int,
    *,
    what_for: str = "",
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Payment:
    """Enter a cost of investigation, or compensation. A mistake is taken back by a negative amount."""
    case = find_case(session, case_id)
    check_move(session, case, Move.ADD_PAYMENT, settings=settings)
    if pence == 0:
        raise ImpossibleMove("Enter an amount.")
    assert case.id is not None
    payment = Payment(
        case_id=case.id,
        stage=case.stage,
        kind=kind,
        pence=pence,
        what_for=what_for.strip(),
        entered_at=now,
        officer_id=officer_id,
    )
    session.add(payment)
    session.flush()
    record(
        session,
        case,
        kind="payment entered",
        summary=f"{'Taken back' if pence < 0 else 'Entered'}: {pounds(abs(pence))}, {kind}",
        actor=officer(officer_id),
        now=now,
        after={"payment": payment.id, "kind": kind, "pence": pence},
        words=what_for.strip(),
    )
    return payment


def pounds(pence: int) -> str:
    """As "£1,250.00"."""
    return f"£{pence // 100:,}.{pence % 100:02}"
