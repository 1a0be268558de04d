from datetime import date

from sqlalchemy import true

from postroom.casework import cases
from postroom.models.database import open_session
from postroom.reports.workload import by_officer, by_team, open_work
from tests.casework.casebook import COMPLAINT, ENQUIRY, Casebook


def test_open_cases_are_counted_by_team_and_officer_the_most_late_first(book: Casebook) -> None:
    late = book.confirmed(COMPLAINT)
    book.confirmed(ENQUIRY, received_at=book.now.replace(day=10))
    book.make(cases.assign, late, book.alice)
    book.make(cases.withdraw, book.confirmed(COMPLAINT), reason="by telephone")
    today, until = date(2026, 3, 13), date(2026, 3, 20)
    with open_session(book.engine, read_only=True) as session:
        work = open_work(session, today, until, true())
    teams, officers = by_team(work), by_officer(work)
    assert [(load.name, load.open, load.late, load.soon) for load in teams] == [
        ("highways", 1, 1, 0),
        ("libraries", 1, 0, 1),
    ]
    assert [(load.name, load.late) for load in officers] == [("Alice", 1), ("", 0)]
    assert teams[0].longest_open_since == book.now
