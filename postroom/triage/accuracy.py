"""How often officers took what was suggested: those who saw it, and those who decided before they did."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from postroom.models.case import Decision
from postroom.models.message import Suggestion

TARGETS = ("type", "category", "team", "exclusion")


@dataclass(frozen=True)
class Taken:
    """Of so many messages with a suggestion, how many got that label in the end."""

    messages: int
    right: dict[str, int]

    def share(self, target: str) -> float | None:
        return self.right[target] / self.messages if self.messages else None


@dataclass(frozen=True)
class Accuracy:
    """`blind`: of officers who had not seen the suggestion. `shown`: of all others, whom it may have led."""

    shown: Taken
    blind: Taken


def accuracy_by_model(session: Session) -> dict[str, Accuracy]:
    """By the version of the model that suggested. The suggestion is the one beside the first decision about a message,
    the labels are those of the last."""
    first, last = aliased(Decision), aliased(Decision)
    ends = select(func.min(Decision.id), func.max(Decision.id)).group_by(col(Decision.message_id)).subquery()
    query = (
        select(Suggestion, last, col(first.blind))
        .select_from(ends)
        .join(first, col(first.id) == ends.c[0])
        .join(last, col(last.id) == ends.c[1])
        .join(Suggestion, col(Suggestion.id) == col(first.suggestion_id))
        .where(col(Suggestion.type) != "")
    )
    judged: dict[str, dict[bool, list[dict[str, bool]]]] = {}
    for suggestion, decision, blind in session.execute(query):
        right = {target: getattr(suggestion, target) == getattr(decision, target) for target in TARGETS}
        judged.setdefault(suggestion.model, {True: [], False: []})[blind].append(right)
    return {model: Accuracy(_taken(found[False]), _taken(found[True])) for model, found in judged.items()}


def _taken(judged: list[dict[str, bool]]) -> Taken:
    return Taken(len(judged), {target: sum(each[target] for each in judged) for target in TARGETS})


def together(accuracies: Iterable[Accuracy]) -> Accuracy:
    """Of several models."""
    found = list(accuracies)
    return Accuracy(_sum(each.shown for each in found), _sum(each.blind for each in found))


def _sum(parts: Iterator[Taken]) -> Taken:
    found = list(parts)
    return Taken(sum(p.messages for p in found), {t: sum(p.right[t] for p in found) for t in TARGETS})
