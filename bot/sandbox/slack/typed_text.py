"""Slack's transformation of typed text: escapes, mentions, the command's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bot.sandbox.slack.seed import WorkspaceChannel, WorkspaceMember

UNNAMED_KINDS = ("im", "group", "pair")
"""Of conversations that a text can't name."""

_MARKUP_PATTERN = re.compile(r"<(?:[@#!]|mailto:|tel:|https?:)[^<>\n]*>")
_NAME_PATTERN = re.compile(r"(?<![\w@#.])([@#])([\w][\w.-]*)")

_ADDRESS_PATTERN = re.compile(
    r"(?P<url>https?://[^\s<>|]+[^\s<>|.,;:!?)])"
    r"|(?P<mail>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<tel>(?<![\w+])(?:\+\d[\d ().-]{6,18}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?!\w))"
)


def escape(text: str) -> str:
    """Escape Slack's three characters: docs.slack.dev/messaging/formatting-message-text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def encode_mentions(
    text: str,
    members: Iterable[WorkspaceMember],
    channels: Iterable[WorkspaceChannel],
    *,
    labels: bool = True,
) -> str:
    """Return the text with names turned into IDs and the rest escaped.

    Existing markup and email addresses are left unchanged. ``labels`` adds the names
    ("<@U0JOHN|john>"), as slash commands have them.
    """
    people = {member.name: member.id for member in members}
    places = {channel.name: channel.id for channel in channels if channel.kind not in UNNAMED_KINDS}

    def linked(match: re.Match[str]) -> str:
        known = people if match[1] == "@" else places
        return _mention_markup(match, known, labels=labels)

    return _apply_outside_markup(text, lambda part: _NAME_PATTERN.sub(linked, escape(part)))


def escape_outside_markup(text: str) -> str:
    """Return the text for a command without ``should_escape``: names stay names."""
    return _apply_outside_markup(text, escape)


def link_addresses(text: str) -> str:
    """Return a message's text with its email addresses and phone numbers linked, as Slack does.

    An app reads "<mailto:john@acme.com|john@acme.com>".
    docs.slack.dev/messaging/formatting-message-text
    """
    return _apply_outside_markup(text, lambda part: _ADDRESS_PATTERN.sub(_address_markup, part))


def split_command(text: str) -> tuple[str, str]:
    """Return ("/chakra", "user john") for "/chakra user john"."""
    command, _, rest = text.partition(" ")
    return command, rest.strip()


def _mention_markup(match: re.Match[str], known: dict[str, str], *, labels: bool) -> str:
    name = match[2]
    stem = name.rstrip(".-")
    for candidate in (name, stem):
        if candidate in known:
            label = f"|{candidate}" if labels else ""
            return f"<{match[1]}{known[candidate]}{label}>{name[len(candidate) :]}"
    return match[0]


def _address_markup(match: re.Match[str]) -> str:
    shown = match[0]
    if match["url"]:
        return f"<{shown}>"
    if match["mail"]:
        return f"<mailto:{shown}|{shown}>"
    return f"<tel:{re.sub('[^+0-9]', '', shown)}|{shown}>"


def _apply_outside_markup(text: str, change: Callable[[str], str]) -> str:
    pieces = []
    end = 0
    for markup in _MARKUP_PATTERN.finditer(text):
        pieces += [change(text[end : markup.start()]), markup[0]]
        end = markup.end()
    return "".join([*pieces, change(text[end:])])
