"""Slack's transformation of typed text: escapes, links, mentions, emoji, the command's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bot.sandbox.slack.emoji_names import name_emoji
from bot.sandbox.slack.seed import WorkspaceChannel, WorkspaceMember

UNNAMED_KINDS = ("im", "group", "pair")
"""The kinds of conversations that a text can't name."""

MAX_LABEL_LENGTH = 30
"""Characters of a link's label in a typed command; longer ones end with an ellipsis.

INFERRED from labels that people quote: operable/cog#121, hackclub/scrappy#49."""

_MARKUP_PATTERN = re.compile(r"<(?:[@#!]|mailto:|tel:|https?:)[^<>\n]*>")
_NAME_PATTERN = re.compile(r"(?<![\w@#.])([@#])([\w][\w.-]*)")
_LINKED_DOMAINS = (
    "ai|app|au|biz|br|ca|ch|club|cn|co|com|de|dev|edu|es|eu|example|fr|gov|id|in|info|io|it|jp|me|"
    "md|mx|net|nl|online|org|pl|pt|py|se|sg|shop|sh|site|store|tech|tv|uk|us|xyz|za"
)
"""The top-level domains, of more than a thousand, that make a word an address here."""
_URL_END = r"[^\s<>|.,;:!?)\]}\"'“”‘’»*~`]"

_URL = rf"(?P<url>https?://[^\s<>|]*{_URL_END})"
_MAIL = r"(?P<mail>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
_HOST = (
    r"(?P<host>(?<![\w@./-])(?:[^\W_](?:[\w-]*[^\W_])?\.)+"
    rf"(?i:{_LINKED_DOMAINS})(?![\w@-]|\.\w)(?:[/?#](?:[^\s<>|]*{_URL_END})?)?)"
)
_PHONE = r"(?P<tel>(?<![\w+])(?:\+\d[\d ().-]{6,18}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?!\w))"
_MESSAGE_PATTERN = re.compile(rf"{_URL}|{_MAIL}|{_PHONE}")
_COMMAND_PATTERN = re.compile(rf"{_URL}|{_MAIL}|{_HOST}")


def escape(text: str) -> str:
    """Escape Slack's three characters: docs.slack.dev/messaging/formatting-message-text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def encode_message(
    text: str, members: Iterable[WorkspaceMember], channels: Iterable[WorkspaceChannel]
) -> str:
    """Return a message's text as apps read it: escaped, with links, mentions and names of emoji.

    Markup that is there already is left unchanged.
    """
    people, places = _index_ids_by_name(members, channels)

    def replace_match(match: re.Match[str]) -> str:
        return _build_mention_markup(match, people if match[1] == "@" else places, lambda _: "")

    return _encode(link_addresses(text), lambda part: _NAME_PATTERN.sub(replace_match, part))


def encode_command(
    text: str, members: Iterable[WorkspaceMember], channels: Iterable[WorkspaceChannel]
) -> str:
    """Return the text of a command with ``should_escape``: links are cut, members are only IDs.

    The name of a private channel is not disclosed ("<#C0LEADS|>").
    """
    found = list(channels)
    people, places = _index_ids_by_name(members, found)
    private = {channel.name for channel in found if channel.kind == "private"}

    def replace_match(match: re.Match[str]) -> str:
        if match[1] == "@":
            return _build_mention_markup(match, people, lambda _: "")
        return _build_mention_markup(
            match, places, lambda name: "|" if name in private else f"|{name}"
        )

    with_links = _apply_outside_markup(
        text, lambda part: _COMMAND_PATTERN.sub(_build_command_link, part)
    )
    return _encode(with_links, lambda part: _NAME_PATTERN.sub(replace_match, part))


def encode_plain_command(text: str) -> str:
    """Return the text of a command without ``should_escape``: names stay names."""
    return _encode(text, lambda part: part)


def link_addresses(text: str) -> str:
    """Return a message's text with its email addresses and phone numbers linked, as Slack does.

    An app reads "<mailto:john@acme.com|john@acme.com>".
    docs.slack.dev/messaging/formatting-message-text
    """
    return _apply_outside_markup(text, lambda part: _MESSAGE_PATTERN.sub(_build_message_link, part))


def split_command(text: str) -> tuple[str, str]:
    """Return ("/chakra", "user john") for "/chakra user john"."""
    command, _, rest = text.partition(" ")
    return command, rest.strip()


def _encode(text: str, mention: Callable[[str], str]) -> str:
    return _apply_outside_markup(text, lambda part: name_emoji(mention(escape(part))))


def _index_ids_by_name(
    members: Iterable[WorkspaceMember], channels: Iterable[WorkspaceChannel]
) -> tuple[dict[str, str], dict[str, str]]:
    people = {member.name: member.id for member in members}
    places = {channel.name: channel.id for channel in channels if channel.kind not in UNNAMED_KINDS}
    return people, places


def _build_mention_markup(
    match: re.Match[str], known: dict[str, str], label: Callable[[str], str]
) -> str:
    name = match[2]
    stem = name.rstrip(".-")
    for candidate in (name, stem):
        if candidate in known:
            return f"<{match[1]}{known[candidate]}{label(candidate)}>{name[len(candidate) :]}"
    return match[0]


def _build_message_link(match: re.Match[str]) -> str:
    shown = escape(match[0])
    if match["url"]:
        return f"<{shown}>"
    if match["mail"]:
        return f"<mailto:{shown}|{shown}>"
    return f"<tel:{re.sub('[^+0-9]', '', shown)}|{shown}>"


def _build_command_link(match: re.Match[str]) -> str:
    typed = match[0]
    if match["mail"]:
        return f"<mailto:{typed}|{typed}>"
    url = escape(typed if match["url"] else f"http://{typed}")
    if len(typed) > MAX_LABEL_LENGTH:
        return f"<{url}|{escape(typed[:MAX_LABEL_LENGTH])}…>"
    return f"<{url}>" if match["url"] else f"<{url}|{escape(typed)}>"


def _apply_outside_markup(text: str, change: Callable[[str], str]) -> str:
    pieces = []
    end = 0
    for markup in _MARKUP_PATTERN.finditer(text):
        pieces += [change(text[end : markup.start()]), markup[0]]
        end = markup.end()
    return "".join([*pieces, change(text[end:])])
