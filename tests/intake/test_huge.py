"""Mails too large to be kept as files: each is read in bounded time and memory, and says what was left out."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from postroom.intake.parse import parse

HEAD = b"From: pat.smith@home.example\r\nSubject: The bins\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
SECONDS = 5
MEGABYTE = 2**20


def levels(count: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(count)
    )


def packed(kind: bytes, body: bytes, more: bytes = b"") -> bytes:
    return HEAD + b"Content-Type: " + kind + b"\r\n" + more + b"\r\n" + body


HUGE: dict[str, Callable[[], bytes]] = {
    "ten thousand parts": lambda: MIXED + b"--b\r\n\r\nx\r\n" * 10_000,
    "ten thousand messages": lambda: (
        MIXED + b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n" * 10_000
    ),
    "a thousand levels": lambda: HEAD + levels(1000),
    "thirty levels around a long text": lambda: HEAD + levels(30) + b"--b \n" * 2_000_000,
    "a long line beside a header in bytes of no name": lambda: (
        HEAD + b"References: " + b"<" * 200_000 + b"\r\nSubject: \x80\r\n\r\nNobody came.\r\n"
    ),
    "a text of 50 MB": lambda: HEAD + b"\r\n" + b"Nobody came.\r\n" * 3_600_000,
    "a file of 50 MB": lambda: packed(
        b"application/pdf", (b"QUJD" * 19 + b"\r\n") * 640_000, b"Content-Transfer-Encoding: base64\r\n"
    ),
    "base64 that ends five million times": lambda: packed(
        b"text/plain", b"YQ==\n" * 5_000_000, b"Content-Transfer-Encoding: base64\r\n"
    ),
    "an uuencoded file of 20 MB": lambda: packed(
        b"text/plain", b"begin 644 a\n" + (b"M" + b"ABCD" * 15 + b"\n") * 300_000
    ),
    "a hundred thousand empty files": lambda: packed(b"text/plain", b"begin 644 a\n#ABC\n" * 100_000),
    "lines that flow for ever": lambda: packed(b"text/plain; format=flowed", b"a \n" * 600_000),
    "heads of mails": lambda: packed(b"text/plain", b"From: x\nSent: y\n" * 100_000),
    "words that point below": lambda: packed(b"text/plain", b"see my " * 200_000 + b"\nFrom: a\nSent: b\nTo: c\n"),
    "armour never closed": lambda: packed(b"text/plain", b"-----BEGIN PGP SIGNATURE-----\n" * 60_000),
    "tags in tags": lambda: packed(b"text/html", b"<div class=gmail_attr>x" * 80_000),
    "a winmail.dat of empty files": lambda: packed(
        b"application/ms-tnef", b"\x78\x9f\x3e\x22\0\0" + (b"\1\x02\x90\0\0\0\0\0\0\0\0") * 500_000
    ),
}


@pytest.mark.parametrize("content", HUGE.values(), ids=HUGE.keys())
def test_a_huge_mail_is_read_in_time(content: Callable[[], bytes]) -> None:
    mail = content()
    began = time.process_time()
    parsed = parse(mail)
    assert time.process_time() - began < SECONDS
    assert (parsed.subject, parsed.sender.email) == ("The bins", "pat.smith@home.example")


def test_parts_and_levels_left_out_are_said() -> None:
    assert "more than 500 parts" in parse(HUGE["ten thousand parts"]()).defects
    assert "more than 20 levels of parts" in parse(HUGE["a thousand levels"]()).defects
    assert "the text was too long to be kept whole" in parse(HUGE["a text of 50 MB"]()).defects


MEASURE = """\
import resource
from postroom.intake.parse import parse
head = b"Content-Type: application/pdf\\r\\nContent-Transfer-Encoding: base64\\r\\n\\r\\n"
content = head + (b"QUJD" * 19 + b"\\r\\n") * 336_000
parse(b"")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
parsed = parse(content)
assert parsed.attachments[0].size == 19 * 3 * 336_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_mail_of_25_megabytes_takes_less_than_150() -> None:
    run = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(run.stdout) * unit < 150 * MEGABYTE
