"""The words of an HTML mail as plain text, with lists, line breaks and quotations kept, and with what its marks tell of
older mail in it."""

import html
import re
from collections.abc import Iterator

from lxml import etree

from postroom.intake.charsets import clean
from postroom.intake.limits import Limits
from postroom.intake.shown_text import ShownText

_BLOCKS = frozenset(
    "address article aside blockquote center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr li "
    "main nav ol p pre section table tr ul".split()
)
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 ul ol table blockquote pre".split())
_SILENT = frozenset("script style head title template".split())
_ROOTS = re.compile(r"</?(?:html|body)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[/!?]?[a-zA-Z][^<>]*>|<![^<>]*>")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_UNSEEN = [(re.compile("<!--"), re.compile("-->"))] + [
    (re.compile(rf"<{tag}\b", re.IGNORECASE), re.compile(rf"</{tag}\b", re.IGNORECASE)) for tag in sorted(_SILENT)
]
_QUOTATION_DEPTH = 8
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_DATA_URI = re.compile(r"data:[a-z]{2,20}/[a-z0-9.+-]{1,60};base64,[A-Za-z0-9+/=]*", re.IGNORECASE)


_QUOTED = re.compile(
    "gmail_attr|moz-cite-prefix|protonmail_quote-head|zmail_extra_hr"
    "|yahoo_quoted|ymail_android_signature_quoted|wordsection-quoted",
    re.IGNORECASE,
)
_OLDER_FROM_HERE = re.compile(
    "divrplyfwdmsg|stopspelling|appendonsend|mail-editor-reference-message-container|olk_src_body_section",
    re.IGNORECASE,
)
"""Classes and ids by which mail programs mark older mail: its introduction, all of it, or where it begins."""
_OUTLOOK_RULE = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s+(?:#e1e1e1|#b5c4df|windowtext)\s+1\.0pt;\s*padding:\s*3\.0pt",
    re.IGNORECASE,
)
"""The line that Outlook draws above the older mail."""
_BEGIN, _END = "\x02", "\x03"
"""Stand on lines of their own around what is older, until the lines are counted."""


def html_to_text(source: str, limits: Limits) -> ShownText:
    """The visible words of `source`. Never raises; where the parser would lose words, tags are cut out instead."""
    source = _DATA_URI.sub("", source.replace(_BEGIN, "").replace(_END, ""))
    crude = _without_tags(source)
    root = _parse(source)
    if root is None:
        return ShownText(crude)
    shown = _tidy(_Writer(limits).write(root))
    return shown if _letters(shown.text) >= 0.9 * _letters(crude) else ShownText(crude)


def _parse(source: str) -> etree._Element | None:
    """The tree; None where there is none. The outer tags are taken off: what follows </html> would be lost."""
    parser = etree.HTMLParser(
        encoding="utf-8", recover=True, huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(f"<div>{_ROOTS.sub('', source)}".encode(), parser)
    except (etree.LxmlError, ValueError):
        return None


class _Writer:
    """Collects lines, each with the depth of the quotations around it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._preformatted = 0
        self._marked: list[etree._Element] = []

    def write(self, root: etree._Element) -> str:
        silent: etree._Element | None = None
        for count, (event, element) in enumerate(etree.iterwalk(root, events=("start", "end"))):
            if count > 2 * self._limits.html_elements:
                return ""  # the caller takes the crude text, which has all of it
            tag = element.tag if isinstance(element.tag, str) else ""
            if silent is None and event == "start" and tag in _SILENT:
                silent = element
            elif silent is None and event == "start":
                self._open(tag)
                self._mark(element)
                self._words(element.text)
            elif event == "end":
                if silent is element:
                    silent = None
                elif silent is None:
                    self._close(tag)
                    self._unmark(element)
                if silent is None:
                    self._words(element.tail)
        self._break()
        return "\n".join(self._lines)

    def _mark(self, element: etree._Element) -> None:
        """Note where older mail begins, if `element` says so. From a begin without an end all is older."""
        names = " ".join(filter(None, (element.get("id"), element.get("class"))))
        style = element.get("style")
        if (names and _OLDER_FROM_HERE.search(names)) or (style and _OUTLOOK_RULE.search(style)):
            self._note(_BEGIN)
        elif names and _QUOTED.search(names):
            self._note(_BEGIN)
            self._marked.append(element)

    def _unmark(self, element: etree._Element) -> None:
        if self._marked and self._marked[-1] is element:
            self._marked.pop()
            self._note(_END)

    def _note(self, mark: str) -> None:
        self._break_if_begun()
        self._lines.append(mark)

    def _open(self, tag: str) -> None:
        if tag == "br":
            self._break()
        elif tag in _BLOCKS:
            self._break_if_begun()
        if tag == "li":
            self._line.append("- ")
        self._quotes += tag == "blockquote"
        self._preformatted += tag == "pre"

    def _close(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._line.append(" ")
        elif tag in _BLOCKS:
            self._break_if_begun()
        self._quotes -= tag == "blockquote"
        self._preformatted -= tag == "pre"
        if tag in _PARAGRAPHS:
            self._break()

    def _words(self, text: str | None) -> None:
        if not text:
            return
        if not self._preformatted:
            self._line.append(_SPACES.sub(" ", text))
            return
        first, *rest = text.split("\n")
        self._line.append(first)
        for line in rest:
            self._break()
            self._line.append(line)

    def _break_if_begun(self) -> None:
        if "".join(self._line).strip():
            self._break()
        else:
            self._line.clear()

    def _break(self) -> None:
        line = "".join(self._line)
        line = line.rstrip() if self._preformatted else _SPACES.sub(" ", line).strip()
        self._lines.append("> " * min(self._quotes, _QUOTATION_DEPTH) + line)
        self._line.clear()


def _tidy(text: str) -> ShownText:
    """At most one empty line in a row, none at the ends; the marks taken out and counted."""
    lines: list[str] = []
    history: list[tuple[int, int]] = []
    begun: list[int] = []
    for line in clean(text).split("\n"):
        if line == _BEGIN:
            begun.append(len(lines))
        elif line == _END:
            if begun:
                history.append((begun.pop(), len(lines)))
        elif line.strip("> \xa0\u200b\ufeff"):
            lines.append(line.rstrip())
        elif lines and lines[-1]:
            lines.append("")
    while lines and not lines[-1]:
        lines.pop()
    history += ((start, len(lines)) for start in begun)
    return ShownText("\n".join(lines), tuple(span for span in history if span[0] < span[1]))


def _without_tags(source: str) -> str:
    """The words with every tag cut out, in linear time, for what is too broken to parse."""
    for opening, closing in _UNSEEN:
        source = "".join(_outside(source, opening, closing))
    words = html.unescape(_TAG.sub(" ", _BREAK.sub("\n", source)))
    return _tidy("\n".join(_SPACES.sub(" ", line).strip() for line in words.split("\n"))).text


def _outside(source: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> Iterator[str]:
    """The pieces of `source` that are not between `opening` and `closing`; an unclosed one hides nothing."""
    at = 0
    while (start := opening.search(source, at)) and (stop := closing.search(source, start.end())):
        yield source[at : start.start()]
        at = stop.end()
    yield source[at:]


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))
