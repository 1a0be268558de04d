"""Forms about when things were: when it happened, and dates that were recorded wrongly."""

from datetime import UTC, datetime

from postroom.casework import cases
from postroom.casework.dates import KnownDate, dates_of
from postroom.casework.moves import Move
from postroom.casework.working_days import in_words
from postroom.desk.forms.fields import Field, Given, Kind, Option
from postroom.desk.forms.form import CaseForm, Ground, Group, Sheet, words_of
from postroom.desk.wording import words


def _incident_sheet(ground: Ground) -> Sheet:
    value = ground.case.incident_on.isoformat() if ground.case.incident_on else ""
    within = ground.settings.casework.made_within_months
    return Sheet(
        (
            Field("on", "When did it happen?", Kind.DAY, value=value, required="Enter the day"),
            Field(
                "reason",
                "Why is it taken up, if it is late?",
                Kind.WORDS,
                hint=f"Needed where it happened more than {within} months before we received it.",
            ),
        )
    )


def _note_incident(ground: Ground, _: Sheet, given: Given) -> str:
    cases.note_incident(ground.session, ground.case_id, given.day("on"), late_reason=given.text("reason"), **ground.by)
    return ""


def _date_sheet(ground: Ground) -> Sheet:
    known = _known(ground)
    return Sheet(
        (
            Field(
                "which",
                "Which date is wrong?",
                Kind.ONE,
                options=tuple(_option(ground, value, date) for value, date in known.items()),
                required="Choose a date",
            ),
            Field("on", "The right date", Kind.DAY, required="Enter the right date"),
            words_of("reason", "Why is it corrected?", "Say why the date is corrected"),
        ),
        ("Deadlines that count from it move. The history keeps the old date and the reason.",),
    )


def _known(ground: Ground) -> dict[str, KnownDate]:
    """The dates that can be corrected, by the value of their option."""
    return {f"{date.which}-{date.stage_number}": date for date in dates_of(ground.session, ground.case)}


def _option(ground: Ground, value: str, date: KnownDate) -> Option:
    stage = f", stage {date.stage_number}" if date.stage_number and ground.case.stage_number > 1 else ""
    return Option(value, words(date.which) + stage, f"Now {in_words(ground.calendar.local_day(date.moment))}")


def _correct_date(ground: Ground, _: Sheet, given: Given) -> str:
    """The day is corrected, the time of day stays."""
    date = _known(ground)[given.text("which")]
    local = date.moment.astimezone(ground.calendar.zone)
    moment = datetime.combine(given.day("on"), local.time(), tzinfo=ground.calendar.zone).astimezone(UTC)
    if given.day("on") == ground.today:
        moment = min(moment, ground.now)
    cases.correct_date(
        ground.session,
        ground.case_id,
        date.which,
        moment,
        stage_number=date.stage_number,
        reason=given.text("reason"),
        role=ground.visitor.role,
        **ground.by,
    )
    return ""


FORMS = (
    CaseForm(
        "incident",
        "Record when it happened",
        "Record it",
        "incident-noted",
        _incident_sheet,
        _note_incident,
        Move.NOTE_INCIDENT,
        Group.LABELS,
        blames={"It happened more than": "reason"},
    ),
    CaseForm(
        "date",
        "Correct a date",
        "Correct the date",
        "date-corrected",
        _date_sheet,
        _correct_date,
        Move.CORRECT_DATE,
        Group.LABELS,
        blames={"A date": "on", "It can't": "on", "Nothing": "on"},
    ),
)
