"""What an attachment is by its bytes, and whether opening it may do harm. Pure: a name, a declared type and bytes in.

What a sender calls a file, or says of its type, is not believed. What Windows runs at a double click is listed after
the attachments that Outlook blocks: https://support.microsoft.com/office/434752e1-02d3-4e90-9124-8b81e49a8519
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from struct import unpack_from

UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
HEAD_BYTES = 8_192
"""How much of an attachment shows its type."""
MOST_ENTRIES = 10_000
"""Files in an archive that are looked at; where there are more, nobody knows what the rest is."""

_PROGRAMS = frozenset(
    "ade adp apk app application appref-ms appx appxbundle asp aspx bas bat cab chm cmd com cpl crx csh deb dll dmg "
    "exe fxp gadget hlp hta inf ins iso img isp jar jnlp js jse ksh lib library-ms lnk mad maf mde msc msh msh1 msh2 "
    "msi msix msixbundle msp mst osd pcd php pif pkg pl plg prf ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psm1 py pyc pyo "
    "pyw reg rpm scf scr sct search-ms settingcontent-ms sh shb shs sys theme url vb vbe vbp vbs vhd vhdx vsmacros vsw "
    "website wim ws wsc wsf wsh xbap xll xpi xnk".split()
)
_PAGES = frozenset("htm html mht mhtml shtml svg svgz xht xhtml xsl xslt".split())
_MACROS = frozenset("docm dotm potm ppam ppsm pptm sldm xlam xlm xlsb xlsm xltm".split())
_ARCHIVES = frozenset("7z ace arj bz2 gz lha lz lzh rar tar tgz xz z zip zst".split())
_DOCUMENTS = frozenset(
    "csv doc docx eml gif heic ics jpeg jpg mov mp3 mp4 odt pdf png rtf tif tiff txt xls xlsx".split()
)
"""What a second, hidden extension is dressed up as."""

_NAMES = {
    "application/pdf": "pdf",
    "application/rtf": "rtf doc",
    "image/gif": "gif",
    "image/jpeg": "jpg jpeg jpe jfif",
    "image/png": "png",
    "image/webp": "webp",
}
"""Where a name must agree with the bytes: another name is a lie, by the sender or by a broken program."""
_NAMED = frozenset(" ".join(_NAMES.values()).split()) - {"doc"}
_TOLD_BY_WORDS = (b"%PDF", b"{\\rtf", b"%!PS")
"""Files that begin like text and are none."""
_DANGEROUS_TYPES = {
    "application/x-msdownload": "It is a program.",
    "application/x-executable": "It is a program.",
    "application/wasm": "It is a program.",
    "text/x-shellscript": "It is a script.",
    "text/javascript": "It is a script.",
    "application/javascript": "It is a script.",
    "application/x-javascript": "It is a script.",
    "application/hta": "It is a script.",
    "text/html": "It is a web page, which can run scripts or ask for a password in our name.",
    "application/xhtml+xml": "It is a web page, which can run scripts or ask for a password in our name.",
    "image/svg+xml": "It is a drawing that can run scripts.",
    "application/x-ms-shortcut": "It is a shortcut, which can start a program.",
    "application/x-shockwave-flash": "It is a film that can run scripts.",
}
_PACKED_TYPES = frozenset(
    "application/x-7z-compressed application/x-rar-compressed application/gzip application/x-bzip2 application/x-xz "
    "application/x-tar application/x-lzip application/x-lzop application/x-compress application/x-lz4 application/zstd "
    "application/vnd.ms-cab-compressed".split()
)
_BY_FIRST_BYTES = {
    bytes.fromhex("d0cf11e0a1b11ae1"): "application/x-ole-storage",
    bytes.fromhex("4c0000000114020000000000c000000000000046"): "application/x-ms-shortcut",
}
_ZIP = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_HTML = re.compile(
    r"(?>\s+|\ufeff|<!--.*?-->|<\?xml.*?\?>)*+"
    r"<(?:!doctype\s+html|html|head|body|script|iframe|object|embed|style|title|meta|base|form|table|div|font|img|a|p|h1"
    r"|br|b)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
"""After the MIME Sniffing Standard, section 7.1."""
_SVG = re.compile(r"<svg[\s>]", re.IGNORECASE)
_HIDING = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Characters that turn the direction of writing, or show as nothing."""


@dataclass(frozen=True)
class Look:
    """`type` is what the bytes show, `danger` why opening it may do harm; empty where nothing speaks for that."""

    type: str
    danger: str = ""


def look(name: str, declared: str, content: bytes) -> Look:
    """Look at an attachment called `name`, which the mail says is of the type `declared`. Never raises.

    Only of archives and office documents is more read than the first `HEAD_BYTES`, and nothing is unpacked.
    """
    type_ = sniffed_type(content)
    danger = (
        _DANGEROUS_TYPES.get(type_)
        or _danger_of_name(name)
        or _DANGEROUS_TYPES.get(declared.lower())
        or _danger_of_archive(type_, content)
        or _danger_of_document(type_, content)
        or _danger_of_lie(type_, name)
    )
    return Look(type_, danger)


def sniffed_type(content: bytes) -> str:
    """The type that the bytes show: `TEXT` where they are words, `UNKNOWN` where they show nothing."""
    head = content[:HEAD_BYTES]
    words = None if head.startswith(_TOLD_BY_WORDS) else _words(head)
    if words is not None:
        return _type_of_words(words)
    for first, type_ in _BY_FIRST_BYTES.items():
        if head.startswith(first):
            return type_
    import filetype  # loaded with the first attachment: it is a module for each of many kinds

    kind = filetype.guess(head)
    return str(kind.mime) if kind else UNKNOWN


def _words(head: bytes) -> str | None:
    """The beginning of a text; None where it is none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    controls = sum(byte < 32 and byte not in b"\t\n\f\r\x1b" for byte in head)
    return None if b"\x00" in head or controls * 20 > len(head) else _decoded(head)


def _decoded(head: bytes) -> str | None:
    text = head.decode("utf-8", "ignore")
    return text if len(text) * 4 >= len(head) * 3 else head.decode("cp1252", "replace")


def _type_of_words(text: str) -> str:
    if _HTML.match(text):
        return "text/html"
    if _SVG.search(text):
        return "image/svg+xml"
    if text.startswith("#!"):
        return "text/x-shellscript"
    return TEXT


def _extensions(name: str) -> list[str]:
    """The extensions of a name in lower case, the last one last; Windows overlooks dots and spaces at the end."""
    return [part.strip() for part in _HIDING.sub("", name).lower().rstrip(". ").split(".")[1:]]


def _danger_of_name(name: str) -> str:
    extensions = _extensions(name)
    last = extensions[-1] if extensions else ""
    if last in _PROGRAMS:
        dressed = next((f", dressed up as .{other}" for other in extensions[:-1] if other in _DOCUMENTS), "")
        return f"Its name ends in .{last}: a program or script{dressed}."
    if last in _PAGES:
        return f"Its name ends in .{last}: a web page or drawing that can run scripts."
    if last in _MACROS:
        return f"Its name ends in .{last}: an office document with macros."
    return "Its name holds characters that hide how it ends." if _HIDING.search(name) else ""


def _danger_of_archive(type_: str, content: bytes) -> str:
    if type_ in _PACKED_TYPES:
        return "It is an archive that can't be looked into."
    if not content.startswith(_ZIP):
        return ""
    entries = list(islice(_entries(content), MOST_ENTRIES + 1))
    if not entries:
        return "It is a damaged archive, which can't be looked into."
    if len(entries) > MOST_ENTRIES:
        return "It is an archive of too many files to look through."
    return next(filter(None, (_danger_of_entry(name, encrypted) for name, encrypted in entries)), "")


def _entries(content: bytes) -> Iterator[tuple[str, bool]]:
    """The names in a ZIP archive, and whether each is encrypted, by the headers of its central directory (APPNOTE
    4.3.12). Found wherever they stand, so that one which the directory's end leaves out is seen too."""
    at = content.find(_CENTRAL)
    while at >= 0 and at + 46 <= len(content):
        flags, length = unpack_from("<H", content, at + 8)[0], unpack_from("<H", content, at + 28)[0]
        yield content[at + 46 : at + 46 + length].decode("utf-8", "replace"), bool(flags & 1)
        at = content.find(_CENTRAL, at + 46)


def _danger_of_entry(name: str, encrypted: bool) -> str:
    last = next(reversed(_extensions(name.rpartition("/")[2])), "")
    if encrypted:
        return "It is an archive under a password, which no scanner can look into."
    if name.lower().endswith("vbaproject.bin") or "/macrosheets/" in name.lower():
        return "It is an office document with macros."
    if last in _PROGRAMS:
        return f"It is an archive that holds a program or script (.{last})."
    return "It is an archive that holds another archive." if last in _ARCHIVES else ""


def _danger_of_document(type_: str, content: bytes) -> str:
    """What the names of an OLE file's streams tell, which are in UTF-16, and objects within rich text."""
    if type_ == "application/x-ole-storage" and "_VBA_PROJECT".encode("utf-16-le") in content:
        return "It is an office document with macros."
    if type_ == "application/x-ole-storage" and "EncryptedPackage".encode("utf-16-le") in content:
        return "It is an office document under a password, which no scanner can look into."
    if type_ == "application/rtf" and b"\\objdata" in content:
        return "It is a document with an object in it, which can be a program."
    return ""


def _danger_of_lie(type_: str, name: str) -> str:
    last = next(reversed(_extensions(name)), "")
    if type_ in (UNKNOWN, "") or last not in _NAMED or last in _NAMES.get(type_, "").split():
        return ""
    return f"Its name ends in .{last}, but it is something else ({type_})."
