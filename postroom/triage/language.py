"""Whether a text can be English. The model reads nothing else, and a wrong suggestion is worse than none.

English of any kind is held together by its small words: in each of 4,000 messages of ten words or more they were at
least 18 in 100; in other languages they are a few that look alike. Notes ("Reported Sunday, fixed Tuesday. Thanks")
have few of them, and words of notes instead. Where either is in doubt, it is taken for English.
"""

import re

from spacy.lang.en.stop_words import STOP_WORDS

LEAST_WORDS = 10
"""Fewer words tell nothing: "manhole cover gone outside co op" has no small word."""
LEAST_SHARE = 0.12
_OF_NOTES = set(
    "hi hello dear regards thanks thank please reported report fixed mended repaired asked told today yesterday day "
    "days week weeks month months year years time times light lights lamp pothole potholes drain hole pavement path "
    "kerb sign lines bin bins cars junction corner turning bend head outside opposite near broken blocked "
    "missing".split()
)
"""No names of streets or schools: people who write in another language name those too."""
_SMALL = STOP_WORDS | _OF_NOTES
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-zà-ɏ]")
LEAST_LETTERS = 4


def may_be_english(text: str) -> bool:
    """False where most letters are not Latin ones, or where too few of its words are English small words."""
    words = _WORD.findall(text.lower())
    letters = "".join(words)
    if len(letters) >= LEAST_LETTERS and 2 * len(_LATIN.findall(letters)) < len(letters):
        return False
    return len(words) < LEAST_WORDS or sum(word in _SMALL for word in words) >= LEAST_SHARE * len(words)
