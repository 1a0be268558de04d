"""The application around the pages: headers, errors, extra pages, what it imports."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from postroom.desk.app import ExtraPage, create_app
from postroom.models.failures import Unreachable
from postroom.models.settings import Settings
from tests.desk.conftest import Clock, Page, Visitor, add_people
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom


def test_health_says_ok_and_nothing_else(app: FastAPI) -> None:
    answer = TestClient(app).get("/health")

    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, "ok", "text/plain; charset=utf-8")


def raising(app: FastAPI, error: Exception) -> Page:
    """The page that answers where a view raises `error`."""

    def view() -> None:
        raise error

    app.add_api_route("/raises", view)
    app.state.rights[("GET", "/raises")] = app.state.rights[("GET", "/health")]
    return Page(TestClient(app, raise_server_exceptions=False).get("/raises"))


@pytest.mark.parametrize(
    ("path", "status", "h1"),
    [
        ("/no-such-page", 404, "Page not found"),
        ("/?page=nought", 422, "That could not be understood"),
        ("/?page=0", 422, "That could not be understood"),
        ("/cases/AR-2026-000001/letters/one", 404, "Page not found"),
        ("/outbox/99", 404, "Page not found"),
        ("/outbox/99999999999", 404, "Page not found"),
        ("/find?words=%00", 422, "That could not be understood"),
        (f"/campaigns/{'9' * 5000}", 404, "Page not found"),
        ("/sign-out", 405, "You can't do that"),
    ],
)
def test_what_goes_wrong_has_a_page_in_plain_words(path: str, status: int, h1: str, alice: Visitor) -> None:
    assert alice.page(path, status).h1 == h1


def test_a_fault_of_ours_tells_nothing_of_itself(app: FastAPI) -> None:
    page = raising(app, RuntimeError("the secret"))

    assert (page.status, page.h1) == (500, "Something went wrong")
    assert "secret" not in page.source
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_a_passing_fault_asks_to_try_again(app: FastAPI) -> None:
    assert raising(app, Unreachable("no answer")).status == 503


@pytest.mark.parametrize("path", ["/", "/sign-in", "/no-such-page", "/health", "/static/no-such-file"])
def test_every_answer_carries_the_headers(path: str, alice: Visitor) -> None:
    headers = alice.client.get(path).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


@pytest.mark.parametrize(
    "query",
    ["?done=invented&about=AR-2026-000001", "?done=confirmed", "?done=confirmed&about=<b>", "?done=closed&about={0}"],
)
def test_an_address_can_not_put_words_into_the_desks_mouth(query: str, alice: Visitor) -> None:
    assert alice.page(f"/{query}").tree.xpath("//*[@role='alert']") == []


def test_a_form_that_is_too_large_is_refused(alice: Visitor) -> None:
    token = alice.token()
    many = {f"field-{n}": "x" for n in range(150)}
    large = {"reason": "x" * 2_000_000}

    for fields in (many, large):
        assert alice.client.post("/sign-out", data={"csrf_token": token, **fields}).status_code == 400


def test_an_extra_page_joins_the_navigation_of_those_who_are_signed_in(
    sqlite: Engine, settings: Settings, clock: Clock, tmp_path: Path, anybody: Visitor
) -> None:
    (tmp_path / "sent-mail.html").write_text(
        '{% extends "page.html" %}{% block content %}<p>To {{ recipient }}</p>{% endblock %}'
    )

    def context(query: Mapping[str, str]) -> dict[str, Any]:
        return {"recipient": query.get("to", "everybody")}

    extra = ExtraPage("/sent-mail", "Sent mail", tmp_path, "sent-mail.html", context)
    visitor = Visitor(TestClient(create_app(sqlite, settings, clock=clock, extra_pages=[extra])))

    assert visitor.page("/sent-mail").h1 == "Sign in"
    assert "/sent-mail" in visitor.sign_in("charlie").links()
    page = visitor.page("/sent-mail?to=<jo>")
    assert page.h1 == "Sent mail"
    assert "To <jo>" in page.text
    assert "/sent-mail" not in anybody.sign_in("charlie").links()


def test_the_desk_starts_without_the_languages_tools() -> None:
    script = "import sys, postroom.desk.app; print({'spacy', 'sklearn'} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "set()\n"


def test_the_pages_work_on_both_databases(engine: Engine, settings: Settings, clock: Clock) -> None:
    add_people(engine, settings, clock.now)
    mailroom = Mailroom(engine, settings)
    reference = mailroom.case(clock.now, HIGHWAYS_REQUEST)
    visitor = Visitor(TestClient(create_app(engine, settings, clock=clock)))

    assert reference in visitor.sign_in("alice").text
    assert visitor.page(f"/cases/{reference}").h1 == reference
    for path in ("/open-cases", "/closed-cases", "/holding-pen", "/machine-mail", "/outbox"):
        visitor.page(path)
    assert visitor.post("/views", path="/open-cases", team="highways\x00", name="Mine\x00").h1 == "Open cases"
