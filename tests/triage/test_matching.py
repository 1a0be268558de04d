from postroom.triage.matching import Phrases


def _phrases(**phrases: list[str]) -> Phrases:
    found = Phrases()
    for name, several in phrases.items():
        found.add(name, map(str.split, several))
    return found


def test_a_phrase_is_found_wherever_it_stands() -> None:
    phrases = _phrases(again=["once more"])
    assert list(phrases("once more and once more".split())) == [("again", 0, 2), ("again", 3, 5)]


def test_phrases_that_begin_alike_are_all_found() -> None:
    phrases = _phrases(short=["blue"], long=["blue badge", "blue badge fee"])
    assert list(phrases("a blue badge fee".split())) == [("short", 1, 2), ("long", 1, 3), ("long", 1, 4)]


def test_a_phrase_may_have_several_names_and_is_given_once_by_each() -> None:
    phrases = _phrases(one=["blue badge", "blue badge"], two=["blue badge"])
    assert list(phrases(["blue", "badge"])) == [("one", 0, 2), ("two", 0, 2)]


def test_the_beginning_of_a_phrase_at_the_end_of_a_text_is_not_found() -> None:
    assert list(_phrases(again=["once more"])("not once".split())) == []


def test_nothing_is_found_in_no_words() -> None:
    assert list(_phrases(again=["once more"])([])) == []
