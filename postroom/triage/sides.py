"""Which examples may stand on which side of a measurement: near copies never on both.

Near are examples of one writer or on one theme, and those that a chain of such connects. About a seventh of the groups
is set aside: no model that a published figure speaks of was trained or tuned on them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import GroupKFold

from postroom.triage.corpus import Example

FOLDS = 5
SET_ASIDE = 0.15
"""The part of the groups that is set aside."""


def near_groups(examples: Sequence[Example]) -> Any:
    """A number for each example, the same where a chain of shared writers and themes leads from one to the other."""
    nodes: dict[tuple[str, str], int] = {}
    writers = [nodes.setdefault(("writer", example.writer), len(nodes)) for example in examples]
    themes = [nodes.setdefault(("theme", example.theme), len(nodes)) for example in examples]
    graph = csr_matrix((np.ones(len(examples)), (writers, themes)), shape=(len(nodes), len(nodes)))
    _, components = connected_components(graph, directed=False)
    return components[writers]


def foreign_groups(examples: Sequence[Example]) -> Any:
    """A number for each example: the same for those of one file of the seed corpus, so that a whole file, its hand and
    often its service, is unseen together; for others as `near_groups` has it."""
    groups = near_groups(examples)
    names = {
        name: number for number, name in enumerate(sorted({example.source for example in examples if example.source}))
    }
    first = len(examples)
    return np.array(
        [
            first + names[example.source] if example.source else group
            for example, group in zip(examples, groups, strict=True)
        ]
    )


def folds(groups: Any, count: int = FOLDS) -> Iterator[tuple[Any, Any]]:
    """Positions to learn from and positions to be measured on, no group on both sides; as many messages in each."""
    count = min(count, len(set(groups)))
    if count < 2:
        return iter(())
    result: Iterator[tuple[Any, Any]] = GroupKFold(count).split(groups, groups=groups)
    return result


def set_aside(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Those to learn from, and those that are set aside: the same ones however many others come to the corpus.

    The first of a group's themes in the alphabet decides, so a group moves only where a new theme joins it.
    """
    groups = near_groups(examples)
    named: dict[int, str] = {}
    for group, example in zip(groups, examples, strict=True):
        named[group] = min(named.get(group, example.theme), example.theme)
    aside = {group for group, name in named.items() if _part(name) < SET_ASIDE}
    learned = [example for group, example in zip(groups, examples, strict=True) if group not in aside]
    return learned, [example for group, example in zip(groups, examples, strict=True) if group in aside]


def _part(name: str) -> float:
    """A number from 0 to 1 that depends on `name` alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
