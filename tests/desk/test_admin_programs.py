"""What administrators see of other programs: tokens of the API, and calls that were given up."""

from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import col, select

from postroom.casework import cases
from postroom.desk.api.tokens import add_token, caller
from postroom.desk.app import create_app
from postroom.models.case import Event
from postroom.models.database import open_session
from postroom.models.interface import CallState, Scope, WebhookCall
from postroom.models.settings import Settings
from postroom.models.webhook_settings import Webhook
from tests.desk.casework import Desk
from tests.desk.conftest import Clock, Enter, Visitor
from tests.desk.mailroom import Mailroom


@pytest.fixture
def desk(mailroom: Mailroom, now: datetime) -> Desk:
    return Desk(mailroom, now)


@pytest.fixture
def dora(sqlite: Engine, settings: Settings, clock: Clock) -> Visitor:
    """At a desk that tells the customers' system of changes."""
    given = {"name": "crm", "url": "https://crm.example/hook", "secret": {"env": "POSTROOM_SECRET"}}
    own = settings.model_copy(update={"webhooks": [Webhook.model_validate(given)]})
    visitor = Visitor(TestClient(create_app(sqlite, own, clock=clock), raise_server_exceptions=False))
    visitor.sign_in("dora")
    return visitor


def give_up(engine: Engine, now: datetime, reference_id: int, hook: str = "crm") -> int:
    """A call about the last change of a case that was given up; returns its id."""
    with open_session(engine) as session:
        event = session.exec(
            select(Event).where(Event.case_id == reference_id).order_by(col(Event.number).desc())
        ).first()
        assert event is not None
        assert event.id is not None
        call = WebhookCall(
            hook=hook,
            event_id=event.id,
            body={},
            created_at=now,
            not_before=now,
            state=CallState.DEAD,
            attempts=8,
            last_error="answered 503",
        )
        session.add(call)
        session.commit()
        assert call.id is not None
        return call.id


def states(engine: Engine) -> dict[int, str]:
    with open_session(engine, read_only=True) as session:
        return {row.id or 0: row.state for row in session.exec(select(WebhookCall))}


def test_a_call_that_was_given_up_is_tried_again(
    desk: Desk, dora: Visitor, sqlite: Engine, mailroom: Mailroom, now: datetime
) -> None:
    first, second = (give_up(sqlite, now, mailroom.case_id(desk.open())) for _ in range(2))
    page = dora.page("/admin/webhooks")
    assert "https://crm.example/hook 0 0 2" in page.text
    assert "answered 503 8 tries" in page.text

    assert "Calls that will be tried again: 1." in dora.post("/admin/webhooks/again", call=str(first)).text
    assert states(sqlite) == {first: "waiting", second: "dead"}
    assert "Calls that will be tried again: 1." in dora.post("/admin/webhooks/again", hook="crm").text
    assert states(sqlite) == {first: "waiting", second: "waiting"}
    dora.post("/admin/webhooks/again", 404, call=str(first))


def test_nothing_is_said_of_a_case_that_was_sealed_since(
    desk: Desk, dora: Visitor, sqlite: Engine, mailroom: Mailroom, now: datetime
) -> None:
    reference = desk.open()
    call = give_up(sqlite, now, mailroom.case_id(reference))
    desk.make(cases.seal, reference, reason="about a member of staff")

    page = dora.page("/admin/webhooks")
    assert reference not in page.text
    assert "A case that you may not see" in page.text
    dora.post("/admin/webhooks/again", 404, call=str(call))
    assert states(sqlite) == {call: "dead"}


def test_calls_to_an_address_that_is_told_no_more_can_still_be_seen(
    desk: Desk, dora: Visitor, sqlite: Engine, mailroom: Mailroom, now: datetime
) -> None:
    give_up(sqlite, now, mailroom.case_id(desk.open()), hook="old")
    assert "no longer in the configuration" in dora.page("/admin/webhooks").text


def test_a_token_is_seen_and_revoked(
    dora: Visitor, enter: Enter, sqlite: Engine, settings: Settings, now: datetime
) -> None:
    with open_session(sqlite) as session:
        token = add_token(
            session, "crm", "alice@ardenshire.example", [Scope.CASES, Scope.MESSAGES], now=now, made_by="root"
        )
        session.commit()
    assert caller(sqlite, token, settings=settings, now=now) is not None

    page = dora.page("/admin/tokens")
    assert "crm Cases, Messages Alice today at 10:00 by root on the machine today Holds" in page.text
    assert token not in page.source
    (link,) = page.links("/admin/tokens/")
    assert "The token holds no longer." in dora.post(link).text
    assert caller(sqlite, token, settings=settings, now=now) is None
    dora.page(link, 404)
    record = enter("otto").page("/record").text
    assert "The token crm was revoked Dora" in record
    assert "The token crm was made, by Alice's rights Not at the desk" in record
