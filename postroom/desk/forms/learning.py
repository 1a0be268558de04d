"""Forms about what is done so that it does not happen again, and what a case cost."""

from sqlmodel import col, select

from postroom.casework import cases
from postroom.casework.moves import Move
from postroom.casework.working_days import in_words
from postroom.desk.forms.fields import Field, Given, Kind, Option
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet, words_of
from postroom.models.failures import NotFound
from postroom.models.officer import Officer, Role, TeamMember, is_member
from postroom.models.outcome import LearningAction, PaymentKind

_KINDS = (
    Option(PaymentKind.INVESTIGATION, "Cost of the investigation"),
    Option(PaymentKind.COMPENSATION, "Compensation or goodwill payment"),
    Option(PaymentKind.OMBUDSMAN, "Paid because the Ombudsman said so"),
)


def _action_sheet(ground: Ground) -> Sheet:
    return Sheet(
        (
            words_of("text", "What is to be done?", "Say what is to be done"),
            Field("owner", "Who sees to it?", Kind.LIST, options=_owners(ground), required="Choose who sees to it"),
            Field("due", "By when?", Kind.DAY, required="Enter the day by which it is to be done"),
            Field("recommended", "The Ombudsman or a panel recommends it", Kind.TICK),
        ),
        ("They are reminded before it is due, and each month until it is done.",),
    )


def _owners(ground: Ground) -> tuple[Option, ...]:
    """Those who may own an action: of a sealed case, its team alone."""
    query = select(Officer.id, Officer.name).where(col(Officer.active).is_(True), Officer.role != Role.ADMINISTRATOR)
    if ground.case.sealed:
        members = select(TeamMember.officer_id).where(TeamMember.team == ground.case.team, is_member(ground.today))
        query = query.where(col(Officer.id).in_(members))
    return tuple(Option(str(id_), name) for id_, name in ground.session.exec(query.order_by(Officer.name)))


def _add_action(ground: Ground, _: Sheet, given: Given) -> str:
    cases.add_action(
        ground.session,
        ground.case_id,
        given.text("text"),
        owner_id=given.number("owner"),
        due_on=given.day("due"),
        recommended=given.ticked("recommended"),
        **ground.by,
    )
    return ""


def _finish_sheet(ground: Ground) -> Sheet:
    action = ground.session.get(LearningAction, ground.item)
    if action is None or action.case_id != ground.case_id:
        raise NotFound("There is no such action on this case.")
    note = f"{action.text} (due {in_words(action.due_on)})"
    return Sheet((words_of("how", "What was done?", "Say what was done"),), (note,))


def _finish(ground: Ground, _: Sheet, given: Given) -> str:
    cases.finish_action(ground.session, ground.case_id, ground.item, how=given.text("how"), **ground.by)
    return ""


def _payment_sheet(_: Ground) -> Sheet:
    return Sheet(
        (
            Field("kind", "What kind of cost is it?", Kind.ONE, options=_KINDS, required="Choose the kind of cost"),
            Field("amount", "Amount", Kind.MONEY, hint="In pounds, such as 250 or 12.50.", required="Enter an amount"),
            Field("what_for", "What is it for?"),
            Field("back", "It takes back an amount that was entered by mistake", Kind.TICK),
        )
    )


def _add_payment(ground: Ground, _: Sheet, given: Given) -> str:
    pence = -given.pence("amount") if given.ticked("back") else given.pence("amount")
    what_for = given.text("what_for")
    cases.add_payment(
        ground.session, ground.case_id, PaymentKind(given.text("kind")), pence, what_for=what_for, **ground.by
    )
    return ""


FORMS = (
    CaseForm(
        "actions/new",
        "Add an action",
        "Add the action",
        "action-added",
        _action_sheet,
        _add_action,
        Move.ADD_ACTION,
        Group.LEARNING,
    ),
    CaseForm(
        "actions/{item}/done",
        "An action is done",
        "Record it",
        "action-done",
        _finish_sheet,
        _finish,
        Move.FINISH_ACTION,
    ),
    CaseForm(
        "payments/new",
        "Enter a cost or compensation",
        "Enter it",
        "payment-entered",
        _payment_sheet,
        _add_payment,
        Move.ADD_PAYMENT,
        Group.LEARNING,
        blames={"Enter an amount": "amount"},
    ),
)
