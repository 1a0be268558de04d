"""The same text as plain text, as HTML and on paper."""

from datetime import UTC, datetime
from io import BytesIO

import html5lib
import pytest
from pypdf import PdfReader

from postroom.notifications.layout import blocks, plain, says
from postroom.notifications.parts import html_part, pdf

TEXT = """Hello Pat,

# What happens next

- First
- Then

Write to:
1 Mill Lane
Rugby
"""
NOW = datetime(2026, 3, 4, 10, 0, 0, 123456, tzinfo=UTC)


def paper(text: str, *, large_print: bool = False, address: str = "Pat Moss\n1 Mill Lane\nRugby") -> PdfReader:
    content = pdf(
        "Your complaint",
        text,
        council="Ardenshire",
        address=address,
        day="Wednesday 4 March 2026",
        now=NOW,
        large_print=large_print,
    )
    return PdfReader(BytesIO(content))


def words_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def sizes_of(reader: PdfReader) -> set[float]:
    sizes: set[float] = set()
    for page in reader.pages:
        page.extract_text(visitor_text=lambda text, _cm, _tm, _font, size: sizes.add(size) if text.strip() else None)
    return sizes


def test_a_text_consists_of_headings_lists_and_paragraphs() -> None:
    assert [(block.kind, block.lines) for block in blocks(TEXT)] == [
        ("paragraph", ("Hello Pat,",)),
        ("heading", ("What happens next",)),
        ("list", ("First", "Then")),
        ("paragraph", ("Write to:", "1 Mill Lane", "Rugby")),
    ]


def test_the_plain_part_has_no_marks() -> None:
    assert plain(TEXT) == TEXT.replace("# ", "")


@pytest.mark.parametrize(("words", "said"), [("by  Friday\n6 March", True), ("by Saturday", False), ("", True)])
def test_words_are_found_wherever_the_lines_break(words: str, said: bool) -> None:
    assert says("# You will hear\nby Friday 6\nMarch.", words) is said


def test_the_html_part_is_whole_and_fetches_nothing() -> None:
    html = html_part("Your complaint", TEXT)
    html5lib.HTMLParser(strict=True).parse(html)
    assert "<h2" in html
    assert "<li>First</li>" in html
    assert "1 Mill Lane<br>" in html
    assert not any(word in html for word in ("http", "<img", "<script", "<link"))


def test_what_somebody_wrote_is_never_markup_in_html_or_on_paper() -> None:
    text = 'Hello, <b>"Pat"</b> & #strong[x] *y* $z$ \\ @label #panic()\n'
    assert "&lt;b&gt;&#34;Pat&#34;&lt;/b&gt; &amp;" in html_part("x", text)
    assert "<b>" not in html_part("<b>x</b>", text)
    assert 'Hello, <b>"Pat"</b> & #strong[x] *y* $z$ \\ @label #panic()' in words_of(paper(text))


def test_the_letter_on_paper_has_address_date_subject_and_text() -> None:
    words = words_of(paper(TEXT))
    for part in ("Ardenshire", "Pat Moss 1 Mill Lane", "Wednesday 4 March 2026", "Your complaint", "What happens next"):
        assert part in words
    assert "# What" not in words


def test_a_long_letter_has_numbered_pages() -> None:
    reader = paper(TEXT * 20)
    assert len(reader.pages) > 1
    assert f"1 / {len(reader.pages)}" in words_of(reader)


def test_large_print_is_larger_by_mail_and_on_paper() -> None:
    normal, large = sizes_of(paper("Hello\n")), sizes_of(paper("Hello\n", large_print=True))
    assert (12.0 in normal, 18.0 in normal) == (True, False)
    assert (12.0 in large, 18.0 in large) == (False, True)
    assert "font-size:24px" in html_part("x", TEXT, large_print=True)
    assert "font-size:16px" in html_part("x", TEXT)


def test_a_letter_to_nobodys_address_and_with_broken_characters_is_still_a_letter() -> None:
    assert "Hello ?" in words_of(paper("Hello \ud800\n", address=""))
