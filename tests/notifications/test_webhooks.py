"""Calls to other programs, taken by a real HTTP server."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework.labels import Labels
from postroom.models.case import Case
from postroom.models.connection_settings import Secret
from postroom.models.database import open_session
from postroom.models.interface import CallState, WebhookCall
from postroom.models.settings import Settings
from postroom.models.webhook_settings import Webhook
from postroom.notifications.webhooks import process_one, signature
from tests.notifications.conftest import COMPLAINT, Desk

CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")


class Listener:
    """An HTTP server that keeps what it was sent; `answers` are its next status codes, then 204."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.endless = False
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                listener.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(200 if listener.endless else listener.answers.pop(0) if listener.answers else 204)
                self.end_headers()
                with suppress(OSError):
                    while listener.endless:
                        self.wfile.write(b"and so on " * 1000)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/postroom"

    def told(self) -> list[dict[str, object]]:
        return [json.loads(body) for _, body in self.received]


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    thread = threading.Thread(target=listener.server.serve_forever, daemon=True)
    thread.start()
    yield listener
    listener.server.shutdown()
    listener.server.server_close()
    thread.join()


@pytest.fixture
def hooked(settings: Settings, listener: Listener) -> Settings:
    hook = Webhook(name="crm", url=listener.url, secret=Secret(env="POSTROOM_SECRET"), attempts=3)
    return settings.model_copy(update={"webhooks": [hook]})


def run(engine: Engine, settings: Settings, now: datetime) -> None:
    while process_one(engine, settings, now):
        pass


def test_each_change_is_told_once_signed_and_without_what_it_is_about(
    engine: Engine, hooked: Settings, listener: Listener, desk: Desk, now: datetime
) -> None:
    desk.confirmed(now, COMPLAINT)
    run(engine, hooked, now)
    assert listener.told() == [], "what was before the address was known is not told"
    desk.confirmed(now, COMPLAINT)
    run(engine, hooked, now)
    run(engine, hooked, now)
    assert [each["type"] for each in listener.told()] == ["case.opened", "case.confirmed"]
    headers, body = listener.received[-1]
    assert set(json.loads(body)["data"]) == {"reference", "number"}
    stamp = int(headers["webhook-timestamp"])
    expected = signature(hooked.webhooks[0].secret.read(), headers["webhook-id"], stamp, body)
    assert (headers["webhook-signature"], stamp) == (expected, int(now.timestamp()))


def test_a_sealed_case_is_told_of_to_nobody(
    engine: Engine, hooked: Settings, listener: Listener, desk: Desk, now: datetime
) -> None:
    run(engine, hooked, now)
    desk.confirmed(now, CHILDREN)
    run(engine, hooked, now)
    assert listener.told() == []


def test_a_call_that_waits_is_not_made_once_its_case_is_sealed(
    engine: Engine, hooked: Settings, listener: Listener, desk: Desk, now: datetime
) -> None:
    run(engine, hooked, now)
    listener.answers = [503, 503]
    case_id = desk.confirmed(now, COMPLAINT)
    run(engine, hooked, now)
    assert len(listener.told()) == 2
    with open_session(engine) as session:
        session.get_one(Case, case_id).sealed = True
        session.commit()
    run(engine, hooked, now + timedelta(hours=1))
    assert len(listener.told()) == 2
    with open_session(engine, read_only=True) as session:
        calls = session.exec(select(WebhookCall.state, WebhookCall.body)).all()
    assert calls == [(CallState.WITHHELD, {})] * 2


def test_an_answer_without_end_holds_nobody_up(
    engine: Engine, hooked: Settings, listener: Listener, desk: Desk, now: datetime
) -> None:
    run(engine, hooked, now)
    listener.endless = True
    desk.confirmed(now, COMPLAINT)
    run(engine, hooked, now)
    assert len(listener.told()) == 2


def test_only_the_kinds_that_were_asked_for_are_told(
    engine: Engine, hooked: Settings, listener: Listener, desk: Desk, now: datetime
) -> None:
    hook = hooked.webhooks[0].model_copy(update={"kinds": ["confirmed"]})
    narrowed = hooked.model_copy(update={"webhooks": [hook]})
    run(engine, narrowed, now)
    desk.confirmed(now, COMPLAINT)
    run(engine, narrowed, now)
    assert [each["type"] for each in listener.told()] == ["case.confirmed"]


def test_a_call_that_is_not_taken_is_made_again_under_its_id_and_given_up_at_last(
    engine: Engine, hooked: Settings, listener: Listener, desk: Desk, now: datetime
) -> None:
    run(engine, hooked, now)
    listener.answers = [500, 204, 302, 503, 500]
    desk.confirmed(now, COMPLAINT)
    for hour in range(4):
        run(engine, hooked, now + timedelta(hours=hour))
    ids = [headers["webhook-id"] for headers, _ in listener.received]
    assert sorted(ids.count(each) for each in set(ids)) == [1, 3]
    with open_session(engine, read_only=True) as session:
        states = sorted(session.exec(select(WebhookCall.state)))
        [dead] = session.exec(select(WebhookCall).where(WebhookCall.state == CallState.DEAD))
    assert states == [CallState.DEAD, CallState.SENT]
    assert dead.last_error.startswith("answered")


def test_an_address_that_nobody_is_at_is_tried_later(
    engine: Engine, hooked: Settings, listener: Listener, desk: Desk, now: datetime
) -> None:
    run(engine, hooked, now)
    listener.server.server_close()
    desk.confirmed(now, COMPLAINT)
    run(engine, hooked, now)
    with open_session(engine, read_only=True) as session:
        errors = session.exec(select(WebhookCall.last_error).where(WebhookCall.state == CallState.WAITING)).all()
    assert len(errors) == 2
    assert all("Connection" in error for error in errors)
