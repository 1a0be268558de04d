"""A second look at each message of a person, apart from the suggestion: is it a near-copy of another, and does it hold
two matters? It begins with the oldest message, so that what came before there was a second look is caught up with."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlmodel import Session, col, exists
from sqlmodel import select as select_rows

from postroom.models.campaign import NearCopy, TwoMatters
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings
from postroom.triage.campaigns import find_copies, look_at
from postroom.triage.corpus import Text
from postroom.triage.features import LONGEST, Reader
from postroom.triage.language import may_be_english
from postroom.triage.model import area_groups
from postroom.triage.near_copies import letter_runs
from postroom.triage.signals import TOPIC
from postroom.triage.suggesting import Suggested, Suggester
from postroom.triage.two_matters import Opinion, Place, Topic, is_second_matter, places

log = logging.getLogger(__name__)

BATCH = 20
IDLE_SECONDS = 2.0
LATE = 1_000
"""Messages may be committed in another order than they are numbered: so many numbers are looked back for late ones."""
BY_OFFICERS = "desk"
"""`RawMessage.source` of what officers made from a message that was looked at before."""
_ONE_AT_A_TIME = 7_305_114
"""The number of a lock on PostgreSQL. On SQLite whoever writes is alone anyway."""


class SecondLook:
    """Looks at messages by one council's configuration and the model that suggests now (`suggester`)."""

    def __init__(self, engine: Engine, settings: Settings, suggester: Callable[[], Suggester]) -> None:
        self._engine = engine
        self._settings = settings
        self._suggester = suggester
        self._ours = letter_runs(_letters(settings))
        self._groups = area_groups(settings)
        self._reader = Reader(settings, ())

    def process_one(self, now: datetime) -> bool:
        """Look at the oldest messages that were not looked at yet, up to `BATCH` of them, and write what was found with
        one commit. Returns whether there was one. No session is open while the model runs."""
        batch = _next(self._engine)
        if batch:
            suggester = self._suggester()
            looked = [
                (look_at(message, self._ours), self._matters(message, case, suggester, now)) for message, case in batch
            ]
            with open_session(self._engine) as session:
                _be_alone(session)
                done = _looked_at(session, [message for message, _ in batch])
                for each, matters in looked:
                    if each.message.id not in done:
                        find_copies(session, each, self._ours, self._settings.triage, now)
                        session.add_all([matters] if matters else [])
                session.commit()
        return bool(batch)

    def _matters(self, message: Message, status: str | None, suggester: Suggester, now: datetime) -> TwoMatters | None:
        """The two matters of a message on a case that is not closed."""
        text = message.new_text
        if status == CaseStatus.CLOSED or len(text) > LONGEST or not may_be_english(text):
            return None
        try:
            return self._two(message, text, suggester, now)
        except Exception:
            log.exception("Message %s: looking for two matters failed; none are proposed", message.id)
            return None

    def _two(self, message: Message, text: str, suggester: Suggester, now: datetime) -> TwoMatters | None:
        if not places(text, ()):
            return None  # most have no sign of a second matter, and to read the topics takes most of the time
        for place in places(text, self._topics(text)):
            parts = (0, place.at), (place.at, len(text))
            first, second = suggester.suggest_many([Text(body=text[start:end]) for start, end in parts])
            if is_second_matter(place, self._opinion(first), self._opinion(second)):
                return _proposal(message, place, (first, second), suggester.version, now)
        return None

    def _topics(self, text: str) -> list[Topic]:
        """The topics that are named in a text, with their places; none where it was not read as it stands."""
        reading = self._reader.read(Text(body=text))
        if len(reading.text) != len(text.strip()):
            return []
        before = len(text) - len(text.lstrip())
        signals = [signal for signal in reading.signals if signal.name.startswith(TOPIC)]
        return [Topic(signal.name.removeprefix(TOPIC), signal.start + before) for signal in signals]

    def _opinion(self, suggested: Suggested) -> Opinion:
        """Whose work it is; teams that do the same in different areas are one."""
        work: dict[str, float] = defaultdict(float)
        for team, probability in suggested.team.alternatives:
            work[self._groups.get(team, team)] += probability
        return Opinion(*max(work.items(), key=lambda each: each[1]))


def _proposal(message: Message, place: Place, parts: Sequence[Suggested], model: str, now: datetime) -> TwoMatters:
    assert message.id is not None
    ends = (0, place.at), (place.at, len(message.new_text))
    return TwoMatters(
        message_id=message.id,
        made_at=now,
        model=model,
        because=place.because,
        parts=[
            {"start": start, "end": end, "type": part.type.label, "team": part.team.label}
            for (start, end), part in zip(ends, parts, strict=True)
        ],
    )


def _next(engine: Engine) -> list[tuple[Message, str | None]]:
    """The next messages of people, with their case's status."""
    looked_at = exists().where(col(NearCopy.message_id) == col(Message.id))
    with open_session(engine, read_only=True) as session:
        last = session.execute(select(func.max(NearCopy.message_id))).scalar() or 0
        query = (
            select(Message, col(Case.status))
            .join(RawMessage, col(RawMessage.id) == col(Message.raw_message_id))
            .outerjoin(Case, col(Case.id) == col(Message.case_id))
            .where(col(Message.id) > last - LATE, col(Message.machine) == "none", ~looked_at)
            .where(col(RawMessage.source) != BY_OFFICERS)
            .order_by(col(Message.id))
            .limit(BATCH)
        )
        return [(message, status) for message, status in session.execute(query)]


def _looked_at(session: Session, messages: Sequence[Message]) -> set[int]:
    """Which of these another worker looked at meanwhile."""
    ids = [message.id for message in messages]
    return set(session.exec(select_rows(NearCopy.message_id).where(col(NearCopy.message_id).in_(ids))))


def _be_alone(session: Session) -> None:
    """Two copies that are looked at at once would not see each other."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))


def _letters(settings: Settings) -> list[str]:
    folder = settings.path(settings.outgoing.letters)
    return [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.txt"))]
