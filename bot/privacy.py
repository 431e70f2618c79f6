"""Hides personal data and secrets: one phone number, one e-mail address, or whatever a text holds.

Pure. A mask cannot be undone, and does not tell how long the hidden part was.
"""

from __future__ import annotations

import re

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

DOTS = "•••"
LONG_DOTS = "••••••"
TOKEN = "[token]"  # noqa: S105 - what stands in a token's place
SECRET = "[secret]"  # noqa: S105

# E.164 allows 15 digits; an international prefix typed as 00 adds two.
FEWEST_PHONE_DIGITS = 7
MOST_PHONE_DIGITS = 17
NATIONAL_DIGITS_FOR_FOUR = 9  # so many digits may show their last four, fewer only two

_SEPARATORS = " .()\u00a0\u2007\u2009\u2010\u2011\u2012\u2013\u202f-"

# The cheap look that most texts end with: none of these in it, nothing to hide.
_MARKS = (
    *("@", "%40", "://", "xox", "xapp-", "eyj", "v0=", "bearer", "secret", "token", "passw"),
    *("authori", "api_key", "api-key", "apikey", "signature"),
)
_MANY_DIGITS = re.compile(rf"\d[\d{re.escape(_SEPARATORS)}]{{5,}}\d")

_SLACK_TOKEN = re.compile(r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+")
_JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_BEARER = re.compile(r"(?i)\b(bearer)(\s+|%20)([^\s\"',;<>]+)")
_SIGNATURE = re.compile(r"\bv0=[0-9a-f]{16,}")
# A value named as a secret: long, and with a digit in it, so that plain words stay readable.
_NAMED = re.compile(
    r"(?i)((?:token|secret|passw(?:or)?d|authorization|api[_-]?key|signature)"
    r"[\"']?\s*[=:]\s*[\"']?(?:basic\s+)?)(?=[^\s\"',&;]{0,200}\d)[^\s\"',&;]{12,}"
)
_USER_INFO = re.compile(r"(://)[^/?#\s@\"'<>]+@")
# Slack's response URLs and webhooks: whoever holds the address may post. A response_url of another
# host is known by the word in its path.
_HOOK = re.compile(
    r"(https?://[^\s/\"'<>]+)((?:/[^\s/\"'<>?#]+)*?/(?:commands|actions|services|workflows|triggers"
    r"|hooks?|webhooks?|response|responses|response_url))/(?!\[secret\])[^\s\"'<>,)\]}]+"
)

_EMAIL = re.compile(
    r"(?P<local>[^\s@<>()\[\],;:\"\u2018-\u201f]{1,64}?)(?P<at>@|%40)"
    r"(?P<domain>[\w-]+(?:\.[\w-]+)+)"
)
_LOCAL_STARTS_AFTER = re.compile(r".*(?:[=/{}|&?]|%3D|(?<![A-Za-z])'(?=.))", re.DOTALL)

# What has as many digits as a phone number and is none. Kept first, in this order.
_KEPT = (
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"  # UUID
    r"|[12]\d{3}-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:[.,]\d+)?)?"  # ISO 8601
    r"(?:Z|[+-]\d\d:?\d\d)?)?(?!-?\d)"
    r"|1[5-9]\d{8}\.\d{3,7}"  # Slack's ts
    r"|1[5-9](?:\d{8}|\d{11}|\d{14})(?!\d)"  # seconds, ms, µs since 1970, in 2017 to 2033
    r"|(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?!\.?\d)"  # IPv4
    r"|0\.\d+(?!\.?\d)"  # a fraction
)
_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9])(?P<kept>(?:{_KEPT})(?![A-Za-z0-9]))"
    rf"|(?P<phone>(?:(?<![A-Za-z0-9])|(?<=%2[Bb]))[+＋]?[(]?"
    rf"\d(?:[{re.escape(_SEPARATORS)}]{{0,3}}\d){{{FEWEST_PHONE_DIGITS - 1},}}"
    rf"(?![A-Za-z0-9])|[+＋]\d{{{FEWEST_PHONE_DIGITS},}})"
)


def mask_phone(phone: str) -> str:
    """``+919876543210`` -> ``+91 •••••• 3210``.

    The country code stays where it is written with a plus; the last four digits stay of long
    numbers, the last two of short ones, none of anything shorter than a phone number.
    """
    digits = "".join(re.findall(r"\d", phone))
    code = _country_code(digits) if phone.lstrip(" (")[:1] in {"+", "＋"} else ""
    national = len(digits) - len(code)
    if len(digits) < FEWEST_PHONE_DIGITS or len(digits) > MOST_PHONE_DIGITS:
        return LONG_DOTS
    shown = 4 if national >= NATIONAL_DIGITS_FOR_FOUR else 2
    end = f"{LONG_DOTS} {digits[-shown:]}"
    return f"+{code} {end}" if code else end


def _country_code(digits: str) -> str:
    for length in (1, 2, 3):
        if digits[:length].isascii() and int(digits[:length] or 0) in COUNTRY_CODE_TO_REGION_CODE:
            return digits[:length]
    return ""


def mask_email(email: str) -> str:
    """``john@acme.com`` -> ``j•••@acme.com``; what is no address becomes dots alone."""
    local, at, domain = email.rpartition("@")
    if not (at and local and domain):
        return DOTS
    first = local[0] if len(local) > 1 and local[0] not in DOTS else ""
    return f"{first}{DOTS}@{domain}"


def redact(text: str) -> str:
    """``text`` fit for a log: no token, no hook's address, no whole phone number or e-mail address.

    Ids, times and addresses of hosts stay as they are. Line breaks stay: a traceback may go in.
    """
    if text.isalpha() or not _suspicious(text):
        return text
    text = _SLACK_TOKEN.sub(TOKEN, text)
    text = _JWT.sub(TOKEN, text)
    text = _BEARER.sub(rf"\1\2{TOKEN}", text)
    text = _SIGNATURE.sub(f"v0={SECRET}", text)
    text = _NAMED.sub(rf"\1{SECRET}", text)
    text = _USER_INFO.sub(rf"\1{SECRET}@", text)
    text = _HOOK.sub(rf"\1\2/{SECRET}", text)
    if "@" in text or "%40" in text:
        text = _EMAIL.sub(_masked_email, text)
    return _NUMBER.sub(_masked_number, text)


def strictly(text: str) -> str:
    """``redact`` for what a channel shall show of somebody else's words: also whatever has the
    digits of a phone number and is none, such as one with a letter mistyped into it."""
    return _DIGITS.sub(LONG_DOTS, redact(text))


_DIGITS = re.compile(r"\d(?:[\s().-]{0,2}\d){6,}")


def _suspicious(text: str) -> bool:
    lower = text.lower()
    return any(mark in lower for mark in _MARKS) or _MANY_DIGITS.search(text) is not None


def _masked_email(found: re.Match[str]) -> str:
    before = _LOCAL_STARTS_AFTER.match(found["local"])
    start = before.end() if before and before.end() < len(found["local"]) else 0
    prefix, local = found["local"][:start], found["local"][start:]
    masked = mask_email(f"{local}@{found['domain']}")
    return prefix + masked.replace("@", found["at"], 1)


def _masked_number(found: re.Match[str]) -> str:
    phone = found["phone"]
    if phone is None:
        return found[0]
    if phone.isdigit() and len(phone) > MOST_PHONE_DIGITS:
        return phone
    return mask_phone(phone)
