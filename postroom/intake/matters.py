"""Whether a message in an old thread is about something new. Pure.

People answer the last letter that they have from us when they write about another thing. Both must be new: the
subject, without a word that the case's subjects have, and the text, with few of the case's words. A short answer is
never a new matter. The bounds were measured on the corpus that triage learns from (docs/decisions/).
"""

import re
from collections.abc import Iterable

FEWEST_WORDS = 12
"""Different words of content that a text must have before it can be about something new."""
SHARE_OF_SAME_MATTER = 0.06
"""From this share of its words of content on, a text is about what the case is about."""

_CHARACTERS = 20_000
_STEM = 5
_WORD = re.compile(r"[^\W\d_]{3,40}")
_REFERENCE = re.compile(r"\b[A-Z]{1,6}-\d{4}-\d{6,9}\b", re.IGNORECASE)
_OF_NO_MATTER = frozenset(
    "about above after again against all also although always and another any anyone anything are around asked "
    "because been before being below best between both but came can cannot come could couldn day days dear did didn "
    "does doesn doing don done down during each either email ever every everyone few for from further get gets "
    "getting give given going gone good got had hadn has hasn have haven having hello help her here him himself his "
    "how however into isn its just keep kind know last least less letter like long made make many may maybe message "
    "might mine month months more morning most much must myself need never new next nobody nor not nothing now off "
    "often once one only other our out over own people please put rather really regards regarding reply said same "
    "say see seem sent several shall she should since sincerely sir some somebody someone something soon still such "
    "take tell than thank thanks that the their them then there these they thing things think this those three "
    "through time times today told too two under until upon use used very wait waiting want was wasn way week weeks "
    "well went were what when where whether which while who whole whom whose why will wish with without won would "
    "wouldn write writing wrote year years yesterday yet you your yours council enquiry complaint complaints "
    "fwd".split()
)


def words_of(text: str) -> frozenset[str]:
    """The words of content in `text`, each once, by their first letters: bin and bins, collect and collection."""
    found = (word.lower() for word in _WORD.findall(_REFERENCE.sub(" ", text[:_CHARACTERS])))
    return frozenset(word[:_STEM].removesuffix("s") for word in found if word not in _OF_NO_MATTER)


def is_new_matter(subject: str, text: str, *, subjects: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether a message with this subject and new text is about something else than a case with these."""
    named = words_of(subject)
    if not named or named & frozenset().union(*map(words_of, subjects)):
        return False
    said = words_of(text)
    if len(said) < FEWEST_WORDS:
        return False
    known = frozenset().union(*map(words_of, (*subjects, *texts)))
    return len(said & known) < SHARE_OF_SAME_MATTER * len(said)
