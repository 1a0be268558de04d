"""Signing in and out, and how long it holds."""

import time

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event
from sqlmodel import select

from postroom.desk.app import create_app
from postroom.desk.pages.sign_in import own_path
from postroom.desk.pages.visits import browser
from postroom.desk.passwords import hashed, password_fits
from postroom.intake.parse import parse
from postroom.models.database import open_session
from postroom.models.officer import DeskSession, Officer
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.models.sign_in import FailedTry, PasswordLink
from tests.desk.conftest import PASSWORD, Clock, Enter, Page, Visitor


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


def test_a_wrong_try_writes_as_much_for_an_address_that_nobody_has(anybody: Visitor, sqlite: Engine) -> None:
    """A write takes until the disk has it, which tells from afar where there is one more."""
    written: list[str] = []
    anybody.page("/sign-in")

    def during(name: str) -> int:
        written.clear()
        anybody.sign_in(name, "a wrong password")
        return written.count("commit")

    def note(_: object) -> None:
        written.append("commit")

    event.listen(sqlite, "commit", note)
    try:
        assert during("alice") == during("nobody") > 0
    finally:
        event.remove(sqlite, "commit", note)


def test_tries_are_counted_for_their_place_and_right_ones_are_not(anybody: Visitor, sqlite: Engine) -> None:
    for name, password in (("alice", "wrong"), ("nobody", "wrong"), ("alice", PASSWORD)):
        anybody.sign_in(name, password)
    with open_session(sqlite) as session:
        assert len(session.exec(select(FailedTry)).all()) == 2


def test_an_officer_without_a_password_is_refused_as_slowly_as_others() -> None:
    def seconds(password_hash: str) -> float:
        begun = time.process_time()
        assert not password_fits(password_hash, "a wrong password")
        return time.process_time() - begun

    known = hashed(PASSWORD)
    assert min(seconds("") for _ in range(3)) > min(seconds(known) for _ in range(3)) / 2


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


def reset_link(engine: Engine) -> str:
    """The path of the link in the newest mail about a password."""
    with open_session(engine) as session:
        mails = session.exec(select(OutgoingMail).where(OutgoingMail.kind == "account").order_by("id")).all()
    link = next(word for word in parse(mails[-1].content).text.split() if "/new-password?" in word)
    return "/new-password?" + link.partition("?")[2]


def ask_for_link(visitor: Visitor, email: str) -> Page:
    token = visitor.page("/forgotten-password").value("csrf_token")
    return Page(visitor.client.post("/forgotten-password", data={"csrf_token": token, "email": email}))


def choose(visitor: Visitor, form: Page, password: str, again: str = "") -> Page:
    fields = {"csrf_token": form.value("csrf_token"), "token": form.value("token")}
    given = {**fields, "new_password": password, "again": again or password}
    return Page(visitor.client.post("/new-password", data=given))


def test_a_forgotten_password_is_chosen_anew_by_a_link_that_works_once(
    anybody: Visitor, alice: Visitor, sqlite: Engine
) -> None:
    tried_in_vain(sqlite, 5)
    ask_for_link(anybody, " Alice@ardenshire.example ")
    link = reset_link(sqlite)

    form = anybody.page(link)
    assert "at least 12" in form.text.lower()
    assert "not alike" in choose(anybody, form, "a lamp in the window", "another one entirely").text
    assert "12 to 256" in choose(anybody, form, "short").text
    assert choose(anybody, form, "a lamp in the window").h1 == "Sign in"
    assert alice.page("/").h1 == "Sign in"
    assert anybody.sign_in("alice").status == 422
    assert anybody.sign_in("alice", "a lamp in the window").h1 == "Awaiting confirmation"
    assert anybody.page(link, 410).h1 == "This link is over"


def test_the_answer_is_the_same_whether_the_address_is_known(anybody: Visitor, sqlite: Engine) -> None:
    known, unknown = (ask_for_link(anybody, f"{name}@ardenshire.example").text for name in ("alice", "nobody"))

    assert known == unknown
    with open_session(sqlite) as session:
        assert session.exec(select(OutgoingMail.recipient)).all() == ["alice@ardenshire.example"]


def test_a_link_is_soon_over_and_not_sent_twice_in_a_moment(anybody: Visitor, sqlite: Engine, clock: Clock) -> None:
    for _ in range(3):
        ask_for_link(anybody, "alice@ardenshire.example")
    with open_session(sqlite) as session:
        assert len(session.exec(select(PasswordLink)).all()) == 1
    clock.forward(minutes=30)
    anybody.page(reset_link(sqlite), 410)


def test_neither_the_table_nor_a_mail_that_is_over_holds_the_link(anybody: Visitor, sqlite: Engine) -> None:
    ask_for_link(anybody, "alice@ardenshire.example")
    link = reset_link(sqlite)
    token = link.partition("=")[2]
    with open_session(sqlite) as session:
        assert session.exec(select(PasswordLink.digest)).one() != token

    choose(anybody, anybody.page(link), "a lamp in the window")
    with open_session(sqlite) as session:
        mail = session.exec(select(OutgoingMail)).one()
    assert (mail.state, token.encode() in mail.content) == ("withdrawn", False)


def test_a_password_is_changed_by_who_knows_it_and_the_other_sessions_end(enter: Enter, anybody: Visitor) -> None:
    here, there = enter("alice"), enter("alice")
    new = {"new_password": "a lamp in the window", "again": "a lamp in the window"}

    assert "not your password" in here.post("/account/password", 422, password="a wrong password", **new).text
    here.post("/account/password", password=PASSWORD, **new)
    assert there.page("/").h1 == "Sign in"
    assert here.page("/account").h1 == "Your account"
    assert anybody.sign_in("alice", "a lamp in the window").h1 == "Awaiting confirmation"


def test_somebody_sees_their_sessions_and_ends_the_others(enter: Enter) -> None:
    here, there = enter("alice"), enter("alice")
    assert len(here.page("/account").tree.xpath("//main//tbody/tr")) == 2
    here.post("/account/sessions", handle="others")
    assert there.page("/").h1 == "Sign in"
    assert len(here.page("/account").tree.xpath("//main//tbody/tr")) == 1


def test_nobody_ends_the_session_of_somebody_else(alice: Visitor, bob: Visitor, sqlite: Engine) -> None:
    with open_session(sqlite) as session:
        handles = session.exec(select(DeskSession.token_digest)).all()
    for handle in handles:
        bob.client.post("/account/sessions", data={"csrf_token": bob.token(), "handle": handle})
        break
    assert alice.page("/").h1 == "Awaiting confirmation"


def test_a_place_from_which_too_many_wrong_tries_come_is_refused(
    sqlite: Engine, settings: Settings, clock: Clock
) -> None:
    ways = settings.desk.sign_in.model_copy(update={"tries_per_source": 3})
    own = settings.model_copy(update={"desk": settings.desk.model_copy(update={"sign_in": ways})})
    visitor = Visitor(TestClient(create_app(sqlite, own, clock=clock)))
    for name in ("alice", "bob", "charlie"):
        visitor.sign_in(name, "a wrong password")

    assert visitor.sign_in("dora").status == 422
    clock.forward(minutes=16)
    assert visitor.sign_in("dora").status == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on an iPhone"),
        ("curl/8", "A browser"),
    ],
)
def test_a_browser_is_named_so_that_its_owner_knows_it_again(agent: str, words: str) -> None:
    assert browser(agent) == words
