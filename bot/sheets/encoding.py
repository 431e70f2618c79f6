"""Find the encoding of a text file: by its byte-order mark, else by trying, else by a guess.

A guess is never silent: with ``Encoding.is_guess`` the person sees the letters that depend on it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.sheets.sheet import InvalidSheet

SLICE_BYTES = 256 * 1024
"""Bytes decoded in one step, so that other threads don't wait long."""
SAMPLE_BYTES = 32 * 1024
"""Bytes of lines with letters beyond ASCII, by which an encoding is guessed."""
DAMAGED_MESSAGE = (
    "Some characters of this file are damaged. Save it again as “CSV UTF-8” or as Excel, and "
    "choose it again."
)
BINARY_MESSAGE = (
    "This isn't a CSV or Excel file. Save the table as one of them and choose it again."
)

WESTERN = "cp1252"
ENCODING_NAMES: Mapping[str, str] = {
    "cp1252": "Western European (Windows-1252)",
    "cp1250": "Central European (Windows-1250)",
    "iso8859-2": "Central European (ISO-8859-2)",
    "cp852": "Central European (DOS 852)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "koi8-u": "Ukrainian (KOI8-U)",
    "iso8859-5": "Cyrillic (ISO-8859-5)",
    "cp866": "Cyrillic (DOS 866)",
    "cp1253": "Greek (Windows-1253)",
    "iso8859-7": "Greek (ISO-8859-7)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "iso8859-6": "Arabic (ISO-8859-6)",
    "cp1257": "Baltic (Windows-1257)",
    "cp1258": "Vietnamese (Windows-1258)",
    "cp874": "Thai (Windows-874)",
    "euc_jp": "Japanese (EUC-JP)",
    "cp932": "Japanese (Shift-JIS)",
    "gb18030": "Chinese, simplified (GB18030)",
    "big5hkscs": "Chinese, traditional (Big5)",
    "cp949": "Korean (Windows-949)",
    "mac_roman": "Western European (Mac)",
    "cp850": "Western European (DOS 850)",
    "cp437": "Western European (DOS 437)",
}
"""Encodings that spreadsheet programs write, by Python's names, in the order of the menu."""
_GUESSED_CODECS = (
    *("cp1252", "cp1250", "cp1251", "koi8-r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("cp874", "cp932", "gb18030", "big5hkscs", "cp949"),
)
_OLD_CODECS = ("mac_roman", "cp850")
"""Tried for bytes that Windows-1252 does not have."""
_LATIN_CODECS = frozenset({"cp1250", "cp1254", "cp1257"})
_ISO_CODECS: Mapping[str, str] = {
    "cp1253": "iso8859-7",
    "cp1250": "iso8859-2",
    "cp1257": "iso8859-2",
}
MIN_CONFIDENCE = 0.01
"""The detector's numbers are small for the few letters of a table."""
ADVANTAGE = 1.25
"""How much better than Windows-1252 another encoding must fit."""
CLEAR_ADVANTAGE = 3.0
"""How much better if its letters are Latin, and possible in Windows-1252 as well."""
MAX_MIXED_SHARE = 0.1

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (
        codecs.BOM_UTF32_LE,
        "utf-32",
        "UTF-32",
    ),  # before UTF-16, whose mark is the beginning of this one's
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")  # 1A may end a DOS file
_UTF8_SEQUENCE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")
_WORD = re.compile(r"[^\W\d_]+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_ASCII_LETTER = re.compile(r"[A-Za-z]")
_ODD_SIGNS = r"\u00a2-\u00a9\u00ac-\u00b1\u00b3\u00b6\u00b8\u00b9\u00bc-\u00be\u00d7\u00f7\ufffd"
"""Signs of Windows-1252 that aren't in words, where other encodings have letters."""
_ODD_WESTERN_WORD = re.compile(
    rf"[^\W\d_][{_ODD_SIGNS}\u00a1\u00bf]|[{_ODD_SIGNS}][^\W\d_]"
    r"|[^\W\d_]{2}[\u00aa\u00ba]|[\u00aa\u00ba][^\W\d_]"  # "Mª", "Nº" are Spanish
    r"|[\u00de\u00d0\u00dd\u00fe\u00f0\u00fd]"
)
_SIGN_IN_WORD = re.compile(
    r"[^\W\d_][\u00a1-\u00ac\u00ae-\u00b9\u00bc-\u00bf\ufffd]"
    r"|[\u00a1-\u00ac\u00ae-\u00b4\u00b6\u00b8\u00b9\u00bc-\u00bf\ufffd][^\W\d_]"
)
_UPPER = "[\u00c0-\u00d6\u00d8-\u00de\u0152\u0160\u0178\u017d]"
_ODD_CASE = re.compile(rf"[a-z]{_UPPER}(?![A-Z])|[A-Z]{_UPPER}[a-z]|[A-Za-z][\u201a\ufffd]")
"""A capital letter within a word, or a low quotation mark or no character right behind a letter."""
_TURKISH_ONLY = frozenset("\u00f0\u00d0\u00fe\u00de")
_TURKISH = _TURKISH_ONLY | frozenset("\u00fd\u00ddçÇöÖüÜâÂîÎûÛ")
"""Letters of Turkish, as Windows-1252 reads them."""
_LINE_BEYOND_ASCII = re.compile(rb"[^\r\n]{0,200}[\x80-\xff][^\r\n]{0,200}")


@dataclass(frozen=True, slots=True)
class Encoding:
    """``codec`` is Python's name, ``display_name`` is for people."""

    codec: str
    display_name: str
    is_guess: bool = False


def detect(data: bytes, chosen: str = "") -> Encoding:
    """Return the encoding; ``chosen`` replaces a guess, but not a certain result.

    UTF-16 and UTF-32 may still fail to decode. Raise ``InvalidSheet`` for bytes that aren't text,
    or damaged text.
    """
    for mark, codec, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return Encoding(codec, name)
    if wide := _detect_utf16(data[:SLICE_BYTES]):
        return Encoding(wide, "UTF-16 (assumed)", is_guess=True)
    if b"\0" in data:
        raise InvalidSheet(BINARY_MESSAGE)
    at = _find_invalid_offset(data, "utf-8")
    if at is None:
        return Encoding("utf-8", "UTF-8")
    if _CONTROL_BYTES.search(data[:SLICE_BYTES]):
        raise InvalidSheet(BINARY_MESSAGE)
    if _is_mostly_utf8(data[max(0, at - SLICE_BYTES) : at + SLICE_BYTES]):
        raise InvalidSheet(DAMAGED_MESSAGE)
    return _assume_encoding(data, chosen)


def _assume_encoding(data: bytes, chosen: str) -> Encoding:
    sample = b"\n".join(_take_sample(data))
    guess = _guess(sample)
    other = _find_other(sample) if guess == WESTERN else ""
    for codec in dict.fromkeys((chosen, other, guess, WESTERN)):
        if codec in ENCODING_NAMES and _find_invalid_offset(data, codec) is None:
            return _name_guess(codec)
    for codec in _OLD_CODECS:
        if _has_only_words(sample.decode(codec)):
            return _name_guess(codec)
    raise InvalidSheet(DAMAGED_MESSAGE)


def _find_other(sample: bytes) -> str:
    """Return a likelier encoding than Windows-1252 if its letters are odd, or nothing.

    "JosŽ" is "José" from a Mac or DOS. "Ayþe" is "Ayşe": Icelandic has vowels that Turkish lacks.
    """
    western = sample.decode(WESTERN, "replace")
    letters = set(filter(str.isalpha, _BEYOND_ASCII.findall(western)))
    if letters & _TURKISH_ONLY and letters <= _TURKISH:
        return "cp1254"
    if not _ODD_CASE.search(western):
        return ""
    for codec in _OLD_CODECS:
        text = sample.decode(codec)
        if _has_only_words(text) and not _ODD_CASE.search(text):
            return codec
    return ""


def _name_guess(codec: str) -> Encoding:
    name = "Windows-1252" if codec == WESTERN else ENCODING_NAMES[codec]
    return Encoding(codec, f"{name} (assumed)", is_guess=True)


def _guess(sample: bytes) -> str:
    """Return the likeliest encoding of ``sample``, lines with letters beyond ASCII."""
    import chardet  # 25 MB, needed only for files in old encodings

    found = chardet.detect_all(
        sample, ignore_threshold=True, compat_names=False, include_encodings=_GUESSED_CODECS
    )
    scores = {
        str(codec): float(guess["confidence"])
        for guess in found
        if (codec := guess["encoding"]) in ENCODING_NAMES  # None: it looks like a binary file
    }
    western = max(scores.pop(WESTERN, 0.0), MIN_CONFIDENCE / 2)
    for codec in sorted(scores, key=lambda codec: -scores[codec]):
        if scores[codec] < max(MIN_CONFIDENCE, ADVANTAGE * western):
            break
        if codec in _LATIN_CODECS:
            fits = scores[codec] >= CLEAR_ADVANTAGE * western or _looks_wrong_in_western(sample)
        else:
            fits = _has_words_of_one_script(sample, codec)
        if fits:
            return _prefer_iso(sample, codec)
    return WESTERN


def _prefer_iso(sample: bytes, codec: str) -> str:
    """Return the ISO encoding if the Windows one gives a symbol within a word: "¶ννα" is "Άννα"."""
    iso = _ISO_CODECS.get(codec, codec)
    has_signs = _SIGN_IN_WORD.search(sample.decode(codec, "replace"))
    return iso if has_signs and not _SIGN_IN_WORD.search(sample.decode(iso, "replace")) else codec


def _looks_wrong_in_western(sample: bytes) -> bool:
    """Return whether words contain symbols, or letters that only Icelandic has."""
    return bool(_ODD_WESTERN_WORD.search(sample.decode(WESTERN, "replace")))


def _has_words_of_one_script(sample: bytes, codec: str) -> bool:
    """Return whether no word mixes other letters with Latin ones, as "MГјnchen" does.

    Single letters aren't words, except if a letter takes two bytes: "à" is French.
    """
    words = [word for word in _WORD.findall(sample.decode(codec, "replace")) if not word.isascii()]
    mixed = sum(bool(_ASCII_LETTER.search(word)) for word in words)
    return any(len(word.encode(codec, "replace")) > 1 for word in words) and (
        mixed <= MAX_MIXED_SHARE * len(words)
    )


def _has_only_words(text: str) -> bool:
    """Return whether the characters beyond ASCII are letters within Latin words."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    letters = len(_BEYOND_ASCII.findall(" ".join(words)))
    mixed = sum(bool(_ASCII_LETTER.search(word)) for word in words)
    return bool(words) and mixed == len(words) and letters == len(_BEYOND_ASCII.findall(text))


def _take_sample(data: bytes) -> list[bytes]:
    lines: list[bytes] = []
    size = 0
    for found in _LINE_BEYOND_ASCII.finditer(data):
        lines.append(found[0])
        size += len(found[0])
        if size > SAMPLE_BYTES:
            break
    return lines


def _detect_utf16(head: bytes) -> str:
    """Return the byte order of mostly Latin letters: only every second byte is zero."""
    even, odd = head[::2], head[1::2]
    if not odd:
        return ""
    if odd.count(0) > len(odd) // 2 and not even.count(0):
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > len(even) // 2 and not odd.count(0) else ""


def _find_invalid_offset(data: bytes, codec: str) -> int | None:
    """Return roughly where the bytes stop being valid in this encoding, or ``None``."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    for start in range(0, len(data), SLICE_BYTES):
        try:
            decoder.decode(
                data[start : start + SLICE_BYTES], final=start + SLICE_BYTES >= len(data)
            )
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def _is_mostly_utf8(sample: bytes) -> bool:
    """Return whether letters are two or more such bytes in a row, which is rare in other texts."""
    letters = len(_UTF8_SEQUENCE.findall(sample))
    return letters > len(_UTF8_SEQUENCE.sub(b"", sample).translate(None, bytes(range(0x80))))
