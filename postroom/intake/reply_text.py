"""The writer's own new words, apart from quotations and signature. When in doubt nothing is cut: to lose a resident's
words is worse than to show a quotation.

The library that knows how mail programs introduce a quotation works with large patterns that some input makes very
slow. So it is shown only the first lines, each cut short; what it finds is looked up in the whole text.
"""

import re

from mailparser_reply import EmailReplyParser

_LINES = 300
_LINE_CHARACTERS = 120
_SIGNATURE_LINES = 8
_SIGNATURE_CHARACTERS = 500

_FORWARD_SUBJECT = re.compile(r"\s*(?:fwd?|forwarded)\s*:", re.IGNORECASE)
_FORWARD_MARK = re.compile(
    r"^[-_ >]*(?:begin forwarded message|forwarded message|original message forwarded|forwarded by\b.*)[-_: ]*$",
    re.IGNORECASE | re.MULTILINE,
)
_MAY_BEGIN_QUOTATION = re.compile(
    r"(?:> ?)*(?:On\s|[* ]*(?:From|Sent|To|Subject|Date|Cc|Organization):|-{5,} ?Original Message ?-{5,})",
    re.IGNORECASE,
)
_GAP = re.compile(r"\n{3,}")
_FIELD = re.compile(r"^[* >]*(From|Sent|To|Subject|Date|Cc):", re.IGNORECASE | re.MULTILINE)
_SENT_FROM = re.compile(r"(?:Sent from my|Sent from Outlook|Get Outlook for)\b.{0,80}", re.IGNORECASE)


def new_words(text: str, subject: str = "") -> str:
    """The new words of `text`; all of it for a forward, and where cutting would leave nothing."""
    if _FORWARD_SUBJECT.match(subject) or _FORWARD_MARK.search(text):
        return text.strip()
    lines = text.split("\n")
    kept = "\n".join(_without_signature(_without_quotation(lines)))
    return _GAP.sub("\n\n", kept).strip() or text.strip()


def _without_quotation(lines: list[str]) -> list[str]:
    """Cut at the first quotation's introduction. Where the quoted lines are marked, only they go: words below or
    between them are the writer's."""
    cut = _introduction(lines)
    if cut is None:
        return lines
    first, length = cut
    below = lines[first + length :]
    if not any(line.startswith(">") for line in below[:3]):
        return lines[:first]
    return lines[:first] + [line for line in below if not line.startswith(">")]


def _introduction(lines: list[str]) -> tuple[int, int] | None:
    """Where a quotation is introduced, as the first line's number and the number of lines; None where nowhere."""
    shown = "\n".join(_shown(lines, number) for number in range(min(len(lines), _LINES)))
    for reply in EmailReplyParser(languages=["en"]).read(shown).replies:
        heading = reply.headers
        if heading and _is_introduction(heading) and heading in shown:
            before, _, _ = shown.partition(heading)
            return before.count("\n"), heading.count("\n") + 1
    return None


def _is_introduction(heading: str) -> bool:
    """Two lines such as "From: 1 March" and "To: 5 March" are somebody's words; the head of a mail has more to it."""
    fields = {match.lower() for match in _FIELD.findall(heading)}
    return not fields or ("from" in fields and bool(fields & {"sent", "date"}) and bool(fields & {"to", "subject"}))


def _shown(lines: list[str], number: int) -> str:
    """The line as the library sees it. One that can't belong to an introduction is shown as a single letter."""
    line = lines[number].strip()
    if len(line) > _LINE_CHARACTERS * 2:
        return "x"
    if line.endswith("wrote:"):
        return line
    if _MAY_BEGIN_QUOTATION.match(line):
        return line[:_LINE_CHARACTERS].rstrip()
    return "x" if line.strip() else ""


def _without_signature(lines: list[str]) -> list[str]:
    """Cut a short signature after "-- " (RFC 3676 4.3), and the line that a telephone adds."""
    end = _end_of_words(lines, len(lines))
    for number in range(end - 1, max(0, end - _SIGNATURE_LINES - 2), -1):
        if lines[number].rstrip() == "--" and sum(map(len, lines[number + 1 : end])) <= _SIGNATURE_CHARACTERS:
            end = _end_of_words(lines, number)
            break
    return lines[:end]


def _end_of_words(lines: list[str], end: int) -> int:
    while end and (not lines[end - 1].strip() or _SENT_FROM.fullmatch(lines[end - 1].strip())):
        end -= 1
    return end
