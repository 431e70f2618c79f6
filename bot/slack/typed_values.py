"""The text of a typed value, for people outside Slack: names instead of Slack's IDs."""

from __future__ import annotations

from bot.errors import UnknownMember, UsageError
from bot.slack.channels import Channels
from bot.slack.commands.tokens import ChannelMention, GroupMention, Link, Mention, Phrase, Token
from bot.slack.members import Members
from bot.text.emoji import replace_emoji_names


async def read_typed_value(word: Token, members: Members, channels: Channels) -> str:
    """Return the text that the person meant; a link with its own label becomes its address.

    Raise ``UsageError`` if Slack does not disclose the name of what is mentioned.
    """
    if isinstance(word, Phrase):
        return "".join([await read_typed_value(part, members, channels) for part in word.parts])
    if isinstance(word, Mention):
        return await _read_member_name(word, members)
    if isinstance(word, ChannelMention):
        name = word.name or await channels.find_name(word.id)
        return f"#{_require_name(name, 'channel')}"
    if isinstance(word, GroupMention):
        return f"@{_require_name(word.name, 'group')}"
    return word.url if isinstance(word, Link) else word.text


async def _read_member_name(mention: Mention, members: Members) -> str:
    try:
        name = (await members.get_member(mention.id)).value.name
    except UnknownMember:
        name = ""
    return replace_emoji_names(_require_name(name or mention.name, "person"))


def _require_name(name: str, kind: str) -> str:
    if not name:
        raise UsageError(
            f"Slack doesn't share that {kind}'s name with this app. Type it as plain text."
        )
    return name
