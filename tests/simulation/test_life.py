"""Cases live on alone, without letters: at rates at which one thing always happens."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import col, func, select

from postroom.casework.labels import Labels
from postroom.models.case import Case, CaseStatus, Event, EventWords
from postroom.models.database import open_session
from postroom.models.outcome import LearningAction, OmbudsmanReferral
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.models.stage import Extension
from postroom.simulation.arrivals import Arrival, Resident
from postroom.simulation.life import Life
from postroom.simulation.office import Office, appoint
from postroom.simulation.rates import Rates
from postroom.simulation.receiving import receive

MONDAY = datetime(2025, 9, 1, 9, 0, tzinfo=UTC)
COMPLAINT = Labels("complaint", "highways", "service_standards")
CHILDREN = Labels("complaint", "childrens-rugby", "communication")
QUIET: dict[str, Any] = dict.fromkeys(
    (
        "first_label_wrong reassigned several_points made_late restricted on_paper consent_wanted withdrawn asks_again "
        "extended own_letter last_letter next_stage next_stage_late next_stage_refused reopened action "
        "compensation ombudsman ombudsman_after_last_stage"
    ).split(),
    0.0,
)

Lived = Callable[..., list[str]]


@pytest.fixture
def lived(sqlite: Engine, settings: Settings) -> Lived:
    """A function that lets cases with these labels live for some years, and gives the kinds of the first's events."""

    def live(
        labels: Labels, cases: int = 1, same_as: int | None = None, answerable: bool = True, **rates: Any
    ) -> list[str]:
        person = Resident(1, "Pat", "pat@home.example")
        some = [
            Arrival(n, MONDAY, "email", person, answerable, "Potholes", "Again.", labels, same_as if n > 1 else None)
            for n in range(1, cases + 1)
        ]
        with open_session(sqlite) as session:
            office = Office(settings, Rates(**{**QUIET, **rates}), appoint(session, settings, MONDAY), MONDAY)
            office.session = session
            case_ids = receive(session, some, settings, office.rates, 1, MONDAY)
            known = dict(zip(range(1, cases + 1), case_ids, strict=True))
            for number, each in enumerate(some, start=1):
                office.begin(Life(office, each, known[number], known, Random(number)).course())  # noqa: S311
            office.run_until(MONDAY + timedelta(days=1500))
            session.commit()
            query = select(Event.kind).where(Event.case_id == case_ids[0]).order_by(col(Event.number))
            return list(session.exec(query))

    return live


def test_a_plain_complaint_is_confirmed_acknowledged_answered_and_closed(lived: Lived, sqlite: Engine) -> None:
    kinds = [kind for kind in lived(COMPLAINT) if kind != "incident noted"]
    assert kinds == ["opened", "confirmed", "acknowledged", "responded", "letter written", "closed"]
    with open_session(sqlite) as session:
        assert session.exec(select(Case.status)).one() == CaseStatus.CLOSED


def test_who_left_no_address_is_answered_by_telephone(lived: Lived, sqlite: Engine) -> None:
    kinds = lived(COMPLAINT, answerable=False, extended=1.0, own_letter=1.0)
    assert "letter written" not in kinds
    with open_session(sqlite) as session:
        words = set(session.exec(select(EventWords.words)))
        assert session.exec(select(Extension.told)).one() == "by telephone"
    assert "by telephone" in words


@pytest.mark.parametrize(
    ("rates", "purposes"),
    [
        ({"extended": 1.0}, ["extension", "response"]),
        ({"withdrawn": 1.0}, ["withdrawal"]),
        ({"consent_wanted": 1.0, "consent_refused": 0.0}, ["consent", "response"]),
        ({"next_stage": 1.0, "next_stage_refused": 1.0}, ["response", "refusal"]),
        ({"last_letter": 1.0}, ["response", "closing"]),
    ],
)
def test_officers_write_about_what_they_decide(
    lived: Lived, sqlite: Engine, rates: dict[str, float], purposes: list[str]
) -> None:
    lived(COMPLAINT, own_letter=1.0, **rates)
    with open_session(sqlite) as session:
        written = select(OutgoingMail.purpose).where(col(OutgoingMail.officer_id).is_not(None))
        assert list(session.exec(written.order_by(col(OutgoingMail.id)))) == purposes


@pytest.mark.parametrize(
    ("rate", "kind"),
    [
        ("first_label_wrong", "corrected"),
        ("reassigned", "reassigned"),
        ("several_points", "element answered"),
        ("asks_again", "message added"),
        ("asks_again", "messages read"),
        ("extended", "extended"),
        ("withdrawn", "withdrawn"),
        ("consent_wanted", "consent wanted"),
        ("next_stage", "stage begun"),
        ("reopened", "reopened"),
        ("compensation", "payment entered"),
        ("ombudsman", "Ombudsman decided"),
    ],
)
def test_what_always_happens_does(lived: Lived, rate: str, kind: str) -> None:
    certain = {"outcomes": {"upheld": 1.0}, rate: 1.0}
    assert kind in lived(COMPLAINT, **certain)


def test_a_childrens_complaint_goes_to_its_panel_and_on_to_the_ombudsman(lived: Lived, sqlite: Engine) -> None:
    kinds = lived(CHILDREN, next_stage=1.0, ombudsman_after_last_stage=1.0)
    assert (kinds.count("stage begun"), kinds.count("responded")) == (2, 3)
    assert {"step: panel meets", "step: panel reports", "referred to the Ombudsman"} <= set(kinds)
    with open_session(sqlite) as session:
        assert session.exec(select(OmbudsmanReferral.decided_on)).one() is not None


def test_a_next_stage_that_is_refused_is_not_begun(lived: Lived) -> None:
    kinds = lived(COMPLAINT, next_stage=1.0, next_stage_refused=1.0)
    assert "stage refused" in kinds
    assert "stage begun" not in kinds


def test_an_action_is_done_in_the_end(lived: Lived, sqlite: Engine) -> None:
    lived(COMPLAINT, outcomes={"upheld": 1.0}, action=1.0)
    with open_session(sqlite) as session:
        action = session.exec(select(LearningAction)).one()
    assert action.done_at is not None
    assert action.due_on > date(2025, 9, 1)


def test_what_only_repeats_a_confirmed_case_is_merged_with_it(lived: Lived, sqlite: Engine) -> None:
    lived(COMPLAINT, cases=6, same_as=1, confirmed_after={0: 0.5, 3: 0.5})
    with open_session(sqlite) as session:
        merged = session.exec(select(func.count()).where(col(Case.merged_into_id).is_not(None))).one()
    assert merged >= 1


def test_a_compliment_ends_with_its_acknowledgement(lived: Lived) -> None:
    assert lived(Labels("compliment", "libraries", "customer_care")) == [
        "opened",
        "confirmed",
        "acknowledged",
        "closed",
    ]
