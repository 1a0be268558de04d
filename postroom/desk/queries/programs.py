"""What other programs have to do with Postroom: their tokens, and the calls that tell them of changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, case, func, select
from sqlmodel import col

from postroom.desk.queries.pages import Paged, page_of
from postroom.desk.queries.sight import may_see
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, Event
from postroom.models.database import open_session
from postroom.models.interface import ApiToken, CallState, WebhookCall
from postroom.models.officer import Officer
from postroom.models.settings import Settings


@dataclass(frozen=True)
class Token:
    """A program's key to the API. `officer` is whose rights it has; `made_by` is empty where that is not known."""

    id: int
    name: str
    officer: str
    officer_id: int
    active: bool
    scopes: list[str]
    made_at: datetime
    made_by: str
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Hook:
    """An address that is told of changes, and how many calls to it stand how. `configured`: whether it still is."""

    name: str
    url: str
    configured: bool
    waiting: int
    sent: int
    dead: int
    last_sent_at: datetime | None


@dataclass(frozen=True)
class DeadCall:
    """A call that was given up. `reference` is empty where the visitor may not see the case."""

    id: int
    hook: str
    kind: str
    reference: str
    created_at: datetime
    attempts: int
    last_error: str


def tokens(engine: Engine) -> list[Token]:
    """All tokens: those that hold first, then by name."""
    columns: list[Any] = [
        col(ApiToken.id),
        col(ApiToken.name),
        col(Officer.name),
        col(ApiToken.officer_id),
        col(Officer.active),
        col(ApiToken.scopes),
        col(ApiToken.created_at),
        col(ApiToken.made_by),
        col(ApiToken.used_at),
        col(ApiToken.revoked_at),
    ]
    query = select(*columns).join(Officer, col(Officer.id) == ApiToken.officer_id)
    order = (col(ApiToken.revoked_at).is_not(None), col(ApiToken.name))
    with open_session(engine, read_only=True) as session:
        return [Token(*row) for row in session.execute(query.order_by(*order))]


def hooks(engine: Engine, settings: Settings) -> list[Hook]:
    """The addresses of the configuration, and others to which calls were given up."""
    counts = select(
        col(WebhookCall.hook), col(WebhookCall.state), func.count(), func.max(WebhookCall.sent_at)
    ).group_by(col(WebhookCall.hook), col(WebhookCall.state))
    with open_session(engine, read_only=True) as session:
        found = {(hook, state): (number, last) for hook, state, number, last in session.execute(counts)}
    urls = {hook.name: hook.url for hook in settings.webhooks}
    given_up = [hook for hook, state in found if state == CallState.DEAD and hook not in urls]
    return [
        Hook(
            name=name,
            url=urls.get(name, ""),
            configured=name in urls,
            waiting=found.get((name, CallState.WAITING), _NONE)[0],
            sent=found.get((name, CallState.SENT), _NONE)[0],
            dead=found.get((name, CallState.DEAD), _NONE)[0],
            last_sent_at=found.get((name, CallState.SENT), _NONE)[1],
        )
        for name in (*urls, *sorted(given_up))
    ]


_NONE = (0, None)


def dead_calls(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[DeadCall]:
    """The calls that were given up, the newest first."""
    columns: list[Any] = [
        col(WebhookCall.id),
        col(WebhookCall.hook),
        col(Event.kind),
        case((may_see(visitor, settings), col(Case.reference)), else_=""),
        col(WebhookCall.created_at),
        col(WebhookCall.attempts),
        col(WebhookCall.last_error),
    ]
    query: Any = (
        select(*columns)
        .join(Event, col(Event.id) == WebhookCall.event_id)
        .join(Case, col(Case.id) == Event.case_id)
        .where(col(WebhookCall.state) == CallState.DEAD)
        .order_by(col(WebhookCall.id).desc())
    )
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([DeadCall(*row) for row in found.rows], found.number, found.total)
