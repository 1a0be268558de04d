from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from postroom.casework.answering import acknowledge, extend
from postroom.models.case import Case
from postroom.models.database import open_engine, open_session
from postroom.models.failures import ConfigurationError
from postroom.models.officer import Role
from postroom.models.outgoing_mail import OutgoingMail, Reminder
from postroom.models.settings import Settings
from postroom.notifications.reminders import remind
from tests.notifications.conftest import CHILDRENS_COMPLAINT, COMPLAINT, Desk, on_sqlite
from tests.notifications.together import both, both_processes

RECEIVED = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
"""Wednesday 4 March 2026. Due: the acknowledgement on Wednesday 11 March, and the response, ten working days after the
last day to acknowledge, on Wednesday 25 March."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The model council, which is reminded of steps alone; `test_ladder.py` is about the rest."""
    ladder = settings.reminders.ladder.model_copy(update={"inaction_after": None, "escalate_after": []})
    return settings.model_copy(update={"reminders": settings.reminders.model_copy(update={"ladder": ladder})})


def morning(day: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, 9, 0, tzinfo=UTC)


def text(mail: OutgoingMail) -> str:
    return str(message_from_bytes(mail.content, policy=default).get_content())


def rungs(engine: Engine) -> list[tuple[str, str, date]]:
    """What was given: step, rung and day."""
    with open_session(engine) as session:
        given = session.exec(select(Reminder).order_by(col(Reminder.id)))
        return [(each.about.split(":")[3], each.rung, each.given_on) for each in given]


def test_a_manager_is_reminded_on_each_rung_and_on_no_other_day(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    written = {day: remind(engine, settings, morning(day)) for day in range(5, 32)}
    assert [day for day, mails in written.items() if mails] == [10, 13, 17, 18, 19, 23, 25, 27, 31]
    assert [(step, rung, day.day) for step, rung, day in rungs(engine)] == [
        ("acknowledge", "due:1", 10),
        ("acknowledge", "overdue:2", 13),
        ("acknowledge", "overdue:4", 17),
        ("respond", "due:5", 18),
        ("acknowledge", "overdue:6", 19),
        ("acknowledge", "overdue:8", 23),
        ("respond", "due:2", 23),
        ("acknowledge", "overdue:10", 25),
        ("respond", "due:0", 25),
        ("acknowledge", "overdue:12", 27),
        ("respond", "overdue:2", 27),
        ("acknowledge", "overdue:14", 31),
        ("respond", "overdue:4", 31),
    ]


@on_sqlite
def test_the_digest_says_what_is_due_and_where_to_look(engine: Engine, settings: Settings, desk: Desk) -> None:
    mona = desk.officer("Mona", teams=("school-transport",))
    case_id = desk.confirmed(RECEIVED, COMPLAINT, text="A secret of mine", new_text="A secret of mine")
    remind(engine, settings, morning(10))
    [mail] = desk.outbox()
    reference = desk.case(case_id).reference
    assert (mail.once, mail.kind, mail.recipient) == (f"digest:{mona}:2026-03-10", "digest", "mona@ardenshire.example")
    for words in (
        "Hello Mona",
        f"{reference}: The bus never came",
        "complaint, Home to School Transport",
        "acknowledge by Wed 11 Mar 2026 (1 working day left)",
        f"{settings.desk.public_url}/cases/{reference}",
    ):
        assert words in text(mail)
    assert "secret" not in text(mail)


@on_sqlite
def test_a_sealed_case_shows_no_subject(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("childrens-rugby",))
    case_id = desk.confirmed(RECEIVED, CHILDRENS_COMPLAINT, subject="My daughter Amy")
    remind(engine, settings, morning(10))
    [mail] = desk.outbox()
    assert desk.case(case_id).reference in text(mail)
    assert "Amy" not in text(mail) + mail.subject


@on_sqlite
def test_all_of_a_managers_cases_come_in_one_mail_the_most_urgent_first(
    engine: Engine, settings: Settings, desk: Desk
) -> None:
    desk.officer("Mona", teams=("school-transport", "childrens-rugby"))
    later = desk.case(desk.confirmed(RECEIVED, COMPLAINT)).reference
    sooner = desk.case(desk.confirmed(RECEIVED - timedelta(days=1), CHILDRENS_COMPLAINT)).reference
    assert remind(engine, settings, morning(10)) == 1
    [mail] = desk.outbox()
    assert text(mail).index(sooner) < text(mail).index(later)


@on_sqlite
def test_a_step_that_was_done_is_reminded_of_no_more(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("school-transport",))
    case_id = desk.confirmed(RECEIVED, COMPLAINT)
    with open_session(engine) as session:
        acknowledge(session, case_id, settings=settings, now=morning(5), actor="delivery", how="letter")
        session.commit()
    assert remind(engine, settings, morning(10)) == 0
    assert remind(engine, settings, morning(12)) == 1  # the response is due on Thursday 19 March
    assert [rung[:2] for rung in rungs(engine)] == [("respond", "due:5")]


@on_sqlite
def test_a_step_that_was_put_off_has_its_rungs_again_before_the_new_date(
    engine: Engine, settings: Settings, desk: Desk
) -> None:
    mona = desk.officer("Mona", teams=("school-transport",))
    case_id = desk.confirmed(RECEIVED, COMPLAINT)
    with open_session(engine) as session:
        acknowledge(session, case_id, settings=settings, now=morning(5), actor="delivery", how="letter")
        session.commit()
    assert remind(engine, settings, morning(19)) == 1  # due today, Thursday 19 March
    with open_session(engine) as session:
        extend(session, case_id, "respond", days=5, reason="ill", officer_id=mona, settings=settings, now=morning(19))
        session.commit()
    assert [day for day in range(20, 31) if remind(engine, settings, morning(day))] == [20, 24, 26, 30]
    assert [rung[1] for rung in rungs(engine)][3:] == ["due:5", "due:2", "due:0", "overdue:2"]


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 10, 0, 0, tzinfo=UTC),
        datetime(2026, 3, 10, 8, 29, tzinfo=UTC),
        datetime(2026, 3, 10, 10, 1, tzinfo=UTC),
        datetime(2026, 3, 14, 9, 0, tzinfo=UTC),  # Saturday
        datetime(2026, 4, 3, 8, 0, tzinfo=UTC),  # Good Friday
    ],
)
@on_sqlite
def test_nothing_is_sent_outside_working_mornings(
    engine: Engine, settings: Settings, desk: Desk, moment: datetime
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    assert remind(engine, settings, moment) == 0


def test_after_a_long_sleep_each_deadline_is_reminded_of_once(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    assert remind(engine, settings, morning(27)) == 1
    assert text(desk.outbox()[0]).count("To do:") == 2
    assert [rung[1] for rung in rungs(engine)] == ["due:1", "overdue:12", "due:5", "due:2", "due:0", "overdue:2"]


@on_sqlite
def test_a_case_confirmed_after_the_days_digest_waits_for_tomorrows(
    engine: Engine, settings: Settings, desk: Desk
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    remind(engine, settings, morning(10))
    late = desk.case(desk.confirmed(RECEIVED, COMPLAINT)).reference
    assert remind(engine, settings, morning(10) + timedelta(minutes=5)) == 0
    assert remind(engine, settings, morning(11)) == 1
    assert late in text(desk.outbox()[1])


def test_each_manager_of_a_team_is_reminded_and_nobody_else(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.officer("Max", teams=("school-transport", "libraries"))
    desk.officer("Gone", teams=("school-transport",), active=False)
    desk.officer("Olive", Role.OFFICER, teams=("school-transport",))
    desk.officer("Libby", teams=("libraries",))
    desk.officer("Ada", Role.ADMINISTRATOR)
    desk.confirmed(RECEIVED, COMPLAINT)
    assert remind(engine, settings, morning(10)) == 2
    assert [mail.recipient[:4] for mail in desk.outbox()] == ["mona", "max@"]


def test_a_team_without_a_manager_falls_to_those_of_customer_relations(
    engine: Engine, settings: Settings, desk: Desk
) -> None:
    desk.officer("Gone", teams=("school-transport",), active=False)
    desk.officer("Cora", teams=("customer-relations",))
    desk.officer("Ada", Role.ADMINISTRATOR)
    desk.confirmed(RECEIVED, COMPLAINT)
    remind(engine, settings, morning(10))
    assert [mail.recipient for mail in desk.outbox()] == ["cora@ardenshire.example"]


@on_sqlite
def test_without_any_manager_the_administrators_are_reminded(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Ada", Role.ADMINISTRATOR)
    desk.confirmed(RECEIVED, COMPLAINT)
    remind(engine, settings, morning(10))
    assert [mail.recipient for mail in desk.outbox()] == ["ada@ardenshire.example"]


@on_sqlite
def test_with_nobody_to_be_reminded_nothing_breaks(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.confirmed(RECEIVED, COMPLAINT)
    assert remind(engine, settings, morning(10)) == 0


@on_sqlite
def test_a_new_manager_is_reminded_of_what_is_due_now(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    remind(engine, settings, morning(10))
    desk.officer("Max", teams=("school-transport",))
    remind(engine, settings, morning(11))
    assert [mail.recipient for mail in desk.outbox()] == ["mona@ardenshire.example", "max@ardenshire.example"]


@on_sqlite
def test_somebody_who_would_not_see_the_case_on_the_desk_is_not_told_its_subject(
    engine: Engine, settings: Settings, desk: Desk
) -> None:
    desk.officer("Cora", teams=("customer-relations",))
    reference = desk.case(desk.confirmed(RECEIVED, COMPLAINT)).reference
    remind(engine, settings, morning(10))
    [mail] = desk.outbox()
    assert reference in text(mail)
    assert "The bus never came" not in text(mail)


def test_a_machine_that_slept_for_a_week_sends_one_digest_and_not_five(
    engine: Engine, settings: Settings, desk: Desk
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    for day in range(5):
        desk.confirmed(RECEIVED - timedelta(days=day), COMPLAINT)
    assert [remind(engine, settings, morning(27)) for _ in range(3)] == [1, 0, 0]
    assert len(desk.outbox()) == 1


def test_two_processes_at_once_write_one_digest_for_each(database_url: str, settings: Settings) -> None:
    engine = open_engine(database_url)
    desk = Desk(engine, settings)
    for name in ("Mona", "Max", "Mia"):
        desk.officer(name, teams=("school-transport",))
    for _ in range(5):
        desk.confirmed(RECEIVED, COMPLAINT)
    engine.dispose()
    written = both_processes(lambda: remind(open_engine(database_url), settings, morning(10)))
    assert (len(written), sum(written)) == (2, 3)
    assert len(desk.outbox()) == 3
    assert len(rungs(engine)) == 15
    engine.dispose()


def test_two_threads_at_once_write_one_digest(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.officer("Max", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    assert sum(both(lambda: remind(engine, settings, morning(10)))) == 2
    assert len(desk.outbox()) == 2
    assert len(rungs(engine)) == 2


def test_a_power_cut_between_two_managers_neither_loses_nor_doubles(
    engine: Engine, settings: Settings, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.officer("Max", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    commit, commits = Session.commit, iter([True, False])

    def cut_at_the_second(session: Session) -> Any:
        if not next(commits):
            raise SystemExit
        return commit(session)

    with monkeypatch.context() as cut:
        cut.setattr(Session, "commit", cut_at_the_second)
        with pytest.raises(SystemExit):
            remind(engine, settings, morning(10))
    assert len(desk.outbox()) == len(rungs(engine)) == 1
    assert remind(engine, settings, morning(10)) == 1
    assert [mail.recipient for mail in desk.outbox()] == ["mona@ardenshire.example", "max@ardenshire.example"]


@on_sqlite
def test_a_broken_digest_gives_no_rung_and_is_written_once_mended(
    engine: Engine, own_letters: Settings, desk: Desk
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    digest = own_letters.path(own_letters.outgoing.letters) / "reminder-digest.txt"
    shipped = digest.read_text()
    digest.write_text("Subject: {{ oops }}\n")
    with pytest.raises(ConfigurationError, match="oops"):
        remind(engine, own_letters, morning(10))
    assert rungs(engine) == []
    digest.write_text(shipped)
    assert remind(engine, own_letters, morning(10)) == 1


@on_sqlite
def test_a_closed_case_is_left_alone(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("school-transport",))
    case_id = desk.confirmed(RECEIVED, COMPLAINT)
    with open_session(engine) as session:
        case = session.get_one(Case, case_id)
        case.status = "closed"
        session.add(case)
        session.commit()
    assert remind(engine, settings, morning(10)) == 0
