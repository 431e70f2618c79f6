"""Redact personal data and secrets: a phone number, an email address, or everything in a text.

A mask cannot be undone, and does not show how long the hidden part was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import category

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

MASK = "•••"
LONG_MASK = "••••••"
TOKEN_PLACEHOLDER = "[token]"  # noqa: S105 - shown in place of a token
SECRET_PLACEHOLDER = "[secret]"  # noqa: S105

# E.164 allows 15 digits; an international prefix typed as 00 adds two.
MIN_PHONE_DIGITS = 7
MAX_PHONE_DIGITS = 17
MIN_DIGITS_TO_SHOW_FOUR = 9  # shorter numbers show only their last two

_SEPARATORS = " .()\u00a0\u2007\u2009\u2010\u2011\u2012\u2013\u202f-"

# A cheap check that is enough for most texts: without any of these there is nothing to redact.
_SENSITIVE_MARKERS = (
    *("@", "%40", "://", "xox", "xapp-", "eyj", "v0=", "bearer", "secret", "token", "passw"),
    *("authori", "api_key", "api-key", "apikey", "signature"),
)
_MANY_DIGITS = re.compile(rf"\d[\d{re.escape(_SEPARATORS)}]{{5,}}\d")

_SLACK_TOKEN = re.compile(r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+")
_JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_BEARER = re.compile(r"(?i)\b(bearer)(\s+|%20)([^\s\"',;<>]+)")
_SIGNATURE = re.compile(r"\bv0=[0-9a-f]{16,}")
# A value labeled as a secret: long and with a digit, so that plain words stay readable.
_NAMED_SECRET = re.compile(
    r"(?i)((?:token|secret|passw(?:or)?d|authorization|api[_-]?key|signature)"
    r"[\"']?\s*[=:]\s*[\"']?(?:basic\s+)?)(?=[^\s\"',&;]{0,200}\d)[^\s\"',&;]{12,}"
)
_SOCKET_TICKET = re.compile(r"([?&]ticket=)[^&\s\"'<>]+")
_USER_INFO = re.compile(r"(://)[^/?#\s@\"'<>]+@")
# Slack's response URLs and webhooks: knowing the address is enough to post. A response_url on
# another host is recognized by the word in its path.
_WEBHOOK_URL = re.compile(
    r"(https?://[^\s/\"'<>]+)((?:/[^\s/\"'<>?#]+)*?/(?:commands|actions|services|workflows|triggers"
    r"|hooks?|webhooks?|response|responses|response_url))/(?!\[secret\])[^\s\"'<>,)\]}]+"
)

_EMAIL = re.compile(
    r"(?P<local>[^\s@<>()\[\],;:\"\u2018-\u201f]{1,64}?)(?P<at>@|%40)"
    r"(?P<domain>[\w-]+(?:\.[\w-]+)+)"
)
_LOCAL_PART_PREFIX = re.compile(r".*(?:[=/{}|&?]|%3D|(?<![A-Za-z])'(?=.))", re.DOTALL)

# Numbers as long as a phone number that are something else. Matched first, in this order.
_NON_PHONE_NUMBERS = (
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"  # UUID
    r"|[12]\d{3}-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:[.,]\d+)?)?"  # ISO 8601
    r"(?:Z|[+-]\d\d:?\d\d)?)?(?!-?\d)"
    r"|1[5-9]\d{8}\.\d{3,7}"  # Slack's ts
    r"|1[5-9](?:\d{8}|\d{11}|\d{14})(?!\d)"  # seconds, ms, µs since 1970, in 2017 to 2033
    r"|(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\.?\d)"  # IPv4
    r"|0\.\d+(?!\.?\d)"  # a fraction
)
_PHONE_LIKE_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9])(?P<other>(?:{_NON_PHONE_NUMBERS})(?![A-Za-z0-9]))"
    rf"|(?P<phone>(?:(?<![A-Za-z0-9])|(?<=%2[Bb]))[+＋]?[(]?"
    rf"\d(?:[{re.escape(_SEPARATORS)}]{{0,3}}\d){{{MIN_PHONE_DIGITS - 1},}}"
    rf"(?![A-Za-z0-9])|[+＋]\d{{{MIN_PHONE_DIGITS},}})"
)


def mask_phone(phone: str) -> str:
    """Return ``+91 •••••• 3210`` for ``+919876543210``.

    A country code after a plus stays readable, as do the last four digits, or the last two of a
    short number. Text too short for a phone number becomes dots alone.
    """
    digits = "".join(re.findall(r"\d", phone))
    code = _find_country_code(digits) if phone.lstrip(" (")[:1] in {"+", "＋"} else ""
    national = len(digits) - len(code)
    if len(digits) < MIN_PHONE_DIGITS or len(digits) > MAX_PHONE_DIGITS:
        return LONG_MASK
    shown = 4 if national >= MIN_DIGITS_TO_SHOW_FOUR else 2
    end = f"{LONG_MASK} {digits[-shown:]}"
    return f"+{code} {end}" if code else end


def _find_country_code(digits: str) -> str:
    for length in (1, 2, 3):
        if digits[:length].isascii() and int(digits[:length] or 0) in COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length]
    return ""


def mask_email(email: str) -> str:
    """Return ``j•••@acme.com`` for ``john@acme.com``; only dots for an invalid address."""
    local, at, domain = email.rpartition("@")
    if not (at and local and domain):
        return MASK
    first = local[0] if len(local) > 1 and local[0] not in MASK else ""
    return f"{first}{MASK}@{domain}"


def redact(text: str) -> str:
    """Return ``text`` without tokens, webhook URLs, whole phone numbers and email addresses.

    IDs, times and host names stay as they are, and so do the line breaks of a traceback.
    """
    if text.isalpha() or not _may_be_sensitive(text):
        return text
    text = _redact_secrets(text)
    if "@" in text or "%40" in text:
        text = _EMAIL.sub(_mask_email_match, text)
    return _PHONE_LIKE_NUMBER.sub(_mask_number_match, text)


def _redact_secrets(text: str) -> str:
    text = _SLACK_TOKEN.sub(TOKEN_PLACEHOLDER, text)
    text = _JWT.sub(TOKEN_PLACEHOLDER, text)
    text = _BEARER.sub(rf"\1\2{TOKEN_PLACEHOLDER}", text)
    text = _SIGNATURE.sub(f"v0={SECRET_PLACEHOLDER}", text)
    text = _NAMED_SECRET.sub(rf"\1{SECRET_PLACEHOLDER}", text)
    text = _SOCKET_TICKET.sub(rf"\1{SECRET_PLACEHOLDER}", text)
    text = _USER_INFO.sub(rf"\1{SECRET_PLACEHOLDER}@", text)
    return _WEBHOOK_URL.sub(rf"\1\2/{SECRET_PLACEHOLDER}", text)


def mask_text(text: str) -> str:
    """Return ``text`` as everyone in a channel may read it: no phone number, no email address.

    Stricter than `redact`: an address in any spelling is masked, and so is every run of seven
    digits or more in any script, whatever invisible characters and up to three signs stand between
    the digits. Only UUIDs, dates, hours and amounts stay, and numbers with fewer digits.
    """
    if text.isalpha():
        return text
    text = _redact_secrets(text) if _may_be_sensitive(text) else text
    visible, positions = _extract_visible_characters(text)
    if not _AT_SIGN.search(visible) and not _LONG_RUN.search(visible):
        return text
    parts, end = [], 0
    for start, stop, replacement in _find_personal_spans(visible):
        parts += [text[end : positions[start]], replacement]
        end = positions[stop - 1] + 1
    return "".join([*parts, text[end:]])


_DIGIT = r"[\d⁰¹²³⁴-⁹₀-₉⓪①-⑨⑴-⑼⒈-⒐⓵-⓽⓿❶-❾➀-➈➊-➒]"
_SIGN = r"(?:\s++|[^\w\s]|_)"  # spaces in a row are one sign
_LONG_RUN = re.compile(rf"[+＋]?{_DIGIT}(?:{_SIGN}{{0,3}}{_DIGIT}){{{MIN_PHONE_DIGITS - 1},}}")
_AT_SIGN = re.compile(r"[@＠﹫]|%40|[(\[{]\s?at\s?[)\]}]", re.IGNORECASE)
_UUID = re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")

_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_ANY_DAY = r"(?:0?[1-9]|[12]\d|3[01])"  # or a month: Americans write it first
_TIME = r"[0-2]?\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,6})?)?(?:[+-][01]\d:?[0-5]\d)?"
_DATE = (
    rf"(?:{_YEAR}{_MONTH}{_DAY}|{_YEAR}[-/._]{_ANY_DAY}[-/._]{_ANY_DAY}"
    rf"|{_ANY_DAY}[-/.]{_ANY_DAY}[-/.]{_YEAR})"
)
_TIME_IN_FILE_NAME = r"(?:[0-2]\d[-.][0-5]\d(?:[-.][0-5]\d)?|[0-2]\d[0-5]\d[0-5]\d)"
_NOT_PERSONAL = re.compile(
    rf"{_DATE}(?:[T ,_-]{{1,2}}(?:{_TIME}|{_TIME_IN_FILE_NAME}))?(?: ?\(\d{{1,2}})?"
    rf"|{_DATE} ?[-–—] ?{_DATE}"
    rf"|(?:{_ANY_DAY}, )?{_YEAR}[ ,]{{1,2}}[0-2]\d:[0-5]\d(?::[0-5]\d)?"  # of "Nov 29, 2026, 10:30"
    r"|[0-2]?\d:[0-5]\d ?[-–—] ?[0-2]?\d:[0-5]\d"
    r"|[1-9](?:,\d{3}){2}(?:\.\d\d)?|[1-9]\d{0,2},\d{3}\.\d\d|[1-9],\d\d,\d{3}\.\d\d",
    re.ASCII,
)
"""Dates, with or without the time or the "(2)" of a file name, hours, counts and amounts."""
_ISO_TIME = re.compile(rf"(?<![\w+-]){_YEAR}-{_MONTH}-{_DAY}T{_TIME}(?!\d)", re.ASCII)
_LOOSE_EMAIL = re.compile(
    r"(?P<local>\"[^\"\n]{1,64}\"|(?<![^\s<>|,;:()\[\]@＠﹫])[^\s<>|,;:()\[\]@＠﹫]+?)"
    r"(?:[@＠﹫]|%40|\s?[@＠﹫]\s(?=(?:[\w-]+\.)+[^\W\d_])"
    r"|\s?[(\[{]\s?(?i:at)\s?[)\]}]\s?(?=[\w-]+\s?[.(\[{]))"
    r"(?P<domain>\[[^\]\s]{1,64}\]|[\w-]+(?:\.[\w-]+)*)"
)
_MASKED_PHONE = re.compile(rf"(?<!\w){LONG_MASK} (?:\d{{4}}|\d{{2}})(?![ .()-]?\d)")
"""What `mask_phone` returns: digits after it aren't part of that number."""
_HANGUL_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters in Unicode, although nothing is shown for them."""


def _extract_visible_characters(text: str) -> tuple[str, Sequence[int]]:
    """Return ``text`` without invisible characters, and the original positions of the others.

    Invisible are Unicode's category Cf, fillers, and marks that don't belong to a letter.
    """
    if text.isascii():
        return text, range(len(text))
    pairs: list[tuple[int, str]] = []
    for place, char in enumerate(text):
        kind = "" if char.isascii() else category(char)
        is_bare_mark = kind in {"Mn", "Me"} and not (pairs and _has_marks(pairs[-1][1]))
        if kind != "Cf" and char not in _HANGUL_FILLERS and not is_bare_mark:
            pairs.append((place, char))
    return "".join([char for _, char in pairs]), [place for place, _ in pairs]


def _has_marks(char: str) -> bool:
    return char.isalpha() or category(char) in {"Mn", "Mc"}


def _find_personal_spans(text: str) -> list[tuple[int, int, str]]:
    """Return start, end and replacement of what must be masked, in order and without overlaps."""
    emails = [
        (found.start(), found.end(), mask_email(f"{found['local']}@{found['domain']}"))
        for found in _LOOSE_EMAIL.finditer(text)
    ]
    for start, end, _ in emails:
        text = f"{text[:start]}{'@' * (end - start)}{text[end:]}"
    for pattern in (_UUID, _ISO_TIME, _MASKED_PHONE):
        text = pattern.sub(lambda found: "x" * len(found[0]), text)
    numbers = [
        (found.start(), found.end(), _mask_run(text, found))
        for found in _LONG_RUN.finditer(text)
        if not _NOT_PERSONAL.fullmatch(found[0])
    ]
    return sorted(emails + numbers)


def _mask_run(text: str, run: re.Match[str]) -> str:
    """Mask a separate number like `mask_phone`, and digits inside a word completely."""
    neighbors = text[run.start() - 1 : run.start()] + text[run.end() : run.end() + 1]
    return LONG_MASK if neighbors.isalnum() else mask_phone(run[0])


def _may_be_sensitive(text: str) -> bool:
    lower = text.lower()
    return (
        any(mark in lower for mark in _SENSITIVE_MARKERS) or _MANY_DIGITS.search(text) is not None
    )


def _mask_email_match(match: re.Match[str]) -> str:
    before = _LOCAL_PART_PREFIX.match(match["local"])
    start = before.end() if before and before.end() < len(match["local"]) else 0
    prefix, local = match["local"][:start], match["local"][start:]
    masked = mask_email(f"{local}@{match['domain']}")
    return prefix + masked.replace("@", match["at"], 1)


def _mask_number_match(match: re.Match[str]) -> str:
    phone = match["phone"]
    if phone is None:
        return match[0]
    if phone.isdigit() and len(phone) > MAX_PHONE_DIGITS:
        return phone
    return mask_phone(phone)
