"""The second factor: setting it up, being asked for it, losing it."""

from datetime import datetime

import pyotp
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from postroom.desk.app import create_app
from postroom.models.database import open_session
from postroom.models.officer import DeskSession, Officer
from postroom.models.settings import Settings
from postroom.models.sign_in import RecoveryCode
from tests.desk.conftest import Clock, Enter, Page, Visitor, officer_id


def code_at(secret: str, now: datetime) -> str:
    return pyotp.TOTP(secret.replace(" ", "")).at(now)


def secret_on(page: Page) -> str:
    return str(page.tree.xpath("//code")[0].text_content())


def form_token(page: Page) -> str:
    return page.value("csrf_token")


def set_up(visitor: Visitor, clock: Clock) -> tuple[str, list[str]]:
    """Set up a second factor for somebody who is signed in; its secret and the recovery codes."""
    secret = secret_on(visitor.page("/second-factor"))
    done = visitor.post("/second-factor", code=code_at(secret, clock.now))
    clock.forward(seconds=30)
    return secret, [code.text_content() for code in done.tree.xpath("//main//li/code")]


def enter_code(visitor: Visitor, form: Page, code: str) -> Page:
    answer = visitor.client.post(
        "/sign-in/code", data={"csrf_token": form_token(form), "code": code, "next": form.value("next")}
    )
    return Page(answer)


def officer(engine: Engine, name: str) -> Officer:
    with open_session(engine) as session:
        return session.get_one(Officer, officer_id(name))


def test_after_the_password_a_code_is_asked_for_and_nothing_opens_before_it(
    alice: Visitor, anybody: Visitor, clock: Clock
) -> None:
    secret, _ = set_up(alice, clock)

    form = anybody.sign_in("alice", next="/open-cases")
    assert form.h1 == "Enter your code"
    assert Page(anybody.client.get("/open-cases")).h1 == "Sign in"
    half = anybody.client.cookies["postroom-session"]
    assert enter_code(anybody, form, code_at(secret, clock.now)).h1 == "Open cases"
    assert anybody.client.cookies["postroom-session"] != half


def test_a_code_is_taken_once(alice: Visitor, app: FastAPI, clock: Clock) -> None:
    secret, _ = set_up(alice, clock)
    code, answers = code_at(secret, clock.now), []
    for _ in range(2):
        visitor = Visitor(TestClient(app))
        answers.append(enter_code(visitor, visitor.sign_in("alice"), code).status)
    assert answers == [200, 422]


def test_wrong_codes_lock_the_address_as_wrong_passwords_do(
    alice: Visitor, anybody: Visitor, clock: Clock, sqlite: Engine
) -> None:
    secret, _ = set_up(alice, clock)
    form = anybody.sign_in("alice")
    for _ in range(4):
        assert "not right" in enter_code(anybody, form, "000000").text

    assert enter_code(anybody, form, code_at(secret, clock.now)).status == 422
    assert officer(sqlite, "alice").locked_until is not None


def test_a_recovery_code_stands_in_once(alice: Visitor, app: FastAPI, clock: Clock, sqlite: Engine) -> None:
    _, codes = set_up(alice, clock)
    assert len(set(codes)) == 10
    answers = []
    for _ in range(2):
        visitor = Visitor(TestClient(app))
        answers.append(enter_code(visitor, visitor.sign_in("alice"), codes[0].upper()).status)
    assert answers == [200, 422]
    with open_session(sqlite) as session:
        kept = session.exec(select(RecoveryCode.digest)).all()
    assert not {code.replace("-", "") for code in codes} & set(kept)
    assert "9 recovery codes are left" in alice.page("/account").text


def test_the_secret_is_not_in_the_database_as_it_is(alice: Visitor, clock: Clock, sqlite: Engine) -> None:
    secret, _ = set_up(alice, clock)
    kept = officer(sqlite, "alice").totp_secret

    assert kept
    assert secret.replace(" ", "") not in kept


def test_nothing_is_asked_for_until_a_first_code_was_right(alice: Visitor, anybody: Visitor) -> None:
    secret = secret_on(alice.page("/second-factor"))
    assert "not right" in alice.post("/second-factor", 422, code="000000").text
    assert secret_on(alice.page("/second-factor")) == secret
    assert anybody.sign_in("alice").h1 == "Awaiting confirmation"


def test_a_role_that_must_have_one_sets_it_up_at_the_door(sqlite: Engine, settings: Settings, clock: Clock) -> None:
    ways = settings.desk.sign_in.model_copy(update={"second_factor_for": ["administrator"]})
    strict = settings.model_copy(update={"desk": settings.desk.model_copy(update={"sign_in": ways})})
    visitor = Visitor(TestClient(create_app(sqlite, strict, clock=clock)))

    form = visitor.sign_in("dora")
    assert form.h1 == "Set up a second factor"
    assert Page(visitor.client.get("/admin")).h1 == "Sign in"
    code = code_at(secret_on(form), clock.now)
    done = Page(visitor.client.post("/second-factor", data={"csrf_token": form_token(form), "code": code}))
    assert done.h1 == "Keep your recovery codes"
    assert visitor.page("/admin").h1 == "Administration"


def test_taking_it_away_needs_a_code_and_ends_the_other_sessions(enter: Enter, clock: Clock, sqlite: Engine) -> None:
    here, there = enter("alice"), enter("alice")
    secret, _ = set_up(here, clock)
    assert "not right" in here.post("/account/second-factor/removal", 422, code="000000").text

    here.post("/account/second-factor/removal", code=code_at(secret, clock.now))
    assert officer(sqlite, "alice").totp_since is None
    assert there.page("/").h1 == "Sign in"
    assert here.page("/account").h1 == "Your account"


def test_half_a_sign_in_does_not_wait_for_long(alice: Visitor, anybody: Visitor, clock: Clock) -> None:
    secret, _ = set_up(alice, clock)
    form = anybody.sign_in("alice")
    clock.forward(minutes=16)
    assert enter_code(anybody, form, code_at(secret, clock.now)).h1 == "Sign in"


@pytest.mark.parametrize("path", ["/second-factor", "/account"])
def test_the_picture_needs_no_other_site_and_no_inline_style(path: str, alice: Visitor) -> None:
    page = alice.page(path)
    assert "http://" not in page.source.replace("http://www.w3.org", "").replace("http://testserver", "")


def test_a_sign_in_without_one_leaves_a_whole_session(anybody: Visitor, sqlite: Engine) -> None:
    anybody.sign_in("alice")
    with open_session(sqlite) as session:
        assert session.exec(select(DeskSession.waits_for)).all() == [""]
