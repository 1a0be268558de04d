"""A database at a moment, to be looked through."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from postroom.models.case import Case
from postroom.models.settings import Settings


@dataclass(frozen=True)
class Books:
    """What the checks look through: read once the years are over."""

    session: Session
    settings: Settings
    now: datetime

    def references(self) -> dict[int | None, str]:
        """How the cases are called, by their ids."""
        return dict(self.session.exec(select(Case.id, Case.reference)).all())
