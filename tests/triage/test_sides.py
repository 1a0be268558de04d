from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.sides import folds, near_groups, set_aside

LABELS = Labels("enquiry", "none", "waste", "none", at_risk=False)


def _examples(pairs: list[tuple[str, str]]) -> list[Example]:
    return [Example(f"{writer} {theme}", Text(body="x"), LABELS, writer, theme) for writer, theme in pairs]


def test_near_copies_never_stand_on_both_sides() -> None:
    groups = near_groups(
        _examples([("ann", "a"), ("ann", "b"), ("bob", "b"), ("cat", "c"), ("cat", "d"), ("dan", "e")])
    )
    assert len({groups[0], groups[1], groups[2]}) == 1
    assert len(set(groups)) == 3
    for learned, measured in folds(groups, 3):
        assert not {groups[p] for p in learned} & {groups[p] for p in measured}


def test_about_a_seventh_is_set_aside_with_all_that_is_near() -> None:
    examples = _examples([(f"writer {n // 2}", f"theme {n}") for n in range(1000)])
    learned, aside = set_aside(examples)
    assert sorted([*learned, *aside], key=examples.index) == examples
    assert 0.1 < len(aside) / 1000 < 0.2
    assert not {e.writer for e in learned} & {e.writer for e in aside}


def test_what_is_set_aside_stays_so_when_others_join_the_corpus() -> None:
    examples = _examples([(f"writer {n}", f"theme {n}") for n in range(200)])
    few, many = set_aside(examples[:100])[1], set_aside(examples[::-1])[1]
    assert set(few) == set(many) & set(examples[:100])
