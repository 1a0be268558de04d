"""Forms that end a case, or open it again."""

from postroom.casework import cases
from postroom.casework.moves import Move
from postroom.casework.reading import stages_of
from postroom.desk.forms.fields import Field, Given, Kind, Option
from postroom.desk.forms.findings import Before, cause_fields, found, remedy_field, stage_findings
from postroom.desk.forms.form import NO_ANSWERS, CaseForm, Ground, Group, Sheet, options, words_of
from postroom.desk.wording import words
from postroom.models.closing_settings import Question
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import FindingKind

_EQUALITY = "equality-"


def _close_sheet(ground: Ground) -> Sheet:
    """The configuration's questions. What an earlier stage found need not be answered again."""
    asked = cases.questions(ground.settings, ground.case.type)
    here, earlier = stage_findings(ground), stage_findings(ground, earlier=True)
    hint = "Its open deadlines are then no longer due."
    fields = [
        *_finding_fields(ground, asked, here, earlier),
        *(_lesson_fields() if "lesson" in asked else ()),
        *(_equality_fields(ground) if "equalities" in asked else ()),
        words_of("reason", "Why is it closed?", "Say why the case is closed", hint),
    ]
    kinds = (FindingKind.CAUSE, FindingKind.REMEDY)
    known = [f"{kind} {words(code).lower()}" for kind in kinds for code in earlier.get(kind, [])]
    return Sheet(tuple(fields), (f"Found at an earlier stage: {', '.join(known)}.",) if known else ())


def _finding_fields(ground: Ground, asked: list[Question], here: Before, earlier: Before) -> list[Field]:
    fields: list[Field] = []
    if "outcome" in asked:
        outcomes = options(ground.settings.closing.outcomes.get(ground.case.type, []), none=True)
        known = [stage.outcome for stage in stages_of(ground.session, ground.case) if stage.outcome]
        value = known[-1] if known else ""
        fields.append(
            Field("outcome", "Outcome", Kind.LIST, options=outcomes, value=value, required="Choose an outcome")
        )
    if "cause" in asked:
        fields += cause_fields(ground, here, "" if earlier.get(FindingKind.CAUSE) else "Choose the primary cause")
    if "remedy" in asked:
        required = "" if earlier.get(FindingKind.REMEDY) else "Choose a remedy, or that there is none"
        fields.append(remedy_field(ground, here, required))
    return fields


def _lesson_fields() -> list[Field]:
    nothing = (Option("", "What was learnt is written above"), *NO_ANSWERS)
    return [
        Field("lesson", "What was learnt?", Kind.WORDS),
        Field("no_lesson", "If nothing is written", Kind.LIST, options=nothing),
    ]


def _equality_fields(ground: Ground) -> list[Field]:
    return [
        Field(
            f"{_EQUALITY}{question}",
            f"The person's {words(question).lower()}",
            Kind.LIST,
            options=options(answers, none=True),
            required=f"Answer {words(question).lower()}; it may be that they declined",
        )
        for question, answers in ground.settings.closing.equalities.items()
    ]


def _close(ground: Ground, sheet: Sheet, given: Given) -> str:
    equalities = {question: given.text(f"{_EQUALITY}{question}") for question in ground.settings.closing.equalities}
    if given.text("lesson") and given.text("no_lesson"):
        raise ImpossibleMove("What was learnt is written, so don't choose that there is nothing.")
    lesson = given.text("lesson") or given.text("no_lesson")
    answers = cases.ClosingAnswers(found(sheet, given), lesson=lesson, equalities=equalities)
    cases.close(
        ground.session,
        ground.case_id,
        answers,
        reason=given.text("reason"),
        actor=cases.officer(ground.visitor.officer_id),
        settings=ground.settings,
        now=ground.now,
    )
    return ""


def _withdraw_sheet(_: Ground) -> Sheet:
    how = (
        Option("withdrawn", "The person took it back"),
        Option("deemed", "They are deemed to have, as they did not answer"),
    )
    return Sheet(
        (
            Field("how", "How was it withdrawn?", Kind.ONE, options=how, required="Say how it was withdrawn"),
            words_of("reason", "How is that known?", "Say how that is known"),
        ),
        ("The case is closed, and what closing asks for is not applicable.",),
    )


def _withdraw(ground: Ground, _: Sheet, given: Given) -> str:
    deemed = given.text("how") == "deemed"
    cases.withdraw(ground.session, ground.case_id, reason=given.text("reason"), deemed=deemed, **ground.by)
    return ""


def _reopen_sheet(_: Ground) -> Sheet:
    hint = "What was not done is due by its old date."
    return Sheet((words_of("reason", "Why is it reopened?", "Say why the case is reopened", hint),))


def _reopen(ground: Ground, _: Sheet, given: Given) -> str:
    cases.reopen(ground.session, ground.case_id, reason=given.text("reason"), **ground.by)
    return ""


FORMS = (
    CaseForm(
        "closure",
        "Close the case",
        "Close the case",
        "closed",
        _close_sheet,
        _close,
        Move.CLOSE,
        Group.END,
        warning=True,
        blames={
            "What was learnt": "no_lesson",
            "Answer, before the case is closed: what was learnt": "lesson",
            "Choose either a cause": "causes",
            "Choose either a remedy": "remedies",
        },
    ),
    CaseForm(
        "withdrawal",
        "It was withdrawn",
        "Close it as withdrawn",
        "withdrawn",
        _withdraw_sheet,
        _withdraw,
        Move.WITHDRAW,
        Group.END,
        warning=True,
    ),
    CaseForm(
        "reopening", "Reopen the case", "Reopen the case", "reopened", _reopen_sheet, _reopen, Move.REOPEN, Group.END
    ),
)
