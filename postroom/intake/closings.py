"""What stands below a writer's words and is none of them: signature, the line that a telephone adds, the notice that a
company puts under every mail. Cut only at the end, and only where it is certain."""

import re

from postroom.intake.quotation_marks import SENT_FROM, SENT_FROM_CHARACTERS

_SIGNATURE_LINES = 10
_SIGNATURE_CHARACTERS = 600
_NOTICE_LINES = 60
_NOTICE_CHARACTERS = 6_000
_NOTICE_OPENS = re.compile(
    r"[*_\-=# ]{0,100}(?:(?:confidentiality|legal|important|privacy|e-?mail)? ?(?:notice|disclaimer"
    r"|confidentiality)\b"
    r"|(?:this|the information (?:contained )?in this|the contents? of this|any (?:views|opinions)"
    r"|information in this"
    r"|(?:please )?note:? this) (?:e-?mail|message|communication|transmission|electronic)"
    r"|this (?:e-?mail|message|communication|transmission)\b|the information (?:contained |transmitted|in this)"
    r"|(?:this|the) (?:e-?mail )?transmission|important:? (?:this|the) (?:e-?mail|message|information)"
    r"|mae'?r (?:e-?bost|neges)|diese (?:e-?mail|nachricht)|ce (?:message|courriel|mail)\b|este (?:correo|mensaje)"
    r"|please (?:consider|think about) the environment|(?:save|think) .{0,20}before (?:you )?print|virus-free\."
    r"|(?:scanned|checked) (?:by|for virus)|this e-?mail has been (?:scanned|checked))",
    re.IGNORECASE,
)
_NOTICE_TERMS = re.compile(
    r"confidential|privileged|intended (?:solely |only |exclusively )?(?:for|recipient)|addressee"
    r"|named recipient|in error"
    r"|disclos|distribut|dissemin|delete (?:it|this|the)|notify (?:the|us)|virus|scanned"
    r"|do(?:es)? not (?:necessarily )?represent"
    r"|monitored|recorded|liabilit|unauthori[sz]ed|freedom of information|data protection|before print|environment"
    r"|cyfrinachol|derbynnydd|vertraulich|confidentiel|confidencial|registered (?:in|office)",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"[*_ ]{0,5}(?:(?:e-?mail )?(?:confidentiality|legal|privacy) notice|(?:e-?mail )?disclaimer)[:*_. ]{0,5}",
    re.IGNORECASE,
)
_SHORT_NOTICE = re.compile(
    r"(?:please (?:consider|think about) the environment before printing .{0,80}|virus-free\..{0,80}"
    r"|this e-?mail has been (?:scanned|checked) (?:for|by) .{0,120}|scanned by .{0,80}"
    r"|think before you print\W{0,5})",
    re.IGNORECASE,
)
_TERMS_NEEDED = 2
_RULE = re.compile(r"[*_\-=#~ ]{3,200}")
_BREAKS = frozenset(["", *"*_-=#~ \t\xa0"])
"""What a line between paragraphs begins with."""
_FOOTER_LINES = 8
_LIST_RULE = re.compile(r"_{30,80}")
_LIST_FOOTER = re.compile(r"mailing list|unsubscribe|mailman", re.IGNORECASE)


def without_closing(lines: list[str]) -> list[str]:
    """`lines` up to the last of the writer's words."""
    end = _end_of_words(lines, len(lines))
    while (shorter := _end_of_words(lines, _before_notice(lines, end))) < end:
        end = shorter
    return lines[: _end_of_words(lines, _before_signature(lines, end))]


def _end_of_words(lines: list[str], end: int) -> int:
    while end and (not lines[end - 1].strip() or _is_added(lines[end - 1].strip())):
        end -= 1
    return end


def _is_added(line: str) -> bool:
    return len(line) <= SENT_FROM_CHARACTERS and SENT_FROM.match(line) is not None


def _before_signature(lines: list[str], end: int) -> int:
    """A short signature stands after "-- " (RFC 3676 4.3)."""
    for number in range(end - 1, max(-1, end - _SIGNATURE_LINES - 2), -1):
        if lines[number].rstrip() == "--" and sum(map(len, lines[number + 1 : end])) <= _SIGNATURE_CHARACTERS:
            return number
    return end


def _before_notice(lines: list[str], end: int) -> int:
    """Where the last paragraphs are a notice: one that begins as such and, to the end, says at least two of the things
    that notices say."""
    if not end:
        return end
    if _SHORT_NOTICE.fullmatch(lines[end - 1].strip()):
        return end - 1
    for number in range(end - 1, max(-1, end - _NOTICE_LINES), -1):
        above = lines[number - 1] if number else ""
        if above[:1] not in _BREAKS:
            continue  # in the middle of a paragraph
        line = lines[number].strip()
        if above[:1] == "_" and end - number <= _FOOTER_LINES and _is_list_footer(lines[number - 1 : end]):
            return number - 1
        begins = not above.strip() or _RULE.fullmatch(above)
        if begins and _NOTICE_OPENS.match(line) and _is_notice("\n".join(lines[number:end])):
            return _above_heading(lines, number - 1 if above.strip() else number)
    return end


def _above_heading(lines: list[str], number: int) -> int:
    """Where the notice's heading stands, if it has one on a line of its own."""
    above = number - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _HEADING.fullmatch(lines[above].strip()) else number


def _is_list_footer(lines: list[str]) -> bool:
    """What mailing lists put under each mail."""
    return _LIST_RULE.fullmatch(lines[0].strip()) is not None and _LIST_FOOTER.search("\n".join(lines)) is not None


def _is_notice(text: str) -> bool:
    if len(text) > _NOTICE_CHARACTERS:
        return False
    paragraphs = [paragraph for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip(" *_-=#~\n")]
    terms = {term.lower() for term in _NOTICE_TERMS.findall(text)}
    return len(terms) >= _TERMS_NEEDED and all(map(_NOTICE_TERMS.search, paragraphs))
