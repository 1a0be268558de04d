"""Cases that a new message may belong to, or say again: of the same sender, or named in its words."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from postroom.desk.queries.sight import is_sealed, may_see
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, CaseStatus
from postroom.models.message import OPENED, Message
from postroom.models.settings import Settings

MOST = 20
MOST_SHOWN = 5
SAME_FROM = 0.6
"""Of the words of two messages, the share that both have from which one seems to say the other again."""
RECENT = timedelta(days=90)


@dataclass(frozen=True)
class Related:
    """A case that a message may belong to. `why` is in words for an officer; `confirmed` says that messages can be put
    on it."""

    reference: str
    subject: str
    type: str
    status: str
    received_at: datetime
    why: str

    @property
    def confirmed(self) -> bool:
        return self.status != CaseStatus.AWAITING


def related(
    session: Session, case: Case, message: Message, visitor: SignedIn, settings: Settings
) -> tuple[Related, ...]:
    """What `visitor` may see of such cases, the most likely first. No sealed one: its words would be told without the
    look being recorded."""
    prefix = re.escape(settings.council.reference_prefix)
    named = set(re.findall(rf"\b{prefix}-\d{{4}}-\d{{6,12}}\b", f"{message.subject} {message.text}"))
    near: list[Any] = [col(Case.reference).in_(named)]
    if case.person_id is not None:
        recently = col(Case.received_at).between(case.received_at - RECENT, case.received_at + RECENT)
        near.append((col(Case.person_id) == case.person_id) & recently)
    columns: list[Any] = [
        col(Case.reference),
        col(Case.subject),
        col(Case.type),
        col(Case.status),
        col(Case.received_at),
        col(Message.new_text),
    ]
    query = (
        select_columns(*columns)
        .join(Message, (col(Message.case_id) == Case.id) & (col(Message.matched_by) == OPENED))
        .where(or_(*near), col(Case.id) != case.id, may_see(visitor, settings), ~is_sealed(settings))
        .order_by(col(Case.received_at).desc())
        .limit(MOST)
    )
    words = _words(message.new_text)
    found = []
    for reference, subject, type_, status, received_at, text in session.execute(query):
        likely, why = _why(reference in named, _alike(words, _words(text)), _topic(subject) == _topic(case.subject))
        if why:
            found.append((likely, Related(reference, subject, type_, status, received_at, why)))
    return tuple(each for _, each in sorted(found, key=lambda pair: -pair[0])[:MOST_SHOWN])


def _why(named: bool, alike: float, same_subject: bool) -> tuple[float, str]:
    """How likely the two belong together, and why; no words where nothing says so."""
    if named:
        return 2.0, "the message names it"
    if alike >= SAME_FROM:
        return 1.0 + alike, "same sender, nearly the same words"
    if same_subject:
        return 1.0, "same sender, same subject"
    return 0.0, ""


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w{3,}", text.lower()))


def _topic(subject: str) -> str:
    """A subject without what mail programs put before it."""
    return re.sub(r"^(?:\s*(?:re|fw|fwd|aw|sv)\s*:)+", "", subject.lower()).strip() or subject
