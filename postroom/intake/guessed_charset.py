"""What charset bytes without a label may be in. A small table of what mail is really written in: general detectors take
tens of milliseconds and need more text than a subject has."""

import re

_SAMPLE = 4_000
_KANA_OR_IDEOGRAPH = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3\u3000-\u3020\uff01-\uff5e]")
_LATIN = "cp1252"
_FREQUENT_LEADS = {"cp949": (0xB0, 0xC8), "gb18030": (0xB0, 0xD7), "cp950": (0xA4, 0xC6)}
"""The first bytes of the letters that are in daily use."""
_SIGNS = (0xA1, 0xA3)
_RUN = re.compile(rb"[\x80-\xff]+")
_RUN_LENGTH = 3
"""Bytes beyond ASCII stand together in scripts other than Latin: so many on average."""
_MANY, _WIDE_RUN_LENGTH = 24, 1.6
"""In some East Asian charsets the second byte of a letter may be ASCII, so that the runs are short."""
_FIRST_CYRILLIC = 0xC0
"""The lowest of the letters in both Cyrillic charsets. Words of nothing below are hardly ever East Asian."""
_CYRILLIC_LETTERS = 5
"""Fewer may as well be accented capitals."""


def guess_codec(data: bytes) -> str:
    """The likeliest codec of `data`, which is neither ASCII nor UTF-8; Windows-1252 where nothing speaks against it."""
    sample = data[:_SAMPLE]
    high = sample.translate(None, bytes(range(128)))
    if not high:
        return _LATIN
    runs = len(_RUN.findall(sample))
    if len(high) >= _RUN_LENGTH * runs:
        if min(high) >= _FIRST_CYRILLIC and runs > 1 and (cyrillic := _of_cyrillic(high)):
            return cyrillic
        return _of_wide_letters(sample) or _of_cyrillic(high) or _LATIN
    if len(high) >= _MANY and len(high) >= _WIDE_RUN_LENGTH * runs:
        return _of_wide_letters(sample) or _LATIN
    return _LATIN


def _of_wide_letters(sample: bytes) -> str:
    """An East Asian charset in which all of `sample` makes common letters; empty where none does."""
    best, best_score = "", 0.0
    for codec, common in (
        ("euc_jp", "[\u3040-\u30ff]"),
        ("cp932", "[\u3040-\u309f\u30a0-\u30ff]"),
        ("cp949", "[\uac00-\ud7a3]"),
        ("gb18030", "[\u4e00-\u9fff]"),
        ("cp950", "[\u4e00-\u9fff]"),
    ):
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 3 or len(sample) < _SAMPLE:
                continue
            text = sample[: error.start].decode(codec)
        wide = re.sub(r"[\x00-\x7f]", "", text)
        if len(_KANA_OR_IDEOGRAPH.findall(wide)) < 0.95 * len(wide) or "\uff61" <= min(wide, default="") <= "\uff9f":
            continue
        score = _how_common(wide, codec, common)
        if score > best_score:
            best, best_score = codec, score
    return best


def _how_common(wide: str, codec: str, common: str) -> float:
    """How much of `wide` is of the letters that `codec` is used for."""
    share = len(re.findall(common, wide)) / max(1, len(wide))
    if codec in ("euc_jp", "cp932"):
        return share * 2 if share > 0.2 else 0.0  # Japanese is never without kana
    lead = wide.encode(codec, "replace")[::2]
    lowest, highest = _FREQUENT_LEADS[codec]
    frequent = sum(lowest <= byte <= highest or byte in _SIGNS for byte in lead) / max(1, len(lead))
    return share * frequent if share > 0.5 and frequent > 0.9 else 0.0


def _of_cyrillic(high: bytes) -> str:
    """KOI8-R or Windows-1251 where nearly all letters beyond ASCII are Cyrillic; small ones are the most."""
    small_koi, small_windows = (sum(low <= byte <= up for byte in high) for low, up in ((0xC0, 0xDF), (0xE0, 0xFF)))
    if len(high) < _CYRILLIC_LETTERS or small_koi + small_windows < 0.9 * len(high):
        return ""
    return "koi8_r" if small_koi > small_windows else "cp1251"
