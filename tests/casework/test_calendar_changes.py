from datetime import date, timedelta

from postroom.casework import cases
from postroom.casework.calendar_changes import recount
from postroom.casework.working_days import Calendar, calendar_of
from postroom.models.case import Deadline
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage
from tests.casework.casebook import CHILDREN, CLOSING, Casebook


def with_holiday(settings: Settings, *days: date) -> Settings:
    council = settings.council.model_copy(update={"closure_days": list(days)})
    return settings.model_copy(update={"council": council})


def test_a_holiday_announced_late_moves_open_deadlines_and_says_so_once(book: Casebook) -> None:
    assert recount(book.engine, book.settings, book.now) == 0
    case_id, done = book.confirmed(CHILDREN), book.answered(CHILDREN)
    changed = with_holiday(book.settings, date(2026, 3, 10))
    assert recount(book.engine, changed, book.now) == 3  # and the window of the answered one
    assert book.due(case_id) == {"acknowledge": date(2026, 3, 12), "respond": date(2026, 3, 19)}
    event = book.last_event(case_id)
    assert (event.kind, event.actor) == ("deadlines moved", "calendar")
    assert event.before["deadlines"]["respond"] == "2026-03-18"
    assert "respond moved from Wed 18 Mar 2026 to Thu 19 Mar 2026" in event.summary
    assert {each.due_on for each in book.rows(Deadline, done)} == {date(2026, 3, 11), date(2026, 3, 18)}
    assert recount(book.engine, changed, book.now) == 0
    assert recount(book.engine, book.settings, book.now) == 3
    assert book.broken() == []


def test_the_days_up_to_which_a_next_stage_can_be_asked_for_move_too_also_of_a_closed_case(book: Casebook) -> None:
    recount(book.engine, book.settings, book.now)
    case_id = book.answered()
    book.make(cases.close, case_id, CLOSING, reason="answered", actor="officer:1")
    changed = with_holiday(book.settings, date(2026, 3, 10))
    assert recount(book.engine, changed, book.now) == 1
    assert book.row(CaseStage, case_id).window_ends_on == date(2026, 4, 2)
    assert "asked for until Thu 2 Apr 2026, not Wed 1 Apr 2026" in book.last_event(case_id).summary
    long_after = book.now + timedelta(days=60)
    assert recount(book.engine, book.settings, long_after) == 0
    assert book.row(CaseStage, case_id).window_ends_on == date(2026, 4, 2)


def test_a_closed_case_moves_no_more(book: Casebook) -> None:
    recount(book.engine, book.settings, book.now)
    case_id = book.confirmed(CHILDREN)
    book.make(cases.withdraw, case_id, reason="they rang")
    assert recount(book.engine, with_holiday(book.settings, date(2026, 3, 10)), book.now) == 0


def test_a_calendar_that_ends_within_a_year_is_a_warning(settings: Settings) -> None:
    short = Calendar(settings.council.zone, {date(2026, 12, 28): "Boxing Day"})
    assert "no day off after Mon 28 Dec 2026" in short.horizon_warning(date(2026, 3, 4))
    assert short.horizon_warning(date(2025, 12, 1)) == ""
    assert calendar_of(settings).horizon_warning(date(2026, 3, 4)) == ""


def test_calendars_that_count_alike_have_one_digest(settings: Settings) -> None:
    calendar = calendar_of(settings)
    assert calendar.digest == calendar_of(settings).digest
    assert calendar.digest != calendar_of(with_holiday(settings, date(2026, 3, 10))).digest
    renamed = Calendar(calendar.zone, dict.fromkeys(calendar.days_off, "a holiday"))
    assert renamed.digest == calendar.digest
