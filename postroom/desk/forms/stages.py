"""Forms about stages: consent, the next stage asked for, the steps of an investigation and a panel."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from postroom.casework import cases
from postroom.casework.moves import Move
from postroom.casework.procedures import stage_after
from postroom.casework.reading import consent_wanted, stage_now
from postroom.casework.working_days import in_words
from postroom.desk.forms.fields import Field, Given, Kind, Option
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet, words_of


def _day(ground: Ground, name: str, label: str, hint: str = "") -> Field:
    return Field(name, label, Kind.DAY, hint=hint, value=ground.today.isoformat(), required="Enter the day")


def _want_consent_sheet(ground: Ground) -> Sheet:
    what_waits = {
        "runs": "The dates of this procedure go on meanwhile.",
        "pauses": "The dates of this procedure wait meanwhile, but for the acknowledgement.",
        "starts": "The dates of this procedure count from the day on which it comes, but for the acknowledgement.",
    }[ground.settings.procedures[ground.case.procedure].consent.clock]
    hint = "As: the mother's, who holds parental responsibility."
    return Sheet((words_of("whose", "Whose consent is wanted?", "Say whose consent is wanted", hint),), (what_waits,))


def _want_consent(ground: Ground, _: Sheet, given: Given) -> str:
    cases.want_consent(ground.session, ground.case_id, whose=given.text("whose"), **ground.by)
    return ""


def _end_consent_sheet(ground: Ground) -> Sheet:
    consent = consent_wanted(ground.session, ground.case)
    assert consent is not None
    wanted = in_words(ground.calendar.local_day(consent.wanted_at))
    came = (Option("received", "It was received"), Option("refused", "It was refused, or will not come"))
    return Sheet(
        (
            Field(
                "came", "What came of it?", Kind.ONE, options=came, required="Say whether it was received or refused"
            ),
            _day(ground, "on", "When was that?"),
            words_of(
                "words", "How is that known?", "Say how that is known", "As by a signed form, or a telephone call."
            ),
        ),
        (f"Wanted since {wanted}: {consent.whose}",),
    )


def _end_consent(ground: Ground, _: Sheet, given: Given) -> str:
    consent = consent_wanted(ground.session, ground.case)
    at = ground.moment(given.day("on"), consent.wanted_at if consent else None)
    if given.text("came") == "received":
        cases.receive_consent(ground.session, ground.case_id, evidence=given.text("words"), at=at, **ground.by)
    else:
        cases.refuse_consent(ground.session, ground.case_id, reason=given.text("words"), at=at, **ground.by)
    return ""


def _next_stage_sheet(ground: Ground) -> Sheet:
    following = stage_after(ground.settings, ground.case.procedure, ground.case.stage_number)
    ends = stage_now(ground.session, ground.case).window_ends_on
    name = following.name if following else "The next stage"
    decisions = (
        Option("accept", f"{name} begins", "Its dates count from the day on which it was asked for."),
        Option("refuse", f"{name} is refused", "The person is told why, and how to go to the Ombudsman."),
    )
    window = (
        f"It can be asked for until {in_words(ends)}. A later request needs a reason to be accepted." if ends else ""
    )
    return Sheet(
        (
            Field("decision", "What is decided?", Kind.ONE, options=decisions, required="Say what is decided"),
            _day(ground, "on", "When was it asked for?"),
            Field("reason", "Why?", Kind.WORDS, hint="Needed to refuse it, or to accept a late request."),
        ),
        (window,) if window else (),
    )


def _next_stage(ground: Ground, _: Sheet, given: Given) -> str:
    answered = stage_now(ground.session, ground.case).responded_at
    decide = cases.request_stage if given.text("decision") == "accept" else cases.refuse_stage
    at = ground.moment(given.day("on"), answered)
    decide(ground.session, ground.case_id, requested_at=at, reason=given.text("reason"), **ground.by)
    return ""


def _step_form(path: str, title: str, question: str, move: Move, step: Callable[..., Any]) -> CaseForm:
    """A step of an investigation or a panel, done on a day."""

    def sheet(ground: Ground) -> Sheet:
        return Sheet((_day(ground, "on", question),))

    def act(ground: Ground, _: Sheet, given: Given) -> str:
        stage = stage_now(ground.session, ground.case)
        before: list[datetime] = [moment for moment in (stage.began_at, stage.panel_met_at) if moment]
        step(ground.session, ground.case_id, at=ground.moment(given.day("on"), max(before)), **ground.by)
        return ""

    return CaseForm(path, title, "Record it", "step-done", sheet, act, move, Group.STAGES)


FORMS = (
    CaseForm(
        "consent/wanted",
        "Ask for consent",
        "Record that consent is wanted",
        "consent-wanted",
        _want_consent_sheet,
        _want_consent,
        Move.WANT_CONSENT,
        Group.ANSWER,
    ),
    CaseForm(
        "consent",
        "Record the consent",
        "Record it",
        "consent-ended",
        _end_consent_sheet,
        _end_consent,
        Move.END_CONSENT,
        Group.ANSWER,
        blames={"Consent comes after": "on"},
    ),
    CaseForm(
        "next-stage",
        "The next stage was asked for",
        "Record the decision",
        "stage-decided",
        _next_stage_sheet,
        _next_stage,
        Move.REQUEST_STAGE,
        Group.STAGES,
        blames={"The next stage is asked for": "on", "The time to ask": "reason", "Say why": "reason"},
    ),
    _step_form(
        "statement",
        "The statement of complaint was agreed",
        "When was it agreed with the person?",
        Move.AGREE_STATEMENT,
        cases.agree_statement,
    ),
    _step_form("adjudication", "It was adjudicated", "When was that?", Move.ADJUDICATE, cases.adjudicate),
    _step_form("panel-meeting", "The panel met", "When did it meet?", Move.PANEL_MEETS, cases.panel_met),
    _step_form("panel-report", "The panel reported", "When did it report?", Move.PANEL_REPORTS, cases.panel_reported),
)
