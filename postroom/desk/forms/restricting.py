"""Forms by which a case is kept to officers by name."""

from postroom.casework import restricting
from postroom.casework.moves import Move
from postroom.desk.forms.fields import Field, Given, Kind
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet, words_of


def _restriction_sheet(ground: Ground) -> Sheet:
    named = restricting.named_officers(ground.session, ground.case_id)
    return Sheet(
        (
            Field(
                "officers",
                "Who alone may see it?",
                Kind.WORDS,
                hint="The email addresses of officers, one on each line.",
                value="\n".join(each.email for each in named),
                required="Name at least one officer",
            ),
            words_of("reason", "Why?", "Say why"),
        ),
        (
            "For complaints about the conduct of staff. The case is sealed, and these officers alone see it: not its "
            "team, nor customer relations, administrators or auditors. Name yourself to keep sight of it.",
        ),
    )


def _restrict(ground: Ground, _: Sheet, given: Given) -> str:
    emails = given.text("officers").replace(",", "\n").split("\n")
    restricting.restrict(ground.session, ground.case_id, emails, reason=given.text("reason"), **ground.by)
    return ""


def _lifting_sheet(_: Ground) -> Sheet:
    return Sheet((words_of("reason", "Why?", "Say why"),), ("Its team sees the case then. It stays sealed.",))


def _lift(ground: Ground, _: Sheet, given: Given) -> str:
    restricting.lift(ground.session, ground.case_id, reason=given.text("reason"), **ground.by)
    return ""


FORMS: tuple[CaseForm, ...] = (
    CaseForm(
        "restriction",
        "Restrict it to named officers",
        "Restrict it",
        "restricted",
        _restriction_sheet,
        _restrict,
        Move.RESTRICT,
        Group.LABELS,
        blames={"Say why": "reason"},
    ),
    CaseForm(
        "restriction-lifted",
        "Lift the restriction",
        "Lift the restriction",
        "restriction-lifted",
        _lifting_sheet,
        _lift,
        Move.LIFT_RESTRICTION,
        Group.LABELS,
    ),
)
