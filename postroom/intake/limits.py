"""How much of one mail is looked at. Everything beyond stays in the journal; the parser only says that it stopped."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on one parse. Where one is reached the mail gets a defect and the rest of it is left unread."""

    header_bytes: int = 262_144
    """Bytes of one header block; what comes after is not read as headers."""
    headers: int = 1_000
    """Headers in one block."""
    value_characters: int = 65_536
    """Characters of one header."""
    addresses: int = 500
    """Addresses in one header."""
    references: int = 100
    """Message-IDs in References: the last ones, which are the nearest."""
    subject_characters: int = 2_000
    parts: int = 500
    """Parts of the mail altogether; what comes after counts into the last part."""
    depth: int = 20
    """Levels of multipart; a deeper one is kept whole, as an attachment."""
    text_bytes: int = 2_000_000
    """Bytes of text and HTML that are read altogether."""
    html_elements: int = 100_000
    """Elements of one HTML part; a larger one is read without its structure."""
