"""Forms that answer a case: acknowledged, put off, its separate points, responded to."""

from sqlmodel import select

from postroom.casework import cases
from postroom.casework.answering import find_element, reword_element
from postroom.casework.moves import Move
from postroom.casework.procedures import stage_named
from postroom.casework.reading import elements_of, longer_by, open_deadlines, stages_of
from postroom.casework.working_days import in_words
from postroom.desk.forms.fields import Field, Given, Kind, Option
from postroom.desk.forms.findings import cause_fields, found, investigation_field, remedy_field, stage_findings
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet, options, words_of
from postroom.desk.wording import count, words
from postroom.models.case import DeadlineState
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import ElementOutcome


def _acknowledge_sheet(_: Ground) -> Sheet:
    hint = "Where our letter did not do it, as by telephone."
    return Sheet((words_of("how", "How was it acknowledged?", "Say how the case was acknowledged", hint),))


def _acknowledge(ground: Ground, _: Sheet, given: Given) -> str:
    actor = cases.officer(ground.visitor.officer_id)
    how = given.text("how")
    cases.acknowledge(ground.session, ground.case_id, settings=ground.settings, now=ground.now, actor=actor, how=how)
    return ""


def response_fields(ground: Ground) -> list[Field]:
    """The questions about what a stage found, as far as they are asked of the case's type."""
    closing, case = ground.settings.closing, ground.case
    asked: list[Field] = []
    outcomes = closing.outcomes.get(case.type, [])
    if outcomes:
        value = stages_of(ground.session, case)[-1].outcome
        asked.append(Field("outcome", "Outcome", Kind.LIST, options=options(outcomes, none=True), value=value))
    if "cause" in closing.asks.get(case.type, []):
        before = stage_findings(ground)
        asked += [*cause_fields(ground, before), remedy_field(ground, before), investigation_field(ground, before)]
    return asked


def _respond_sheet(ground: Ground) -> Sheet:
    hint = "As by telephone or on a visit, and by whom."
    how = words_of("how", "How was the response given?", "Say how the response was given", hint)
    return Sheet((how, *response_fields(ground)))


def _respond(ground: Ground, sheet: Sheet, given: Given) -> str:
    cases.respond(ground.session, ground.case_id, how=given.text("how"), findings=found(sheet, given), **ground.by)
    return ""


def _extend_sheet(ground: Ground) -> Sheet:
    case, settings = ground.case, ground.settings
    stage = stage_named(settings, case.procedure, case.stage)
    choices: list[Option] = []
    longest = 0
    for deadline in open_deadlines(ground.session, case):
        room = longer_by(deadline, stage, case, settings) if deadline.state == DeadlineState.OPEN else 0
        if room:
            latest = in_words(ground.calendar.add(deadline.due_on, room))
            hint = f"Due {in_words(deadline.due_on)}. At most {_days(room)} more, which is {latest}."
            choices.append(Option(deadline.step, words(deadline.step), hint))
            longest = max(longest, room)
    first = choices[0].value if len(choices) == 1 else ""
    return Sheet(
        (
            Field("step", "What is put off?", Kind.ONE, options=tuple(choices), value=first, required="Choose a step"),
            Field(
                "days", "By how many working days?", Kind.NUMBER, value=str(longest), required="Say by how many days"
            ),
            words_of("reason", "Why is more time needed?", "Say why more time is needed", "The person is told."),
            Field(
                "told",
                "How was the person told?",
                hint="Leave it empty and our letter tells them, with the new date and the Ombudsman's details.",
            ),
        )
    )


def _extend(ground: Ground, _: Sheet, given: Given) -> str:
    cases.extend(
        ground.session,
        ground.case_id,
        given.text("step"),
        days=given.number("days"),
        reason=given.text("reason"),
        told=given.text("told"),
        **ground.by,
    )
    return ""


def _point_sheet(_: Ground) -> Sheet:
    return Sheet((words_of("text", "What is the point?", "Say what the point is", "One thing that can be answered."),))


def _add_point(ground: Ground, _: Sheet, given: Given) -> str:
    cases.add_element(ground.session, ground.case_id, given.text("text"), **ground.by)
    return ""


def _reword_sheet(ground: Ground) -> Sheet:
    point = find_element(ground.session, ground.case, ground.item)
    return Sheet(
        (Field("text", f"Point {point.number}", Kind.WORDS, value=point.text, required="Say what the point is"),)
    )


def _reword(ground: Ground, _: Sheet, given: Given) -> str:
    reword_element(ground.session, ground.case_id, ground.item, given.text("text"), **ground.by)
    return ""


def _outcome_sheet(ground: Ground) -> Sheet:
    point = find_element(ground.session, ground.case, ground.item)
    query = select(ElementOutcome).where(
        ElementOutcome.element_id == point.id, ElementOutcome.stage == ground.case.stage
    )
    made = ground.session.exec(query).first()
    outcomes = options(ground.settings.closing.outcomes.get(ground.case.type, []), none=True)
    return Sheet(
        (
            Field(
                "outcome",
                "Outcome of this point",
                Kind.ONE,
                options=outcomes,
                value=made.outcome if made else "",
                required="Choose an outcome",
            ),
            Field(
                "answer",
                "Answer to this point",
                Kind.WORDS,
                hint="For the letter, which answers point by point.",
                value=made.answer if made else "",
            ),
        ),
        (f"Point {point.number}: {point.text}",),
    )


def _answer_point(ground: Ground, _: Sheet, given: Given) -> str:
    cases.answer_element(
        ground.session,
        ground.case_id,
        ground.item,
        outcome=given.text("outcome"),
        answer=given.text("answer"),
        **ground.by,
    )
    return ""


def _split_sheet(ground: Ground) -> Sheet:
    point = find_element(ground.session, ground.case, ground.item)
    if len(elements_of(ground.session, ground.case)) < 2:
        raise ImpossibleMove("A case keeps at least one of its points.")
    notes = (
        f"Point {point.number}: {point.text}",
        "It becomes a case of its own, received on the same day from the same person, and awaits confirmation. Both "
        "cases are linked.",
    )
    return Sheet((), notes)


def _split(ground: Ground, _: Sheet, __: Given) -> str:
    return cases.split_element(ground.session, ground.case_id, ground.item, **ground.by).reference


def _days(number: int) -> str:
    return count(number, "working day", "working days")


FORMS = (
    CaseForm(
        "acknowledgement",
        "Record an acknowledgement",
        "Record the acknowledgement",
        "acknowledged",
        _acknowledge_sheet,
        _acknowledge,
        Move.ACKNOWLEDGE,
        Group.ANSWER,
    ),
    CaseForm(
        "response",
        "Record a response given otherwise",
        "Record the response",
        "responded",
        _respond_sheet,
        _respond,
        Move.RESPOND,
        Group.ANSWER,
        blames={"Choose either a cause": "causes", "Choose either a remedy": "remedies"},
    ),
    CaseForm(
        "extension",
        "Put a step off",
        "Put it off",
        "extended",
        _extend_sheet,
        _extend,
        Move.EXTEND,
        Group.ANSWER,
        blames={"Put it off by": "days", "Say why": "reason"},
    ),
    CaseForm(
        "points/new",
        "Add a point",
        "Add the point",
        "point-added",
        _point_sheet,
        _add_point,
        Move.ADD_ELEMENT,
        Group.ANSWER,
    ),
    CaseForm(
        "points/{item}/words",
        "Change a point",
        "Save the point",
        "point-changed",
        _reword_sheet,
        _reword,
        Move.ADD_ELEMENT,
    ),
    CaseForm(
        "points/{item}/outcome",
        "Answer a point",
        "Save the answer",
        "point-answered",
        _outcome_sheet,
        _answer_point,
        Move.ANSWER_ELEMENT,
    ),
    CaseForm(
        "points/{item}/split",
        "Make a case of a point",
        "Make it a case of its own",
        "split",
        _split_sheet,
        _split,
        Move.SPLIT_ELEMENT,
    ),
)
