"""What attachments are by their bytes, and which of them are dangerous."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.intake.attachment_danger import MOST_ENTRIES, TEXT, UNKNOWN, look

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512)
LINK = bytes.fromhex("4c0000000114020000000000c000000000000046") + bytes(60)


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "content")
    return file.getvalue()


def under_a_password(content: bytes) -> bytes:
    """The archive, each of whose files is marked as encrypted in the central directory."""
    at = content.index(b"PK\x01\x02")
    return content[: at + 8] + b"\x01\x00" + content[at + 10 :]


@pytest.mark.parametrize(
    ("name", "content", "type_"),
    [
        ("photo.png", PNG, "image/png"),
        ("photo.JPG", JPEG, "image/jpeg"),
        ("letter.pdf", PDF, "application/pdf"),
        ("notes.txt", b"BM is a company; MZ is my name. \xa320 is due", TEXT),
        ("notes.txt", "Cwynion am y bin gwyrdd \u2013 \u0175".encode("utf-16"), TEXT),
        ("a < b.txt", b"1 < 2 and 3 > 2", TEXT),
        ("", b"", TEXT),
        ("data.bin", bytes(range(256)), UNKNOWN),
        ("photos.zip", archive("a.jpg", "b.png"), "application/zip"),
        ("old.doc", OLE, "application/x-ole-storage"),
        ("letter.docx", archive("[Content_Types].xml", "word/document.xml"), "application/zip"),
    ],
)
def test_what_people_send_is_told_by_its_bytes_and_is_not_dangerous(name: str, content: bytes, type_: str) -> None:
    found = look(name, "application/octet-stream", content)
    assert found.danger == ""
    assert found.type == type_ or "officedocument" in found.type


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("invoice.exe", b"", "ends in .exe"),
        ("invoice.pdf", EXE, "is a program"),
        ("invoice.pdf.exe", b"x", "dressed up as .pdf"),
        ("invoice.pdf .SCR. ", b"x", "ends in .scr"),
        ("invoice\u202efdp.exe", b"x", "ends in .exe"),
        ("invoice\u202egpj.pdf", PDF, "hide how it ends"),
        ("run", b"#!/bin/sh\nrm -rf /", "is a script"),
        ("go.lnk.txt", LINK, "is a shortcut"),
        ("page.txt", b"\n <!-- hello --><!DOCTYPE HTML><html>", "is a web page"),
        ("page.txt", "<html>".encode("utf-16"), "is a web page"),
        ("page.shtml", b"words", "ends in .shtml"),
        ("logo.txt", b'<?xml version="1.0"?><svg xmlns="x"><script/></svg>', "is a drawing"),
        ("list.xlsm", b"", "with macros"),
        ("list.xlsx", archive("xl/workbook.xml", "xl/vbaProject.bin"), "with macros"),
        ("list.xls", OLE + "_VBA_PROJECT".encode("utf-16-le"), "with macros"),
        ("list.xls", OLE + "EncryptedPackage".encode("utf-16-le"), "under a password"),
        ("letter.rtf", b"{\\rtf1{\\object{\\*\\objdata 0105}}}", "object in it"),
        ("bills.zip", archive("a.jpg", "bill.pdf.js"), "holds a program or script (.js)"),
        ("bills.zip", archive("a.jpg", "more.zip"), "holds another archive"),
        ("bills.zip", under_a_password(archive("a.jpg")), "under a password"),
        ("bills.zip", b"PK\x03\x04" + bytes(100), "damaged archive"),
        ("bills.7z", b"7z\xbc\xaf\x27\x1c\x00\x04", "can't be looked into"),
        ("photo.png", JPEG, "but it is something else"),
        ("letter.pdf", b"Only words", "but it is something else"),
    ],
)
def test_what_may_do_harm_is_marked_with_the_reason(name: str, content: bytes, why: str) -> None:
    assert why in look(name, "application/octet-stream", content).danger


def test_what_the_mail_says_of_the_type_counts_where_it_is_dangerous() -> None:
    assert look("", "Text/HTML", b"words").danger
    assert not look("", "text/plain", b"words").danger


def test_an_archive_of_very_many_files_is_not_looked_through() -> None:
    crowd = b"PK\x03\x04" + (b"PK\x01\x02" + bytes(42)) * (MOST_ENTRIES + 1)
    assert "too many files" in look("a.zip", "", crowd).danger


MAGIC = st.sampled_from(
    [b"", PNG, PDF, EXE, OLE, LINK, b"PK\x03\x04", b"<!--", b"<?xml", b"\xff\xfe", b"ftyp", b"Rar!"]
)
HOSTILE_NAMES = st.text(st.characters() | st.sampled_from("./\\ \u202e\u200b\x00\n\ud800"), max_size=80)


@given(HOSTILE_NAMES, st.text(max_size=30), st.lists(MAGIC | st.binary(max_size=200), max_size=8))
def test_nothing_makes_it_raise(name: str, declared: str, pieces: list[bytes]) -> None:
    look(name, declared, b"".join(pieces))


@given(HOSTILE_NAMES)
def test_no_name_hides_a_program(name: str) -> None:
    assert look(f"{name}.exe", "", b"words").danger


@pytest.mark.parametrize("piece", [b"<!---->", b"<!--", b"<?xml?>", b" ", b"<svg", b"PK\x01\x02", b"PK\x03\x04"])
def test_no_repetition_takes_long(piece: bytes) -> None:
    look("a", "", piece * (2_000_000 // len(piece)))
