"""What is packed into a mail: winmail.dat, rich text, files in the words, lines that flow."""

import binascii
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.intake.flowed import unflow
from postroom.intake.rtf import rtf_to_text, unpack_rtf
from postroom.intake.tnef import unpack
from postroom.intake.uuencode import files_in, without_files

MARK = b"\x78\x9f\x3e\x22\x01\x00"
PACKED_RTF = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
"""The example of MS-OXRTFCP 4.1.1."""


def attribute(number: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", 1, number, 0, len(value)) + value + b"\0\0"


def text_property(number: int, text: str) -> bytes:
    value = text.encode("utf-16-le")
    return struct.pack("<HHII", 0x1F, number, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def test_rich_text_is_unpacked() -> None:
    rtf = unpack_rtf(PACKED_RTF)
    assert rtf == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert rtf_to_text(rtf) == "hello world"


def test_rich_text_that_runs_over_itself_is_unpacked() -> None:
    data = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert unpack_rtf(data) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_words_of_rich_text_lose_their_marks() -> None:
    rtf = rb"{\rtf1{\fonttbl\f0 Arial;}One \b two\b0\par caf\'e9 \u8364? \{x\}{\*\htmltag <p>}\tab ok}"
    assert rtf_to_text(rtf) == "One two\ncafé € {x}\tok"


def test_a_winmail_dat_gives_its_words_and_files() -> None:
    words = struct.pack("<I", 1) + text_property(0x1000, "The bins\0")
    names = struct.pack("<I", 1) + text_property(0x3707, "photo.jpg\0")
    packed = unpack(
        MARK
        + attribute(0x9003, words)
        + attribute(0x9002, b"")
        + attribute(0x800F, b"JPEG")
        + attribute(0x9005, names)
        + attribute(0x9002, b"")
        + attribute(0x8010, b"b.txt\0")
        + attribute(0x800F, b"B")
    )
    assert packed is not None
    assert packed.text == "The bins"
    assert [(file.name, file.content) for file in packed.files] == [("photo.jpg", b"JPEG"), ("b.txt", b"B")]


def test_the_words_may_be_rich_text_only() -> None:
    rich = struct.pack("<IHHII", 1, 0x102, 0x1009, 1, len(PACKED_RTF)) + PACKED_RTF + b"\0" * (-len(PACKED_RTF) % 4)
    packed = unpack(MARK + attribute(0x9003, rich))
    assert packed is not None
    assert packed.text == "hello world"


def test_what_is_no_winmail_dat_is_said() -> None:
    assert unpack(b"something else") is None


@given(st.binary(max_size=300))
def test_any_bytes_are_unpacked_without_an_error(data: bytes) -> None:
    unpack(MARK + data)
    unpack(MARK + attribute(0x9003, data) + attribute(0x9002, b"") + attribute(0x9005, data))
    rtf_to_text(b"{\\rtf1" + data).encode()
    unpack_rtf(b"\0" * 8 + b"LZFu" + b"\0" * 4 + data)


@given(st.binary(max_size=400))
def test_an_uuencoded_file_comes_out_as_it_went_in(data: bytes) -> None:
    lines = b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    text = b"Above.\nbegin 644 a b.bin\n" + lines + b"`\nend\nBelow."
    files = files_in(text)
    assert [(file.name, file.content) for file in files] == [(b"a b.bin", data)]
    assert without_files(text, files) == b"Above.\nBelow."


@given(st.binary(max_size=400))
def test_a_yenc_file_comes_out_as_it_went_in(data: bytes) -> None:
    signs = [(byte + 42) % 256 for byte in data]
    encoded = b"".join(bytes([61, (sign + 64) % 256]) if sign in (0, 10, 13, 61) else bytes([sign]) for sign in signs)
    text = b"Above.\r\n=ybegin line=999 size=4 name=a.bin\r\n" + encoded + b"\r\n=yend size=4\r\nBelow."
    files = files_in(text)
    assert [(file.name, file.content) for file in files] == [(b"a.bin", data)]
    assert without_files(text, files) == b"Above.\r\nBelow."


@given(st.text(alphabet="begin 64\n=ydx`#", max_size=120))
def test_words_around_no_file_stay(text: str) -> None:
    data = text.encode()
    if not files_in(data):
        assert without_files(data, files_in(data)) == data


@pytest.mark.parametrize(
    ("text", "delete_space", "expected"),
    [
        ("One \ntwo", False, "One two"),
        ("One \ntwo", True, "Onetwo"),
        ("> One \n> two\n>> three", False, "> One two\n>> three"),
        ("> One \ntwo", False, "> One\ntwo"),
        ("-- \nPat", False, "-- \nPat"),
        ("One \n-- \nPat", False, "One\n-- \nPat"),
        (" From here", False, "From here"),
        (" > no quotation", False, "> no quotation"),
    ],
)
def test_lines_flow(text: str, delete_space: bool, expected: str) -> None:
    assert unflow(text, delete_space=delete_space) == expected
