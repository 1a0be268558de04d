"""Forms about what a case is and whose: its labels, its team and officer, its procedure, its seal."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.casework.moves import Move
from postroom.casework.procedures import procedure_for, procedures_taking
from postroom.casework.reading import open_deadlines
from postroom.casework.working_days import in_words
from postroom.desk.forms.fields import Field, Given, Kind, Option
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet, options, words_of
from postroom.desk.wording import words
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import Officer, Role, TeamMember, is_member
from postroom.models.settings import NO_CATEGORY, NO_EXCLUSION

_NOBODY = "nobody"


def _correct_sheet(ground: Ground) -> Sheet:
    case, settings = ground.case, ground.settings
    categories = tuple(
        Option(category, words(category), group=words(type_))
        for type_, listed in settings.categories.items()
        for category in listed
    )
    teams = tuple(
        Option(id_, team.name, group=words(team.service))
        for id_, team in settings.teams.items()
        if id_ == case.team or team.stands_on(ground.today)
    )
    exclusions = tuple(
        Option(each, "No, it is ours" if each == NO_EXCLUSION else words(each)) for each in settings.exclusions
    )
    return Sheet(
        (
            Field(
                "type",
                "Type",
                Kind.LIST,
                options=options(settings.feedback_types),
                value=case.type,
                required="Choose a feedback type",
            ),
            Field(
                "category",
                "Category",
                Kind.LIST,
                options=(Option(NO_CATEGORY, "No category"), *categories),
                value=case.category or NO_CATEGORY,
                required="Choose a category",
                follows="type",
            ),
            Field("team", "Team", Kind.LIST, options=teams, value=case.team, required="Choose a team"),
            Field(
                "exclusion",
                "Outside the complaints process",
                Kind.LIST,
                options=exclusions,
                value=case.exclusion or NO_EXCLUSION,
                required="Choose an exclusion",
            ),
            Field("at_risk", "Somebody may be at risk today", Kind.TICK, value="yes" if case.at_risk else ""),
        ),
        ("Dates follow what it is. The history shows what it was before.",),
    )


def _correct(ground: Ground, _: Sheet, given: Given) -> str:
    case, settings = ground.case, ground.settings
    type_, team = given.text("type"), given.text("team")
    category = given.text("category") if type_ in settings.categories else NO_CATEGORY
    labels = Labels(type_, team, category, given.text("exclusion"), at_risk=given.ticked("at_risk"))
    fits_as_before = procedure_for(settings, type_, team) == procedure_for(settings, case.type, case.team)
    cases.confirm(
        ground.session, ground.case_id, labels, procedure=case.procedure if fits_as_before else None, **ground.by
    )
    return ""


def _team_sheet(ground: Ground) -> Sheet:
    case, teams = ground.case, ground.settings.teams
    fitting = {case.procedure, procedure_for(ground.settings, case.type, case.team)}
    choices = tuple(
        Option(id_, team.name, group=words(team.service))
        for id_, team in ground.settings.teams_on(ground.today).items()
        if id_ != case.team and procedure_for(ground.settings, case.type, id_) in fitting
    )
    now_with = teams[case.team].name if case.team in teams else case.team
    notes = (f"It is with {now_with}. To give it to a team with another procedure, correct what it is instead.",)
    return Sheet(
        (
            Field("team", "Give it to", Kind.LIST, options=choices, required="Choose a team"),
            words_of("reason", "Why does it go there?", "Say why the case goes to another team"),
        ),
        notes,
    )


def _reassign(ground: Ground, _: Sheet, given: Given) -> str:
    cases.reassign(ground.session, ground.case_id, given.text("team"), reason=given.text("reason"), **ground.by)
    return ""


def _assign_sheet(ground: Ground) -> Sheet:
    """Those who may work on the case: its team, and customer relations where it is not sealed."""
    case = ground.case
    members = select(TeamMember.officer_id).where(TeamMember.team == case.team, is_member(ground.today))
    may: ColumnElement[bool] = col(Officer.id).in_(members)
    if not case.sealed:
        may = or_(may, Officer.role == Role.CUSTOMER_RELATIONS)
    query = select(Officer.id, Officer.name).where(col(Officer.active).is_(True), may).order_by(Officer.name)
    people = tuple(Option(str(id_), name) for id_, name in ground.session.exec(query))
    value = str(case.officer_id) if case.officer_id else _NOBODY
    choices = (*people, Option(_NOBODY, "Nobody by name", "It is the team's."))
    return Sheet(
        (
            Field(
                "officer",
                "Who works on it?",
                Kind.ONE,
                options=choices,
                value=value,
                required="Choose who works on it",
            ),
        )
    )


def _assign(ground: Ground, _: Sheet, given: Given) -> str:
    to = None if given.text("officer") == _NOBODY else given.number("officer")
    cases.assign(ground.session, ground.case_id, to, **ground.by)
    return ""


def _procedure_sheet(ground: Ground) -> Sheet:
    case, settings = ground.case, ground.settings
    proposed = procedure_for(settings, case.type, case.team)
    choices = tuple(
        Option(id_, settings.procedures[id_].name, _about_procedure(ground, id_, proposed))
        for id_ in procedures_taking(settings, case.type)
    )
    return Sheet(
        (
            Field(
                "procedure",
                "Which procedure does it follow?",
                Kind.ONE,
                options=choices,
                value=proposed,
                required="Choose a procedure",
            ),
            words_of("reason", "Why does it follow another one?", "Say why it follows another procedure"),
        ),
        (f"It follows “{_name(ground, case.procedure)}” now: {_dates(ground) or 'nothing is due'}.",),
    )


def _about_procedure(ground: Ground, id_: str, proposed: str) -> str:
    said = [
        "Proposed for this type and team." if id_ == proposed else "",
        "The one that it follows now." if id_ == ground.case.procedure else _dates_with(ground, id_),
    ]
    return " ".join(filter(None, said))


def _dates_with(ground: Ground, procedure: str) -> str:
    """The dates that the case would have, found by trying it; nothing of that stays."""
    trial = ground.session.begin_nested()
    try:
        _follow(ground, procedure, "tried out")
        return f"Then: {_dates(ground) or 'nothing is due'}."
    except ImpossibleMove as refused:
        return f"Not possible: {refused}"
    finally:
        trial.rollback()
        ground.session.refresh(ground.case)


def _dates(ground: Ground) -> str:
    due = open_deadlines(ground.session, ground.case)
    return ", ".join(f"{words(deadline.step).lower()} by {in_words(deadline.due_on)}" for deadline in due)


def _follow(ground: Ground, procedure: str, reason: str) -> None:
    cases.change_procedure(ground.session, ground.case_id, procedure, reason=reason, **ground.by)


def _change_procedure(ground: Ground, _: Sheet, given: Given) -> str:
    _follow(ground, given.text("procedure"), given.text("reason"))
    return ""


def _name(ground: Ground, procedure: str) -> str:
    known = ground.settings.procedures
    return known[procedure].name if procedure in known else procedure


def _seal_form(path: str, title: str, note: str, move: Move, change: Callable[..., Any]) -> CaseForm:
    def sheet(_: Ground) -> Sheet:
        return Sheet((words_of("reason", "Why?", "Say why"),), (note,))

    def act(ground: Ground, _: Sheet, given: Given) -> str:
        change(ground.session, ground.case_id, reason=given.text("reason"), **ground.by)
        return ""

    return CaseForm(path, title, title, path, sheet, act, move, Group.LABELS)


FORMS = (
    CaseForm(
        "correction",
        "Correct what it is",
        "Save the correction",
        "corrected",
        _correct_sheet,
        _correct,
        Move.CORRECT,
        Group.LABELS,
        blames={"Choose a feedback type": "type", "Choose a category": "category", "Choose a team": "team"},
    ),
    CaseForm(
        "assignment",
        "Say who works on it",
        "Save",
        "assigned",
        _assign_sheet,
        _assign,
        Move.ASSIGN,
        Group.LABELS,
    ),
    CaseForm(
        "team",
        "Give it to another team",
        "Give it to that team",
        "reassigned",
        _team_sheet,
        _reassign,
        Move.REASSIGN,
        Group.LABELS,
    ),
    CaseForm(
        "procedure",
        "Change the procedure",
        "Change the procedure",
        "procedure-changed",
        _procedure_sheet,
        _change_procedure,
        Move.CORRECT,
        Group.LABELS,
        tries=True,
    ),
    _seal_form(
        "sealing",
        "Seal the case",
        "Its team alone sees it then, whichever team it goes to later. You may lose sight of it yourself.",
        Move.SEAL,
        cases.seal,
    ),
    _seal_form(
        "unsealing", "Unseal the case", "Whoever may see the cases of its team sees it then.", Move.UNSEAL, cases.unseal
    ),
)
