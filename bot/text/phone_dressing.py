"""Phone numbers dressed for an export, a link or a spreadsheet: ``p:+91…``, ``="091…"``.

Sources: Meta's lead export (``p:``), RFC 3966 (``tel:``), Twilio (``whatsapp:``), CSV files guarded
against formulas and lost zeros, faq.whatsapp.com/5913398998672934 (links into a chat).
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from bot.text.invisible import remove_invisible

_MAX_DRESSED_LENGTH = 300
"""Characters; a longer text isn't a phone number."""
_QUOTES = " '’‘‛′´`\"“”„«»<>"
_FORMULA = re.compile(r"=\s*(?:T\s*)?\(?\s*([\"'].*[\"'])\s*\)?\s*", re.IGNORECASE)
_EQUALS_SIGN = re.compile(r"=\s*(?=[+\d(])")
_SCHEME = re.compile(
    r"(?:(?:p|ph|phone|tel|telephone|mob|mobile|cell|contact|wa|whatsapp)(?:\s*(?:no|number))?"
    r"|call|callto|sms|smsto|mailto|c|h|m|t|w)"
    r"\s*(?:\.\s*:?|:)\s*(?://)?(?=[\s'\"<+＋(\d])",
    re.IGNORECASE,
)
_HYPERLINK = re.compile(r"=\s*HYPERLINK\s*\(.*[,;]\s*(\"[^\"]*\"|\d+)\s*\)", re.IGNORECASE)
_MESSAGE = re.compile(r"([^?]*\d)\?(?:body|text)=.*", re.IGNORECASE | re.DOTALL)
_THOUSANDS = re.compile(r"\+?\d{1,3}(?:,\d{3}){2,}")
_TRAILING_MARKS = ",;:."
_MIDDLE_DOTS = str.maketrans("·•", "  ")
_PICTURES = re.compile(r"[\u2100-\u27bf\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff]")
_PARAMETERS = re.compile(
    r"(?P<number>[^;]+);(?:phone-context=(?P<context>\+\d{1,4})|phone-context=.*)?"
)
_CHAT_LINK = re.compile(
    r"(?:[a-z]+:(?://)?)?(?:[\w.-]*/)?(?:wa\.me/(?:c/)?|send/?\?(?:[^\s#]*&)?phone=)"
    r"(?:\+|%2B|\s)?(?P<number>\d{6,17})/?(?:[?&#].*)?",
    re.IGNORECASE,
)
_CHAT_ID = re.compile(r"(?P<number>\d{6,17})(?::\d+)?@(?:s\.whatsapp\.net|c\.us)", re.IGNORECASE)


def undress_phone(text: str) -> str:
    """Return the number inside; a text without a prefix or suffix is only trimmed.

    Invisible characters are removed. What is inside a link or a chat ID gets its plus.
    """
    bare = remove_invisible(text)
    if len(bare) > _MAX_DRESSED_LENGTH:
        return bare
    while (inner := _undress_once(bare)) != bare:
        bare = inner
    return bare


def _undress_once(text: str) -> str:
    if found := _FORMULA.fullmatch(text) or _HYPERLINK.fullmatch(text):
        return found[1]
    text = text.strip(_QUOTES).rstrip(_TRAILING_MARKS)
    if not text.isascii():
        text = _PICTURES.sub("", text).translate(_MIDDLE_DOTS).strip()
    if "%2" in text:
        text = unquote(text).strip()
    if _THOUSANDS.fullmatch(text):
        return text.replace(",", "")
    if found := _CHAT_LINK.fullmatch(text) or _CHAT_ID.fullmatch(text):
        return f"+{found['number']}"
    if found := _MESSAGE.fullmatch(text):
        return found[1]
    if found := _EQUALS_SIGN.match(text) or _SCHEME.match(text):
        return text[found.end() :]
    if found := _PARAMETERS.fullmatch(text):
        number = found["number"].strip()
        return number if number.startswith("+") else f"{found['context'] or ''}{number}"
    return text
