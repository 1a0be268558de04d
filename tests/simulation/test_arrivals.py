"""What comes in: by season, weekday and hour, from the council's own lists."""

from collections import Counter
from datetime import date, timedelta

import pytest

from postroom.casework.labels import check
from postroom.casework.working_days import calendar_of
from postroom.models.settings import Settings
from postroom.simulation.arrivals import Arrival, arrivals
from postroom.simulation.rates import Rates


@pytest.fixture(scope="module")
def found(settings: Settings) -> list[Arrival]:
    return coming(settings, 3000)


def coming(settings: Settings, cases: int, seed: int = 1) -> list[Arrival]:
    start, end = date(2023, 4, 1), date(2026, 4, 1)
    return list(arrivals(settings, Rates(), start=start, end=end, cases=cases, seed=seed))


def test_messages_come_in_order_within_the_years(settings: Settings, found: list[Arrival]) -> None:
    moments = [each.received_at for each in found]
    assert len(found) == 3000
    assert moments == sorted(moments)
    days = [moment.astimezone(settings.council.zone).date() for moment in moments]
    assert (min(days) >= date(2023, 4, 1), max(days) < date(2026, 4, 1)) == (True, True)


def test_another_seed_brings_other_messages(settings: Settings) -> None:
    first, again, other = coming(settings, 50, 1), coming(settings, 50, 1), coming(settings, 50, 2)
    assert first == again
    assert {each.received_at for each in first} != {each.received_at for each in other}


def test_many_come_on_mondays_and_after_the_summer_and_few_at_weekends_and_at_night(
    settings: Settings, found: list[Arrival]
) -> None:
    local = [each.received_at.astimezone(settings.council.zone) for each in found]
    weekdays = Counter(moment.weekday() for moment in local)
    months = Counter(moment.month for moment in local)
    hours = Counter(moment.hour for moment in local)
    assert weekdays[0] > weekdays[4] > 2 * weekdays[5]
    assert months[9] > months[8]
    assert months[9] > months[12]
    assert hours[10] > 10 * hours[3]


def test_a_bank_holiday_is_as_quiet_as_a_sunday(settings: Settings, found: list[Arrival]) -> None:
    days = Counter(each.received_at.astimezone(settings.council.zone).date() for each in found)
    mondays = [date(2023, 4, 3) + timedelta(weeks=n) for n in range(156)]
    off = [day for day in mondays if day in calendar_of(settings).days_off]
    assert len(off) > 10
    assert sum(days[day] for day in off) / len(off) < sum(days[day] for day in mondays) / len(mondays) / 2


def test_what_an_officer_takes_in_comes_while_they_work(settings: Settings, found: list[Arrival]) -> None:
    local = [each.received_at.astimezone(settings.council.zone) for each in found if each.channel == "phone"]
    assert len(local) > 200
    assert all(calendar_of(settings).is_working_day(moment.date()) and 9 <= moment.hour < 17 for moment in local)


def test_a_council_that_never_works_still_hears_of_people(settings: Settings) -> None:
    weekend = arrivals(settings, Rates(), start=date(2025, 9, 6), end=date(2025, 9, 8), cases=20, seed=1)
    assert len(list(weekend)) == 20


def test_every_label_is_one_of_the_councils(settings: Settings, found: list[Arrival]) -> None:
    for each in found:
        check(each.labels, settings)
    types = Counter(each.labels.type for each in found)
    assert set(types) == set(settings.feedback_types)
    assert types["service_request"] > types["compliment"] > types["member_enquiry"]


def test_a_type_that_the_corpus_does_not_know_is_about_what_the_teams_do(settings: Settings) -> None:
    categories = {"petition": ["long", "short"]}
    own = settings.model_copy(update={"feedback_types": ["petition"], "categories": categories})
    first = coming(own, 10)[0]
    assert first.labels.type == "petition"
    assert first.labels.category in categories["petition"]
    assert own.teams[first.labels.team].about in first.body


def test_some_write_more_than_once_and_those_without_an_address_leave_none(found: list[Arrival]) -> None:
    writers = Counter(each.resident.number for each in found)
    assert 0.7 < len(writers) / len(found) < 0.9
    assert writers.most_common(1)[0][1] > 3
    new = [each for each in found if each.same_as is None]
    assert {each.email for each in new if each.channel == "phone"} == {""}
    assert all(each.email for each in new if each.channel == "email")


def test_what_only_repeats_an_earlier_message_is_from_the_same_person(found: list[Arrival]) -> None:
    by_number = {each.number: each for each in found}
    again = [each for each in by_number.values() if each.same_as is not None]
    assert again
    for each in again:
        assert each.same_as is not None
        earlier = by_number[each.same_as]
        assert (each.resident, each.body, each.labels) == (earlier.resident, earlier.body, earlier.labels)
        assert each.received_at >= earlier.received_at
