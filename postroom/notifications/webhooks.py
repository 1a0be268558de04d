"""Other programs are told that a case changed: which case and what kind of change, and no word of what it is about.

A call is written from the case's event and sent until the other side has taken it, always under the same id. It is
signed as the Standard Webhooks specification (1.0.0) says: HMAC-SHA256 over id, time and body. Sealed cases are told of
to nobody, not even by a call that waited when they were sealed.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests
from sqlalchemy import Engine, func, or_, update
from sqlmodel import Session, col, select

from postroom.models.case import Case, Event
from postroom.models.database import open_session
from postroom.models.interface import CallState, WebhookCall, WebhookPlace
from postroom.models.queues import claim, pause_after
from postroom.models.settings import Settings
from postroom.models.webhook_settings import Webhook

BATCH = 200
LOOKED_BACK = 1000
"""Events below the newest one told that are looked at again: of two transactions, the one with the lower number may be
committed later."""


def process_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Write the calls that new events make, or send one that waits. False where there was nothing to do."""
    written = sum(_write(engine, hook, now) for hook in settings.webhooks)
    return written > 0 or _send_one(engine, settings, now)


def try_again(engine: Engine, now: datetime, *, call_id: int | None = None, hook: str = "") -> int:
    """Put calls that were given up back into the queue: one, or all of an address, without those about cases that were
    sealed since. How many there were."""
    chosen = col(WebhookCall.id) == call_id if call_id is not None else col(WebhookCall.hook) == hook
    sealed = select(Event.id).join(Case).where(or_(col(Case.sealed), col(Case.restricted)))
    dead = update(WebhookCall).where(
        chosen, col(WebhookCall.state) == CallState.DEAD, col(WebhookCall.event_id).not_in(sealed)
    )
    again = dead.values(state=CallState.WAITING, attempts=0, not_before=now, last_error="")
    with open_session(engine) as session:
        number = session.connection().execute(again).rowcount
        session.commit()
    return number


def signature(key: str, call_id: str, timestamp: int, body: bytes) -> str:
    """The value of the header webhook-signature."""
    signed = f"{call_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha256).digest()).decode()


def _write(engine: Engine, hook: Webhook, now: datetime) -> bool:
    with open_session(engine) as session:
        place = session.exec(select(WebhookPlace).where(WebhookPlace.hook == hook.name).with_for_update()).first()
        if place is None:
            newest = session.exec(select(func.max(Event.id))).one()
            session.add(WebhookPlace(hook=hook.name, event_id=newest or 0))
            session.commit()
            return False
        found = _untold(session, hook, place.event_id)
        for event, case in found:
            assert event.id is not None
            place.event_id = max(place.event_id, event.id)
            told = not _confidential(case) and (not hook.kinds or event.kind in hook.kinds)
            state = CallState.WAITING if told else CallState.WITHHELD
            session.add(
                WebhookCall(
                    hook=hook.name,
                    event_id=event.id,
                    body=_body(event, case) if told else {},
                    created_at=now,
                    state=state,
                    not_before=now,
                )
            )
        session.add(place)
        session.commit()
        return bool(found)


def _untold(session: Session, hook: Webhook, place: int) -> list[tuple[Event, Case]]:
    told = select(WebhookCall.id).where(WebhookCall.hook == hook.name, WebhookCall.event_id == Event.id)
    first = select(func.min(WebhookCall.event_id)).where(WebhookCall.hook == hook.name)
    begun = func.coalesce(first.scalar_subquery(), place + 1)
    query = (
        select(Event, Case)
        .join(Case, col(Case.id) == Event.case_id)
        .where(col(Event.id) > place - LOOKED_BACK, col(Event.id) >= begun, ~told.exists())
        .order_by(col(Event.id))
        .limit(BATCH)
    )
    return list(session.exec(query))


def _confidential(case: Case) -> bool:
    return case.sealed or case.restricted


def _body(event: Event, case: Case) -> dict[str, Any]:
    return {
        "type": f"case.{event.kind.replace(' ', '_')}",
        "timestamp": event.at.isoformat(),
        "data": {"reference": case.reference, "number": event.number},
    }


def _send_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    hooks = {hook.name: hook for hook in settings.webhooks}
    only = col(WebhookCall.hook).in_(hooks)
    key = claim(engine, WebhookCall, CallState.WAITING, now, settings.workers.lease, only=only) if hooks else None
    if key is None:
        return False
    with open_session(engine) as session:
        call = session.get_one(WebhookCall, key)
        if _confidential(session.exec(select(Case).join(Event).where(Event.id == call.event_id)).one()):
            call.state, call.body = CallState.WITHHELD, {}
            session.add(call)
            session.commit()
            return True
    hook = hooks[call.hook]
    error = _call(hook, f"msg_{call.event_id}", call.body, int(now.timestamp()))
    with open_session(engine) as session:
        call = session.get_one(WebhookCall, key)
        if not error:
            call.state, call.sent_at, call.last_error = CallState.SENT, now, ""
        else:
            call.last_error = error
            call.not_before = now + pause_after(call.attempts)
            if call.attempts >= hook.attempts:
                call.state = CallState.DEAD
        session.add(call)
        session.commit()
    return True


def _call(hook: Webhook, call_id: str, value: Mapping[str, Any], timestamp: int) -> str:
    """Why the call was not taken; empty where it was."""
    body = json.dumps(value, separators=(",", ":")).encode()
    headers = {
        "content-type": "application/json",
        "webhook-id": call_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(hook.secret.read(), call_id, timestamp, body),
    }
    try:
        with requests.post(
            hook.url, data=body, headers=headers, timeout=hook.timeout_seconds, allow_redirects=False, stream=True
        ) as answer:  # of which nothing but its status is read
            status = answer.status_code
    except requests.RequestException as error:
        return f"{type(error).__name__}: {error}"[:500]
    return "" if 200 <= status < 300 else f"answered {status}"
