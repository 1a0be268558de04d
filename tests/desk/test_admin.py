"""The administrators' pages, and what auditors read of them."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from postroom.desk.app import create_app
from postroom.desk.queries.administration import configuration
from postroom.intake.parse import parse
from postroom.models.database import open_session
from postroom.models.mailbox import MailboxCursor
from postroom.models.officer import Officer, TeamMember
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Database, Mailbox, Settings
from postroom.models.trained_model import ModelState, TrainedModel
from tests.desk.conftest import Clock, Enter, Visitor, officer_id

PAGES = [
    "/admin",
    "/admin/officers",
    "/admin/officers/new",
    "/admin/officers/2",
    "/admin/officers/2/details",
    "/admin/officers/2/teams",
    "/admin/rights",
    "/admin/teams",
    "/admin/mailboxes",
    "/admin/letters",
    "/admin/letters/response",
    "/admin/models",
    "/admin/calendar",
    "/admin/configuration",
    "/record",
    "/record/sealed",
]


def mail_to(engine: Engine, address: str) -> str:
    """The text of the one mail that is in the outbox for `address`."""
    with open_session(engine) as session:
        return parse(session.exec(select(OutgoingMail.content).where(OutgoingMail.recipient == address)).one()).text


def officer(engine: Engine, name: str) -> Officer:
    with open_session(engine) as session:
        return session.get_one(Officer, officer_id(name))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens(path: str, dora: Visitor) -> None:
    assert dora.page(path).h1


def test_a_new_officer_is_invited_and_chooses_a_password(dora: Visitor, anybody: Visitor, sqlite: Engine) -> None:
    page = dora.post(
        "/admin/officers/new", name="Erin Marsh", email="erin@ardenshire.example", role="investigator", team="libraries"
    )
    assert page.h1 == "Erin Marsh"
    assert "Invited" in page.text

    link = next(word for word in mail_to(sqlite, "erin@ardenshire.example").split() if "/new-password?" in word)
    form = anybody.page("/new-password?" + link.partition("?")[2])
    fields = {"csrf_token": form.value("csrf_token"), "token": form.value("token")}
    chosen = {"new_password": "a lamp in the window", "again": "a lamp in the window"}
    assert anybody.client.post("/new-password", data={**fields, **chosen}).status_code == 200
    assert anybody.sign_in("erin", "a lamp in the window").h1 == "Awaiting confirmation"
    assert "Active" in dora.page(str(page.url.path)).text


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"email": "alice@ardenshire.example"}, "already"),
        ({"email": "erin"}, "Give an email address"),
        ({"name": ""}, "Enter their name"),
        ({"role": "emperor"}, "Choose one of the answers"),
    ],
)
def test_what_is_wrong_with_a_new_officer_stands_above_the_form(
    change: dict[str, str], problem: str, dora: Visitor
) -> None:
    given = {"name": "Erin", "email": "erin@ardenshire.example", "role": "officer", "team": "", **change}
    page = dora.post("/admin/officers/new", 422, **given)
    assert problem in page.text
    assert page.value("email") == given["email"]


def test_another_role_ends_the_sessions_under_the_old_one(dora: Visitor, bob: Visitor, sqlite: Engine) -> None:
    details = {"name": "Bob", "email": "bob@ardenshire.example", "role": "auditor"}
    page = dora.post("/admin/officers/2/details", 200, **details)

    assert "role officer became auditor" in page.text
    assert bob.page("/").h1 == "Sign in"
    assert officer(sqlite, "bob").role == "auditor"


def test_a_team_has_its_days_and_ends(dora: Visitor, sqlite: Engine) -> None:
    days = {"from_on-day": "1", "from_on-month": "4", "from_on-year": "2026"}
    page = dora.post("/admin/officers/2/teams", 200, team="libraries", **days)
    assert "Later" in page.text
    assert "already" in dora.post("/admin/officers/2/teams", 422, team="libraries").text

    with open_session(sqlite) as session:
        members = {
            member.team: member.id
            for member in session.exec(select(TeamMember).where(TeamMember.officer_id == officer_id("bob")))
        }
    dora.post(f"/admin/officers/2/teams/{members['libraries']}/end")
    page = dora.post(f"/admin/officers/2/teams/{members['childrens-nuneaton']}/end")
    assert "Libraries" not in page.text.partition("What was done")[0]
    assert "Tue 3 Mar 2026" in page.text


def test_somebody_who_is_locked_out_is_out_at_once(dora: Visitor, bob: Visitor, anybody: Visitor) -> None:
    assert "Locked" in dora.post("/admin/officers/2/lock").text
    assert bob.page("/").h1 == "Sign in"
    assert anybody.sign_in("bob").status == 422

    dora.post("/admin/officers/2/unlock")
    assert anybody.sign_in("bob").status == 200


def test_the_last_administrator_stays(dora: Visitor) -> None:
    own = f"/admin/officers/{officer_id('dora')}"
    assert "You can't lock yourself out" in dora.post(f"{own}/lock", 422).text
    changed = {"name": "Dora", "email": "dora@ardenshire.example", "role": "officer"}
    assert "You can't give up that role" in dora.post(f"{own}/details", 422, **changed).text


def test_an_administrator_ends_somebodys_sessions(dora: Visitor, enter: Enter) -> None:
    first, second = enter("bob"), enter("bob")
    page = dora.page("/admin/officers/2")
    handle = page.tree.xpath("//main//input[@name='handle']/@value")[0]
    dora.post("/admin/officers/2/sessions", handle=handle)
    assert sorted(each.page("/").h1 for each in (first, second)) == ["Awaiting confirmation", "Sign in"]
    dora.post("/admin/officers/2/sessions", handle="all")
    assert [each.page("/").h1 for each in (first, second)] == ["Sign in", "Sign in"]


def test_the_rights_page_says_what_each_role_may_do(dora: Visitor) -> None:
    rows = dora.page("/admin/rights").tree.xpath("//main//tbody/tr")
    said = {row.xpath("./th")[0].text_content(): [td.text_content() for td in row.xpath("./td")] for row in rows}
    assert said["Look after officers, models and the desk"] == ["No", "No", "No", "No", "Yes", "No"]
    assert said["Work on the cases that they may see"] == ["Yes", "Yes", "Yes", "Yes", "No", "No"]


def test_mailboxes_show_how_far_each_was_read(sqlite: Engine, settings: Settings, clock: Clock) -> None:
    box = Mailbox.model_validate(
        {"name": "feedback", "host": "imap.example", "user": "feedback", "password": {"env": "POSTROOM_SECRET"}}
    )
    own = settings.model_copy(update={"intake": settings.intake.model_copy(update={"mailboxes": [box]})})
    with open_session(sqlite) as session:
        session.add(MailboxCursor(mailbox="feedback", folder="INBOX", read_at=clock.now, on_server=7, missing=2))
        session.commit()
    visitor = Visitor(TestClient(create_app(sqlite, own, clock=clock)))
    visitor.sign_in("dora")

    assert "today at 10:00 7 2 Fine" in visitor.page("/admin/mailboxes").text
    clock.forward(minutes=16)
    assert "Not read lately" in visitor.page("/admin/mailboxes").text


def test_every_letter_can_be_looked_at(dora: Visitor) -> None:
    names = dora.page("/admin/letters").links("/admin/letters/")
    assert "/admin/letters/acknowledge-complaint" in names
    for path in names:
        assert "How it reads" in dora.page(path).text, path
    dora.page("/admin/letters/..%2Fconfig", 404)
    dora.page("/admin/letters/no-such-letter", 404)


def test_an_earlier_model_suggests_again(
    sqlite: Engine, settings: Settings, clock: Clock, now: datetime, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / "older"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    own = settings.model_copy(update={"triage": settings.triage.model_copy(update={"models": tmp_path / "models"})})
    with open_session(sqlite) as session:
        for version, state in (("newer", ModelState.CHAMPION), ("older", ModelState.RETIRED), ("gone", "retired")):
            session.add(TrainedModel(version=version, state=state, since=now, trained_at=now, data=""))
        session.commit()
    visitor = Visitor(TestClient(create_app(sqlite, own, clock=clock), raise_server_exceptions=False))
    visitor.sign_in("dora")

    offered = visitor.page("/admin/models").tree.xpath("//main//form/@action")
    assert offered == ["/admin/models/older/rollback"]
    assert "That model suggests from now on." in visitor.post("/admin/models/older/rollback").text
    visitor.post("/admin/models/gone/rollback", 422)
    with open_session(sqlite) as session:
        states = dict(session.exec(select(TrainedModel.version, TrainedModel.state)).all())
    assert states == {"newer": "refused", "older": "champion", "gone": "retired"}


def test_the_calendar_names_holidays_and_closures(dora: Visitor) -> None:
    text = dora.page("/admin/calendar").text
    assert "Good Friday" in text
    assert "2027" in text


def test_the_configuration_shows_no_secret(settings: Settings, dora: Visitor) -> None:
    own = settings.model_copy(update={"database": Database(url="postgresql://desk:hush@db/postroom")})
    shown = dict(row for part in configuration(own).values() for row in part)

    assert shown["database.url"] == "postgresql://desk:***@db/postroom"
    assert shown["signing_key"] == "secret, from the variable POSTROOM_SECRET"
    assert "a secret that only the tests know" not in dora.page("/admin/configuration").source


def test_the_words_of_a_mail_with_a_link_are_for_its_recipient_alone(dora: Visitor, sqlite: Engine) -> None:
    dora.post("/admin/officers/2/password-link")
    with open_session(sqlite) as session:
        mail_id = session.exec(select(OutgoingMail.id).where(OutgoingMail.recipient == "bob@ardenshire.example")).one()

    page = dora.page(f"/outbox/{mail_id}")
    assert "for its recipient alone" in page.text
    assert "token=" not in page.source


def test_what_administrators_do_stands_in_the_record(dora: Visitor, enter: Enter) -> None:
    dora.post("/admin/officers/2/lock")
    assert "Bob was locked out Dora today at 10:00" in enter("otto").page("/record").text


def test_a_letter_is_shown_as_it_will_be_read(dora: Visitor) -> None:
    headings = dora.page("/admin/letters/response").tree.xpath("//*[@class='preview__heading']/text()")
    assert "Our decision" in headings


def test_the_shipped_model_says_what_was_measured_when_it_was_trained(
    sqlite: Engine, settings: Settings, tmp_path: Path, clock: Clock
) -> None:
    figures = {
        "examples": 9,
        "type": {"accuracy": 0.92},
        "category:complaint": {"accuracy": 0.79},
        "at_risk": {"recall": 0.98, "precision": 0.47},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"figures": figures}))
    triage = settings.triage.model_copy(update={"model": tmp_path})

    visitor = Visitor(TestClient(create_app(sqlite, settings.model_copy(update={"triage": triage}), clock=clock)))
    visitor.sign_in("dora")
    words = visitor.page("/admin/models").text
    assert "Type, named right 92%" in words
    assert "Category of a complaint, named right 79%" in words
    assert "At risk, found 98% At risk, rightly marked 47%" in words
