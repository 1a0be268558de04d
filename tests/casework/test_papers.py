"""What a move costs: what belongs to a case is read once and passed on."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from postroom.casework import cases
from postroom.casework.papers import Papers
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from tests.casework.casebook import CLOSING, Casebook


@contextmanager
def asked(engine: Engine) -> Iterator[Counter[str]]:
    """The questions that the database is asked, and how often."""
    found: Counter[str] = Counter()

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if sql.startswith("SELECT"):
            found[f"{sql} {values}"] += 1

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("move", "values", "most"),
    [
        (cases.acknowledge, {"actor": "delivery", "how": "letter"}, 4),
        (cases.extend, {"step": "respond", "days": 2, "reason": "more people have to be asked"}, 5),
        (cases.respond, {"how": "by letter"}, 6),
        (cases.close, {"answers": CLOSING, "reason": "answered", "actor": "officer:1"}, 6),
        (cases.add_note, {"text": "Ring her."}, 3),
    ],
)
def test_a_move_asks_nothing_twice_and_only_what_it_depends_on(
    book: Casebook, move: Callable[..., Any], values: dict[str, Any], most: int
) -> None:
    case_id = book.confirmed()
    with asked(book.engine) as questions:
        book.make(move, case_id, **values)
    assert [question for question, times in questions.items() if times > 1] == []
    assert len(questions) <= most, "\n".join(questions)


def test_a_case_that_awaits_confirmation_has_no_stage(book: Casebook) -> None:
    with open_session(book.engine, read_only=True) as session:
        papers = Papers(session, book.open_one())
        with pytest.raises(ImpossibleMove, match="Confirm first"):
            assert papers.stage
