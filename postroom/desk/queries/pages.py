"""Long lists in pages of 25."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlmodel import Session

PAGE_SIZE = 25

Row = TypeVar("Row")


@dataclass(frozen=True)
class Paged(Generic[Row]):
    """One page of a list. `number` counts from 1; `total` is of the whole list."""

    rows: list[Row]
    number: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def first(self) -> int:
        """The place of the page's first row in the whole list, from 1."""
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def page_of(session: Session, query: Select[Any], number: int) -> Paged[Any]:
    """Page `number` of what `query` finds; past the end it is the last page."""
    total = session.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
    number = min(number, max(1, -(-total // PAGE_SIZE)))
    rows = session.execute(query.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
    return Paged(list(rows), number, total)
