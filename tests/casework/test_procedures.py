"""The dates of the procedures that ship, worked by hand on a wall calendar, and what holds for every date."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.casework.bank_holidays import bank_holidays
from postroom.casework.procedures import Facts, Wait, procedure_for, procedures_taking, steps_due, window_ends
from postroom.casework.working_days import Calendar, calendar_of
from postroom.models.failures import ImpossibleMove
from postroom.models.settings import Settings, load_settings
from tests.casework.casebook import at, day
from tests.conftest import CONFIG

ENGLAND = Calendar(ZoneInfo("Europe/London"), bank_holidays("england-and-wales"))


@pytest.mark.parametrize(
    ("procedure", "stage", "clocks", "due"),
    [
        (  # over Christmas, with Boxing Day's substitute, not acknowledged yet
            "corporate",
            0,
            {"received": "Monday 14 December 2026"},
            {"acknowledge": "Monday 21 December 2026", "respond": "Thursday 7 January 2027"},
        ),
        (
            "corporate",
            0,
            {"received": "Monday 14 December 2026", "acknowledged": "Tuesday 15 December 2026"},
            {"acknowledge": "Monday 21 December 2026", "respond": "Thursday 31 December 2026"},
        ),
        (  # over the early May bank holiday and the Coronation
            "corporate",
            0,
            {"received": "Friday 28 April 2023", "acknowledged": "Friday 28 April 2023"},
            {"acknowledge": "Tuesday 9 May 2023", "respond": "Tuesday 16 May 2023"},
        ),
        (  # over the State Funeral
            "adult-social-care",
            0,
            {"received": "Thursday 8 September 2022"},
            {"acknowledge": "Tuesday 13 September 2022", "respond": "Friday 7 October 2022"},
        ),
        (  # over Easter
            "statutory-children",
            1,
            {"requested": "Thursday 19 March 2026"},
            {"acknowledge": "Thursday 26 March 2026", "adjudicate": "Monday 27 April 2026"},
        ),
        (  # over the night when clocks go back; each step from the last day of the one before
            "statutory-children",
            2,
            {"requested": "Friday 11 September 2026"},
            {
                "acknowledge": "Friday 18 September 2026",
                "panel_meets": "Friday 23 October 2026",
                "panel_reports": "Friday 30 October 2026",
                "respond": "Friday 20 November 2026",
            },
        ),
        (
            "statutory-children",
            2,
            {"requested": "Friday 11 September 2026", "panel_met": "Friday 16 October 2026"},
            {
                "acknowledge": "Friday 18 September 2026",
                "panel_meets": "Friday 23 October 2026",
                "panel_reports": "Friday 23 October 2026",
                "respond": "Friday 13 November 2026",
            },
        ),
        (
            "member-enquiry",
            0,
            {"received": "Friday 17 December 2027"},
            {"acknowledge": "Friday 24 December 2027", "respond": "Wednesday 5 January 2028"},
        ),
        ("compliment", 0, {"received": "Thursday 2 April 2026"}, {"acknowledge": "Monday 13 April 2026"}),
    ],
)
def test_dates_are_those_worked_by_hand(
    settings: Settings, procedure: str, stage: int, clocks: dict[str, str], due: dict[str, str]
) -> None:
    facts = Facts({clock: at(moment) for clock, moment in clocks.items()})
    found = steps_due(settings.procedures[procedure].stages[stage], facts, calendar_of(settings))
    assert {each.step: each.due_on for each in found} == {step: day(words) for step, words in due.items()}


def test_an_investigation_is_extended_up_to_its_cap_over_two_bank_holidays(settings: Settings) -> None:
    stage = settings.procedures["statutory-children"].stages[1]
    facts = Facts({"requested": at("Thursday 19 March 2026")}, extended={"adjudicate": 40})
    adjudicate = steps_due(stage, facts, calendar_of(settings))[1]
    assert (adjudicate.due_on, adjudicate.original_due_on) == (
        day("Wednesday 24 June 2026"),
        day("Monday 27 April 2026"),
    )


def test_days_on_which_consent_was_wanted_are_not_counted_and_the_working_says_so(settings: Settings) -> None:
    wait = Wait(at("Wednesday 4 March 2026"), at("Friday 13 March 2026"))
    received = at("Monday 2 March 2026")
    facts = Facts({"received": received, "acknowledged": received}, waits=(wait,), consent="pauses")
    respond = steps_due(settings.procedures["corporate"].stages[0], facts, calendar_of(settings))[1]
    assert respond.due_on == day("Wednesday 25 March 2026")
    assert "7 working days of waiting for consent not counted" in respond.working


def test_the_next_stage_can_be_asked_for_over_easter_and_may_day(settings: Settings) -> None:
    stage = settings.procedures["corporate"].stages[0]
    ends = window_ends(stage, {"responded": at("Thursday 2 April 2026")}, calendar_of(settings))
    assert ends is not None
    assert ends.due_on == day("Tuesday 5 May 2026")


@pytest.mark.parametrize(
    ("type_", "team", "procedure"),
    [
        ("complaint", "childrens-rugby", "statutory-children"),
        ("complaint", "adult-social-care", "adult-social-care"),
        ("complaint", "blue-badge", "corporate"),
        ("complaint", "highways", "corporate"),
        ("member_enquiry", "highways", "member-enquiry"),
        ("enquiry", "libraries", "request"),
        ("compliment", "childrens-rugby", "compliment"),
    ],
)
def test_the_procedure_is_proposed_from_type_and_team(
    settings: Settings, type_: str, team: str, procedure: str
) -> None:
    assert procedure_for(settings, type_, team) == procedure
    assert procedure in procedures_taking(settings, type_)


def test_a_type_that_no_procedure_takes_is_refused(settings: Settings) -> None:
    with pytest.raises(ImpossibleMove, match="No procedure takes the type grumble"):
        procedure_for(settings, "grumble", "highways")


STAGES = [stage for procedure in load_settings(CONFIG).procedures.values() for stage in procedure.stages]
stages = st.sampled_from(STAGES)
moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)
spans = st.timedeltas(timedelta(), timedelta(days=40))


def due(stage: object, facts: Facts, calendar: Calendar = ENGLAND) -> list[date]:
    return [each.due_on for each in steps_due(stage, facts, calendar)]  # type: ignore[arg-type]  # drawn from STAGES


def begun(moment: datetime, **more: datetime) -> dict[str, datetime]:
    return {"received": moment, "requested": moment, **more}


@given(stages, moments, spans)
def test_no_step_of_any_stage_is_due_earlier_where_it_began_later(
    stage: object, start: datetime, later: timedelta
) -> None:
    pairs = zip(due(stage, Facts(begun(start))), due(stage, Facts(begun(start + later))), strict=True)
    assert all(first <= second for first, second in pairs)


@given(stages, moments, st.integers(0, 60))
def test_no_step_of_any_stage_is_brought_forward_by_a_holiday(stage: object, start: datetime, after: int) -> None:
    holiday = start.date() + timedelta(days=after)
    more = Calendar(ENGLAND.zone, {**ENGLAND.days_off, holiday: "a royal wedding"})
    facts = Facts(begun(start))
    assert all(a <= b for a, b in zip(due(stage, facts), due(stage, facts, more), strict=True))


@given(stages, moments, spans, spans)
def test_the_earlier_the_acknowledgement_the_earlier_the_answer(
    stage: object, start: datetime, first: timedelta, second: timedelta
) -> None:
    early, late = sorted((first, second))
    pairs = zip(
        due(stage, Facts(begun(start, acknowledged=start + early))),
        due(stage, Facts(begun(start, acknowledged=start + late))),
        strict=True,
    )
    assert all(a <= b for a, b in pairs)


@given(stages, moments, spans, spans, st.sampled_from(["runs", "pauses", "starts"]))
def test_waiting_for_consent_brings_nothing_forward(
    stage: object, start: datetime, until: timedelta, waited: timedelta, consent: str
) -> None:
    wait = Wait(start + until, start + until + waited)
    facts = Facts(begun(start, acknowledged=start))
    waits = Facts(facts.clocks, waits=(wait,), consent=consent)
    assert all(a <= b for a, b in zip(due(stage, facts), due(stage, waits), strict=True))


@given(stages, moments, st.integers(0, 200))
def test_an_extension_never_leads_beyond_its_cap(stage: object, start: datetime, days: int) -> None:
    extended = dict.fromkeys(stage.steps, days)  # type: ignore[attr-defined]  # drawn from STAGES
    for each in steps_due(stage, Facts(begun(start), extended=extended), ENGLAND):  # type: ignore[arg-type]
        step = stage.steps[each.step]  # type: ignore[attr-defined]
        cap = step.extension.cap if step.extension else step.limit
        assert each.limit_days + each.extended_days == min(step.limit + days, cap)
        assert each.due_on >= each.original_due_on
        assert each.working
