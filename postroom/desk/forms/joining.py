"""Forms about cases that belong together."""

from postroom.casework import cases, threads
from postroom.casework.moves import Move
from postroom.desk.forms.fields import Field, Given, Kind, Option
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet
from postroom.models.case import LinkKind

_KINDS = (
    Option(LinkKind.RELATED, "They are related"),
    Option(LinkKind.FOLLOWS, "This one follows the other", "A later matter of the same person that grew out of it."),
    Option(LinkKind.SPLIT_FROM, "This one was split from the other"),
)


def _link_sheet(_: Ground) -> Sheet:
    return Sheet(
        (
            Field("reference", "The other case", hint="Its reference."),
            Field("kind", "How do they belong together?", Kind.ONE, options=_KINDS, required="Choose how"),
        ),
        ("Each history shows the other case.",),
    )


def _link(ground: Ground, _: Sheet, given: Given) -> str:
    other, kind = ground.other_case(given.text("reference")), LinkKind(given.text("kind"))
    officer_id = ground.visitor.officer_id
    cases.link(ground.session, ground.case_id, other, kind, officer_id=officer_id, now=ground.now)
    return ""


def _merge_sheet(_: Ground) -> Sheet:
    hint = "This case is then closed, and what comes for it goes to the other. Both are counted."
    return Sheet((Field("reference", "It is the same matter as case", hint=hint),))


def _merge(ground: Ground, _: Sheet, given: Given) -> str:
    into = ground.other_case(given.text("reference"))
    threads.merge(ground.session, ground.case_id, into, officer_id=ground.visitor.officer_id, now=ground.now)
    return ""


FORMS = (
    CaseForm(
        "links/new", "Link it with another case", "Link them", "linked", _link_sheet, _link, Move.LINK, Group.CASES
    ),
    CaseForm(
        "merging",
        "Merge it into another case",
        "Merge",
        "merged",
        _merge_sheet,
        _merge,
        Move.MERGE,
        Group.CASES,
        warning=True,
    ),
)
