"""What goes on beside a case's own course: further messages, actions, restrictions of contact, the Ombudsman."""

from datetime import timedelta
from random import Random

from sqlmodel import col, select

from postroom.casework import cases, people, threads
from postroom.models.case import Case
from postroom.models.message import Message
from postroom.models.outcome import PaymentKind
from postroom.simulation.answers import UPHELD
from postroom.simulation.arrivals import Arrival, one_of
from postroom.simulation.office import Course, Office
from postroom.simulation.receiving import write_again

WORDS = "Could you tell me how far you have got with this, please?"
REMEDIED = "upheld_maladministration_and_injustice"


def asks_again(office: Office, arrival: Arrival, case_id: int, chance: Random) -> Course:
    """Somebody asks how far it is, and an officer reads that."""
    yield office.now + timedelta(days=chance.random() * 12 + 0.1)
    write_again(office.session, arrival, case_id, WORDS, office.settings, office.now)
    yield office.after(chance.randrange(0, 3), chance)
    read(office, case_id, office.staff.sorter(chance))


def read(office: Office, case_id: int, by: int) -> None:
    """Read what came to a case, where anything did."""
    unread = select(Message.id).where(Message.case_id == case_id, col(Message.to_read).is_(True))
    if office.session.exec(unread.limit(1)).first() is not None:
        office.make(threads.mark_read, case_id, by=by)


def restriction(office: Office, person_id: int, by: int, chance: Random) -> Course:
    """Contact is restricted, and looked at again when that is due or somewhat later."""
    review_on = office.today() + timedelta(days=180)
    office.make(
        people.restrict_contact,
        person_id,
        "One officer answers, once a week",
        by=by,
        reason="many messages a day about the same matter",
        review_on=review_on,
    )
    yield office.on(review_on + timedelta(days=chance.randrange(-5, 40)), chance)
    office.make(people.lift_restriction, person_id, by=by)


def follow(office: Office, case: Case, manager: int, *, outcome: str, last: bool, chance: Random) -> None:
    """Begin what may come of a complaint that was answered with `outcome`; `last`: at its last stage."""
    assert case.id is not None
    rates = office.rates
    if "lesson" not in office.settings.closing.asks.get(case.type, []):
        return
    if outcome in UPHELD:
        if chance.random() < rates.action:
            office.begin(_action(office, case.id, manager, recommended=False, chance=chance))
        if chance.random() < rates.compensation:
            pence = chance.randrange(50, 600, 25) * 100
            office.make(cases.add_payment, case.id, PaymentKind.COMPENSATION, pence, by=manager)
    if case.stage_number > 1:
        cost = chance.randrange(400, 3500, 50) * 100
        office.make(cases.add_payment, case.id, PaymentKind.INVESTIGATION, cost, by=manager)
    share = rates.ombudsman_after_last_stage if last and case.stage_number > 1 else rates.ombudsman
    if chance.random() < share:
        office.begin(_ombudsman(office, case.id, manager, chance))


def _action(office: Office, case_id: int, owner: int, *, recommended: bool, chance: Random) -> Course:
    """Something is to be done, and is, mostly by its date."""
    due_on = office.today() + timedelta(days=chance.randrange(20, 120))
    action_id = office.make(
        cases.add_action,
        case_id,
        "Tell people within two days what happens next",
        by=owner,
        owner_id=owner,
        due_on=due_on,
        recommended=recommended,
    ).id
    yield office.on(due_on + timedelta(days=int(chance.gauss(-2, 20))), chance)
    office.make(cases.finish_action, case_id, action_id, by=owner, how="the team was told, and does so")


def _ombudsman(office: Office, case_id: int, manager: int, chance: Random) -> Course:
    yield office.after(chance.randrange(10, 60), chance)
    office.make(cases.refer_to_ombudsman, case_id, by=manager, referred_on=office.today(), reference=f"{case_id:08d}")
    yield office.after(chance.randrange(10, 180), chance)
    known = office.settings.closing.ombudsman_decisions
    shares = {decision: share for decision, share in office.rates.ombudsman_decisions.items() if decision in known}
    if not known:
        return
    decision = one_of(shares or dict.fromkeys(known, 1.0), chance)
    remedied = decision == REMEDIED
    office.make(
        cases.ombudsman_decided,
        case_id,
        by=manager,
        decided_on=office.today(),
        decision=decision,
        payment_pence=chance.randrange(100, 1500, 50) * 100 if remedied else 0,
        public_report=remedied and chance.random() < 0.05,
    )
    if remedied:
        office.begin(_action(office, case_id, manager, recommended=True, chance=chance))
