"""Messages as JSON lines to suggestions: what `postroom suggest` does. One bad line never stops the rest."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from postroom.triage.corpus import MessageFields
from postroom.triage.suggesting import Suggester


def suggest_lines(lines: Iterable[str | bytes], suggester: Suggester) -> Iterator[dict[str, Any]]:
    """One dict for each line that is not blank, in order: `id` and the suggestion, or `id` and `error`.

    A line without an id is called by its number, from 1.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            message = MessageFields.model_validate_json(line)
        except ValidationError as error:
            yield {"id": _id_of(line, number), "error": _told(error)}
            continue
        yield {"id": number if message.id is None else message.id, **suggester.suggest(message.text()).as_json()}


def _id_of(line: str | bytes, number: int) -> Any:
    """The id of a line that is otherwise wrong, where one can be read."""
    try:
        found = json.loads(line)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return number
    return found if isinstance(found, str | int) else number


def _told(error: ValidationError) -> str:
    faults = ((".".join(map(str, detail["loc"])), detail["msg"]) for detail in error.errors())
    return "; ".join(f"{place}: {message}" if place else message for place, message in faults)
