"""Signing in by the council's own OpenID Connect provider: a real one, on this machine."""

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from flask import Flask, jsonify, request
from oidc_provider_mock import User, init_app
from sqlalchemy import Engine
from sqlmodel import select
from werkzeug.serving import make_server

from postroom.desk.app import create_app
from postroom.models.database import open_session
from postroom.models.officer import DeskSession, Officer
from postroom.models.settings import Settings
from postroom.models.sign_in import ForeignAccount, ForeignSignIn
from postroom.models.sign_in_settings import Provider
from tests.desk.conftest import PASSWORD, Clock, Page, Visitor, officer_id

USERS = (
    User(sub="a-1", claims={"email": "Alice@ardenshire.example", "email_verified": True, "name": "Alice"}),
    User(sub="a-2", claims={"email": "alice@ardenshire.example", "email_verified": True}),
    User(sub="b-1", claims={"email": "bob@ardenshire.example"}),
    User(sub="z-1", claims={"email": "zoe@ardenshire.example", "email_verified": True, "name": "Zoe"}),
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider's address. It holds to PKCE: a code is only given for the verifier of its challenge."""
    app, challenges = Flask("provider"), {}
    init_app(app, require_nonce=True, user_claims=USERS)

    @app.before_request
    def verify() -> Any:
        if request.path == "/oauth2/token":
            digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
            if challenges.get(request.form["code"]) != base64.urlsafe_b64encode(digest).decode().rstrip("="):
                return jsonify(error="invalid_grant"), 400
        return None

    @app.after_request
    def remember(response: Any) -> Any:
        if request.path == "/oauth2/authorize" and request.method == "POST":
            assert request.args["code_challenge_method"] == "S256"
            code = parse_qs(urlsplit(response.headers.get("Location", "")).query).get("code", [""])[0]
            challenges[code] = request.args["code_challenge"]
        return response

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(5)
    server.server_close()


Door = Callable[..., Visitor]


@pytest.fixture
def door(sqlite: Engine, settings: Settings, issuer: str) -> Door:
    """Somebody before a desk that knows the provider; its settings can be changed by name."""

    def open_desk(**changes: Any) -> Visitor:
        ways = {name: changes.pop(name) for name in ("passwords",) if name in changes}
        provider = Provider(
            **{"issuer": issuer, "client_id": "desk", "client_secret": {"env": "POSTROOM_SECRET"}, **changes}
        )
        sign_in = settings.desk.sign_in.model_copy(update={"provider": provider, **ways})
        own = settings.model_copy(update={"desk": settings.desk.model_copy(update={"sign_in": sign_in})})
        return Visitor(TestClient(create_app(sqlite, own, clock=Clock(datetime.now(UTC)))))

    return open_desk


def answer_for(visitor: Visitor, sub: str, after: str = "/open-cases") -> str:
    """Go to the provider and sign in there as `sub`; the path, with its query, that it sends the browser back to."""
    leaving = visitor.client.get("/sign-in/provider", params={"next": after}, follow_redirects=False)
    assert leaving.status_code == 303
    back = urlsplit(httpx.post(leaving.headers["location"], data={"sub": sub}).headers["location"])
    return f"{back.path}?{back.query}"


def sign_in(visitor: Visitor, sub: str) -> Page:
    return Page(visitor.client.get(answer_for(visitor, sub)))


def change(engine: Engine, **values: str) -> None:
    """Change what is kept of the sign-in that is under way."""
    with open_session(engine) as session:
        row = session.exec(select(ForeignSignIn)).one()
        for name, value in values.items():
            setattr(row, name, value)
        session.commit()


def test_an_officer_comes_in_with_their_council_account_and_is_tied_to_it(door: Door, sqlite: Engine) -> None:
    visitor = door()

    assert "your council account" in visitor.page("/sign-in").text
    assert sign_in(visitor, "a-1").h1 == "Open cases"
    with open_session(sqlite) as session:
        assert session.exec(select(ForeignAccount.subject, ForeignAccount.officer_id)).all() == [
            ("a-1", officer_id("alice"))
        ]
        assert session.exec(select(DeskSession.by_provider)).all() == [True]
        assert session.exec(select(ForeignSignIn)).all() == []


def test_a_tied_account_comes_in_whatever_address_the_officer_has_by_now(door: Door, sqlite: Engine) -> None:
    sign_in(door(), "a-1")
    with open_session(sqlite) as session:
        session.get_one(Officer, officer_id("alice")).email = "a.new.name@ardenshire.example"
        session.commit()

    assert sign_in(door(), "a-1").h1 == "Open cases"


def test_an_answer_is_taken_once(door: Door) -> None:
    visitor = door()
    answer = answer_for(visitor, "a-1")
    cookies = dict(visitor.client.cookies)
    assert visitor.client.get(answer).status_code == 200

    visitor.client.cookies.clear()
    visitor.client.cookies.update(cookies)
    assert "not begun here" in Page(visitor.client.get(answer)).text


def test_an_answer_is_taken_from_the_browser_alone_that_asked(door: Door) -> None:
    victim = door()
    assert "not begun here" in Page(victim.client.get(answer_for(door(), "a-1"))).text
    assert victim.page("/").h1 == "Sign in"


@pytest.mark.parametrize("kept", [{"nonce": "of another sign-in"}, {"verifier": "v" * 50}])
def test_tokens_of_another_sign_in_are_refused(kept: dict[str, str], door: Door, sqlite: Engine) -> None:
    visitor = door()
    answer = answer_for(visitor, "a-1")
    change(sqlite, **kept)

    refused = Page(visitor.client.get(answer))
    assert (refused.status, refused.h1) == (422, "Sign in")
    assert "trusted" in refused.text


def test_nobody_comes_in_whom_the_desk_does_not_know(door: Door) -> None:
    refused = sign_in(door(), "z-1")
    assert "Nobody with the address zoe@ardenshire.example may use this desk." in refused.text


def test_who_is_not_known_becomes_an_officer_without_a_team_where_that_is_configured(
    door: Door, sqlite: Engine
) -> None:
    sign_in(door(adds_officers=True), "z-1")
    with open_session(sqlite) as session:
        zoe = session.exec(select(Officer).where(Officer.email == "zoe@ardenshire.example")).one()
    assert (zoe.name, zoe.role, zoe.password_hash) == ("Zoe", "officer", "")


def test_an_address_that_nobody_vouches_for_signs_nobody_in_unless_configured(door: Door) -> None:
    assert "vouches" in sign_in(door(), "b-1").text
    assert sign_in(door(vouches_for_addresses=True), "b-1").h1 == "Open cases"


def test_an_address_that_somebody_else_has_now_does_not_open_the_old_account(door: Door) -> None:
    sign_in(door(), "a-1")
    assert "Another council account is tied" in sign_in(door(), "a-2").text


def test_an_officer_who_is_locked_out_does_not_come_in_this_way_either(door: Door, sqlite: Engine) -> None:
    with open_session(sqlite) as session:
        session.get_one(Officer, officer_id("alice")).active = False
        session.commit()
    assert "Nobody with the address" in sign_in(door(), "a-1").text


def test_who_ends_it_there_is_back_at_the_door(door: Door) -> None:
    visitor = door()
    leaving = visitor.client.get("/sign-in/provider", follow_redirects=False)
    back = urlsplit(httpx.post(leaving.headers["location"], data={"action": "deny"}).headers["location"])
    state = parse_qs(urlsplit(leaving.headers["location"]).query)["state"][0]
    refused = Page(visitor.client.get(f"{back.path}?{back.query}&state={state}"))
    assert "ended there" in refused.text


def test_a_provider_that_does_not_answer_is_said_and_passwords_still_work(door: Door) -> None:
    visitor = door(issuer="http://127.0.0.1:9")
    page = visitor.page("/sign-in/provider", 503)
    assert "does not answer" in page.text
    assert visitor.sign_in("alice").h1 == "Awaiting confirmation"


def test_where_passwords_are_off_the_provider_is_the_only_way_in(door: Door) -> None:
    visitor = door(passwords=False)
    page = visitor.page("/sign-in")
    assert page.tree.xpath("//main//input[@type='password']") == []
    given = {"email": "alice@ardenshire.example", "password": PASSWORD}
    token = visitor.client.cookies["postroom-form"]
    assert visitor.client.post("/sign-in", data={**given, "csrf_token": token}).status_code == 422
