"""Signing in and out, and how long it holds."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from postroom.desk.pages.sign_in import own_path
from postroom.models.database import open_session
from postroom.models.officer import DeskSession, Officer
from tests.desk.conftest import PASSWORD, Clock, Visitor


def tried_in_vain(engine: Engine, times: int) -> None:
    """Alice has given a wrong password so many times."""
    with open_session(engine) as session:
        session.exec(select(Officer).where(Officer.name == "Alice")).one().failed_sign_ins = times
        session.commit()


def test_somebody_who_is_not_signed_in_is_sent_to_the_form_and_then_to_their_page(anybody: Visitor) -> None:
    form = anybody.page("/open-cases?page=1")

    assert form.h1 == "Sign in"
    assert form.value("next") == "/open-cases?page=1"
    assert anybody.sign_in("alice", next=form.value("next")).h1 == "Open cases"


def test_a_wrong_password_an_unknown_address_and_a_locked_one_look_the_same(anybody: Visitor, sqlite: Engine) -> None:
    tried_in_vain(sqlite, 4)
    wrong = anybody.sign_in("alice", "a wrong password")
    unknown = anybody.sign_in("nobody", "a wrong password")
    locked = anybody.sign_in("alice")

    assert (wrong.status, unknown.status, locked.status) == (422, 422, 422)
    assert "do not go together" in wrong.text
    assert wrong.text == unknown.text == locked.text


def test_the_lock_opens_after_a_quarter_of_an_hour(anybody: Visitor, sqlite: Engine, clock: Clock) -> None:
    tried_in_vain(sqlite, 3)
    for _ in range(2):
        anybody.sign_in("alice", "a wrong password")
    clock.forward(minutes=14)
    assert anybody.sign_in("alice").status == 422
    clock.forward(minutes=1)
    assert anybody.sign_in("alice").h1 == "Awaiting confirmation"


def test_signing_in_forgets_the_wrong_tries_before(anybody: Visitor, sqlite: Engine) -> None:
    tried_in_vain(sqlite, 3)
    anybody.sign_in("alice", "a wrong password")
    assert anybody.sign_in("alice").status == 200

    with open_session(sqlite) as session:
        alice = session.exec(select(Officer).where(Officer.name == "Alice")).one()
    assert (alice.failed_sign_ins, alice.locked_until) == (0, None)


def test_somebody_who_left_can_not_sign_in_and_is_signed_out(alice: Visitor, anybody: Visitor, sqlite: Engine) -> None:
    with open_session(sqlite) as session:
        session.exec(select(Officer).where(Officer.name == "Alice")).one().active = False
        session.commit()

    assert alice.page("/").h1 == "Sign in"
    assert anybody.sign_in("alice").status == 422


def test_a_session_ends_after_an_hour_without_use(alice: Visitor, clock: Clock) -> None:
    for _ in range(3):
        clock.forward(minutes=59)
        assert alice.page("/").h1 == "Awaiting confirmation"
    clock.forward(minutes=61)
    assert alice.page("/").h1 == "Sign in"


def test_a_session_ends_after_twelve_hours_however_it_is_used(alice: Visitor, clock: Clock) -> None:
    for _ in range(24):
        clock.forward(minutes=30)
        assert alice.client.get("/", follow_redirects=False).status_code == 200
    clock.forward(seconds=1)
    assert alice.page("/").h1 == "Sign in"


def test_signing_out_ends_the_session_on_the_server(alice: Visitor, sqlite: Engine) -> None:
    cookies = dict(alice.client.cookies)
    assert "signed out" in alice.post("/sign-out").text

    alice.client.cookies.update(cookies)
    assert alice.page("/").h1 == "Sign in"
    with open_session(sqlite) as session:
        assert session.exec(select(DeskSession)).all() == []


def test_the_table_does_not_hold_what_the_cookie_holds(anybody: Visitor, sqlite: Engine) -> None:
    anybody.sign_in("alice")

    with open_session(sqlite) as session:
        row = session.exec(select(DeskSession)).one()
    assert anybody.client.cookies["postroom-session"] not in (row.token_digest, row.csrf_token)


@pytest.mark.parametrize(
    ("url", "name", "secure"),
    [
        ("http://localhost", "postroom-session", False),
        ("https://desk.ardenshire.example", "__Host-postroom-session", True),
    ],
)
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(url: str, name: str, secure: bool, app: FastAPI) -> None:
    client = TestClient(app, base_url=url, follow_redirects=False)
    form = Visitor(client).page("/sign-in")
    token = form.value("csrf_token")
    answer = client.post(
        "/sign-in", data={"email": "alice@ardenshire.example", "password": PASSWORD, "csrf_token": token}
    )
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{name}="))

    assert answer.headers["location"] == "/"
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert ("Secure" in cookie) is secure


def test_a_form_without_its_token_is_refused(alice: Visitor, anybody: Visitor) -> None:
    assert alice.post("/sign-out", 403, csrf_token="forged").h1 == "You can't do that"
    assert alice.page("/").h1 == "Awaiting confirmation"

    answer = anybody.client.post("/sign-in", data={"email": "alice@ardenshire.example", "password": PASSWORD})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)", ""],
)
def test_nobody_is_sent_on_to_another_site(path: str) -> None:
    assert own_path(path) == "/"
    assert own_path("/cases/AR-2026-000001?done=closed") == "/cases/AR-2026-000001?done=closed"
