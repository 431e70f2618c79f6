"""Slack's markup in a typed line -> what the person typed.

Slack escapes ``& < >`` and wraps what it recognizes in angle brackets: mentions, and whatever looks
like an address, whose label it may cut.
docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from bot.slack.commands.tokens import ChannelMention, GroupMention, Link, Mention, Phrase, Token

MARKUP: Final = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_ENTITIES: Final = {"amp": "&", "lt": "<", "gt": ">"}
_ENTITY: Final = re.compile("&(amp|lt|gt);")
_MEMBER: Final = re.compile(r"@([UWB][A-Z0-9]+)")
_CHANNEL: Final = re.compile(r"#([CDG][A-Z0-9]+)")
_GROUP: Final = re.compile(r"!subteam\^(S[A-Z0-9]+)")
_BROADCAST: Final = re.compile(r"!(here|channel|everyone)")
_SPECIAL: Final = re.compile(r"![a-z]+\^.+")  # such as <!date^…|Monday>: the label is its text
_ADDRESS: Final = re.compile(r"(mailto|tel):([^?]+)(?:\?.*)?", re.IGNORECASE)
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ELLIPSIS: Final = re.compile(r"…|\.{3}")
_PUNYCODE_LABEL: Final = re.compile(r"xn--([a-z0-9-]+)", re.IGNORECASE)


def unescape(text: str) -> str:
    """Undo Slack's escaping of ``& < >``, once: ``&amp;lt;`` is a typed ``&lt;``."""
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text) if "&" in text else text


def parse_segment(segment: str) -> Token:
    """Return one word. Markup alone keeps its type; with text around it, it is part of a text."""
    parts = list(_parse_parts(segment))
    if len(parts) == 1:
        return parts[0]
    if all(type(part) is Token for part in parts):
        return Token(_normalize("".join(part.text for part in parts)))
    return Phrase(tuple(parts))


def parse_markup(found: re.Match[str]) -> Token | None:
    """Return what Slack meant by a match of `MARKUP`; ``None`` if Slack would not write it."""
    target, label = found[1], _normalize(unescape(found[2] or ""))
    if target[0] == "@":
        member = _MEMBER.fullmatch(target)
        return Mention(member[1], label) if member else None
    if target[0] == "#":
        channel = _CHANNEL.fullmatch(target)
        return ChannelMention(channel[1], label) if channel else None
    if target[0] == "!":
        return _parse_special(target, label)
    address = _ADDRESS.fullmatch(target)
    if address:
        return Token(_find_typed_address(address[1].lower(), unescape(address[2]), label))
    url = _normalize(unescape(target))
    return _parse_link(url, label) if _URL.fullmatch(url) else None


def _parse_parts(segment: str) -> Iterator[Token]:
    end = 0
    for found in MARKUP.finditer(segment):
        word = parse_markup(found)
        if word is None:
            continue
        if end < found.start():
            yield Token(_normalize(unescape(segment[end : found.start()])))
        yield word
        end = found.end()
    if end < len(segment) or not segment:
        yield Token(_normalize(unescape(segment[end:])))


def _parse_special(target: str, label: str) -> Token | None:
    group = _GROUP.fullmatch(target)
    if group:
        return GroupMention(group[1], label.removeprefix("@"))
    broadcast = _BROADCAST.fullmatch(target)
    if broadcast:
        return Token(f"@{broadcast[1]}")
    return Token(label) if label and _SPECIAL.fullmatch(target) else None


def _find_typed_address(scheme: str, target: str, label: str) -> str:
    """Return the label if it is the same email address or number, written in its own way."""
    address = _normalize(unquote(target))
    if scheme == "mailto":
        return label if _fold_host(label) == _fold_host(address) else address
    return label if _extract_digits(label) == _extract_digits(address) else address


def _parse_link(url: str, label: str) -> Token:
    typed = _find_typed_url(url, label)
    if not typed:
        return Link(url, label)
    return Link(typed) if _SCHEME.match(typed) else Token(typed)


def _find_typed_url(url: str, label: str) -> str:
    """Return the address as it was typed; "" if the label is a text of its own.

    Slack adds a scheme to ``Booking.com``, and cuts the label of a long address.
    """
    if not label or label == url:
        return url
    if _ELLIPSIS.search(label):
        head, tail = _ELLIPSIS.split(label.casefold(), maxsplit=1)
        for address in (url, _SCHEME.sub("", url, count=1)):
            folded = address.casefold()
            if folded.startswith(head) and folded.endswith(tail) and len(label) <= len(address):
                return address
    return label if _fold_url(url) == _fold_url(label) else ""


def _fold_url(url: str) -> str:
    """Return a URL for comparison: without scheme, percent signs, Punycode and a last slash."""
    return _fold_host(unquote(_SCHEME.sub("", url, count=1)).rstrip("/"))


def _fold_host(address: str) -> str:
    return _normalize(_PUNYCODE_LABEL.sub(_decode_punycode, address).casefold())


def _decode_punycode(found: re.Match[str]) -> str:
    """Decode a part of a host; Python's ``idna`` does not know today's ``straße``."""
    try:
        return found[1].encode().decode("punycode")
    except (UnicodeError, OverflowError):
        return found[0]


def _extract_digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFC", text)
