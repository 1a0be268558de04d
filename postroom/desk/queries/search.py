"""Search over the words of messages, their senders and references, within what a visitor may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select, text
from sqlmodel import Session, col

from postroom.desk.filters import Filters
from postroom.desk.queries.pages import PAGE_SIZE, Paged, numbered
from postroom.desk.queries.sight import first_message_id, is_sealed, may_see, suggestion_id, team_now
from postroom.desk.search_words import Found, Term, around, for_postgresql, for_sqlite, references, terms
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.settings import Settings

MOST = 500
"""So many of the newest messages that match are shown; who wants others adds words."""

_IN_SQLITE = text("message.id IN (SELECT rowid FROM search_message WHERE search_message MATCH :wanted)")
_IN_POSTGRESQL = text(
    "to_tsvector('search_words', left(message.subject, 1000) || ' ' || left(message.sender_name, 1000) || ' ' || "
    "translate(left(message.sender_email, 1000), '@.+_-', '     ') || ' ' || left(message.text, 100000)) "
    "@@ to_tsquery('search_words', :wanted)"
)


@dataclass(frozen=True)
class Result:
    """A case that was found. `type` and `team` are empty until it is confirmed; `found` is none for a sealed one: its
    words are read on its own page, where that is recorded."""

    reference: str
    subject: str
    status: str
    type: str
    team: str
    sealed: bool
    at_risk: bool
    channel: str
    received_at: datetime
    sender: str
    found: Found | None


@dataclass(frozen=True)
class Results:
    """`more`: that there are more messages than are looked at."""

    paged: Paged[Result]
    more: bool


def search(
    engine: Engine, typed: str, filters: Filters, number: int, *, visitor: SignedIn, settings: Settings, today: date
) -> Results:
    """The cases whose messages hold all the words, the newest first; those with such a reference before them."""
    wanted = terms(typed)
    meant = references(typed, settings.council.reference_prefix, today)
    visible = (may_see(visitor, settings), *_filtered(filters, visitor))
    with open_session(engine, read_only=True) as session:
        named = _matches(session, (col(Case.reference).in_(meant), col(Message.id) == first_message_id, *visible))
        worded = _matches(session, (_matching(session), *visible), wanted) if wanted else []
        cases = dict(reversed([*named, *worded]))  # of a case the message first found, in the order found
        order = list(dict.fromkeys(case_id for case_id, _ in [*named, *worded]))
        number = numbered(number, len(order))
        shown = [cases[case_id] for case_id in order[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]]
        rows = _results(session, shown, wanted, settings)
    return Results(Paged(rows, number, len(order)), len(worded) >= MOST)


def _matches(session: Session, conditions: Sequence[Any], wanted: Sequence[Term] = ()) -> list[tuple[int, int]]:
    """Case and message, the newest first."""
    query = select(col(Case.id), col(Message.id)).join(Message, col(Message.case_id) == Case.id).where(*conditions)
    query = query.order_by(col(Message.id).desc()).limit(MOST)
    values = {"wanted": _in_words_of(session, wanted)} if wanted else {}
    return [(case_id, message_id) for case_id, message_id in session.execute(query, values)]


def _matching(session: Session) -> Any:
    return _IN_SQLITE if _is_sqlite(session) else _IN_POSTGRESQL


def _in_words_of(session: Session, wanted: Sequence[Term]) -> str:
    return for_sqlite(wanted) if _is_sqlite(session) else for_postgresql(wanted)


def _is_sqlite(session: Session) -> bool:
    return session.connection().dialect.name == "sqlite"


def _filtered(filters: Filters, visitor: SignedIn) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.team:
        conditions.append(team_now == filters.team)
    if filters.type:
        conditions.append(col(Case.type) == filters.type)
    if filters.channel:
        conditions.append(col(Case.channel) == filters.channel)
    if filters.at_risk:
        conditions.append(col(Case.at_risk).is_(True))
    if filters.mine:
        conditions.append(team_now.in_(sorted(visitor.teams)))
    return conditions


def _results(session: Session, message_ids: list[int], wanted: Sequence[Term], settings: Settings) -> list[Result]:
    columns: list[Any] = [
        col(Message.id),
        col(Message.text),
        col(Case.reference),
        col(Case.subject),
        col(Case.status),
        col(Case.type),
        col(Case.team),
        is_sealed(settings),
        col(Case.at_risk) | func.coalesce(Suggestion.at_risk, False),
        col(Case.channel),
        col(Case.received_at),
        func.coalesce(func.nullif(Message.sender_name, ""), Message.sender_email),
    ]
    query = (
        select(*columns)
        .join(Message, col(Message.case_id) == Case.id)
        .outerjoin(Suggestion, col(Suggestion.id) == suggestion_id)
        .where(col(Message.id).in_(message_ids))
    )
    found = {}
    for row in session.execute(query):
        id_, words, reference, subject, status, type_, team, sealed, at_risk, channel, received_at, sender = row
        shown = None if sealed else around(words, wanted)
        found[id_] = Result(
            reference, subject, status, type_, team, bool(sealed), bool(at_risk), channel, received_at, sender, shown
        )
    return [found[id_] for id_ in message_ids]
