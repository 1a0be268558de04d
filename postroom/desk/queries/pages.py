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


def numbered(number: int, total: int) -> int:
    """The number of a page of a list of `total` rows; past the end it is the last page."""
    return min(number, max(1, -(-total // PAGE_SIZE)))


def page_of(session: Session, query: Select[Any], number: int, counting: Select[Any] | None = None) -> Paged[Any]:
    """Page `number` of what `query` finds; past the end it is the last page. `counting` finds how many rows there are
    in all, where that can be had for less."""
    if counting is None:
        counting = select(func.count()).select_from(query.order_by(None).subquery())
    total = session.execute(counting).scalar_one()
    number = numbered(number, total)
    rows = session.execute(query.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
    return Paged(list(rows), number, total)
