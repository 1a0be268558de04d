"""What a letter to a resident must say, whoever wrote its words: the council in a template, or an officer.

By the Complaint Handling Code 2024 (sections 2, 5 and 6), and by the template: what stands in one of its blocks stays.
"""

import re

from postroom.models.failures import ConfigurationError, ImpossibleMove
from postroom.models.settings import NO_EXCLUSION, Settings
from postroom.notifications.envelopes import one_line
from postroom.notifications.layout import says
from postroom.notifications.letters import Letter, LetterFacts, render
from postroom.notifications.owed import Purpose

NEXT_STAGE, OMBUDSMAN = "next_stage", "ombudsman"
"""Blocks that the rules ask for."""

_TO_BE_REPLACED = re.compile(r"^\s*\[.*\]\s*$", re.MULTILINE)
"""A line of a template that tells the officer what to write there."""
_NAMES_OMBUDSMAN = (Purpose.ACKNOWLEDGEMENT, Purpose.EXTENSION, Purpose.REFUSAL, Purpose.RESPONSE)


def write(settings: Settings, purpose: Purpose, name: str, facts: LetterFacts) -> Letter:
    """The letter `name` to a resident. Raises `ConfigurationError` also where it lacks what it must say."""
    letter = render(settings, name, facts)
    wrong = [f"the letter to give {what}" for what in _not_said(settings, purpose, facts, letter.text)]
    wrong += [f"a block {block}, since {why}" for block, why in _not_there(settings, purpose, facts, letter).items()]
    if wrong:
        file = settings.path(settings.outgoing.letters) / f"{name}.txt"
        raise ConfigurationError([f"{file}: expected {what}" for what in wrong])
    return letter


def problems(settings: Settings, purpose: Purpose, letter: Letter, facts: LetterFacts, text: str) -> list[str]:
    """Why `text`, an officer's version of what the template made, can't be sent: in words for the officer."""
    found = [f"The letter must give {what}." for what in _not_said(settings, purpose, facts, text)]
    found += [
        f"The letter must keep these words of its template: “{one_line(words)}”"
        for words in letter.kept.values()
        if not says(text, words)
    ]
    found += [
        f"The template needs a block {block}, since {why}."
        for block, why in _not_there(settings, purpose, facts, letter).items()
    ]
    if _TO_BE_REPLACED.search(text):
        found.append("Replace the lines in square brackets: they say what to write there.")
    return found


def edited(settings: Settings, purpose: Purpose, letter: Letter, facts: LetterFacts, subject: str, text: str) -> Letter:
    """`letter` as an officer edited it. Raises `ImpossibleMove` where it no longer says what it must."""
    if not one_line(subject) or not text.strip():
        raise ImpossibleMove("A letter needs a subject and a text.")
    wrong = problems(settings, purpose, letter, facts, text)
    if wrong:
        raise ImpossibleMove(" ".join(wrong))
    return Letter(one_line(subject), text.replace("\r\n", "\n").strip() + "\n", letter.version, letter.kept)


def _not_said(settings: Settings, purpose: Purpose, facts: LetterFacts, text: str) -> list[str]:
    return [what for what, words in _must_say(settings, purpose, facts).items() if not says(text, words)]


def _must_say(settings: Settings, purpose: Purpose, facts: LetterFacts) -> dict[str, str]:
    """What a letter must say, and in which words."""
    required = {"the case's reference": facts.reference}
    if purpose == Purpose.RECEIPT:
        return required
    promises = purpose == Purpose.EXTENSION or (purpose == Purpose.ACKNOWLEDGEMENT and facts.exclusion == NO_EXCLUSION)
    if promises and facts.answer_by:
        required["the date of the answer"] = facts.answer_by
    if purpose in (Purpose.EXTENSION, Purpose.REFUSAL) and facts.reason:
        required["the reason"] = facts.reason
    if purpose == Purpose.RESPONSE:
        required |= {f"point {point.number}": point.text for point in facts.points}
    if purpose == Purpose.RESPONSE and facts.next_stage:
        required["the name of the next stage"] = facts.next_stage
        required["the date until which the next stage can be asked for"] = facts.next_stage_by
    if facts.type in settings.outgoing.ombudsman_types and purpose in _NAMES_OMBUDSMAN:
        required["the Ombudsman's name"] = settings.council.ombudsman.name
    return required


def _not_there(settings: Settings, purpose: Purpose, facts: LetterFacts, letter: Letter) -> dict[str, str]:
    """The blocks that the template should have and has not, each with why: they can't be lost when an officer edits
    the letter."""
    needed: dict[str, str] = {}
    if purpose == Purpose.RESPONSE and facts.next_stage:
        needed[NEXT_STAGE] = "a response says how to ask for the next stage"
    if facts.type in settings.outgoing.ombudsman_types and purpose in _NAMES_OMBUDSMAN[1:]:
        needed[OMBUDSMAN] = "the letter says how to go to the Ombudsman"
    return {block: why for block, why in needed.items() if block not in letter.kept}
