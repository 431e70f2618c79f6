"""The words and values of a typed line as text, with what Slack knows of the people in it."""

from __future__ import annotations

from bot.errors import UsageError
from bot.messages.form_values import PHONE, TO
from bot.slack.channels import Channels
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.tokens import Link, Mention, Token
from bot.slack.members import Members
from bot.slack.typed_values import read_typed_value


class LineReader:
    """Its methods raise ``UsageError`` and ``UnknownMember``, and ``SlackError``."""

    def __init__(self, members: Members, channels: Channels) -> None:
        self._members = members
        self._channels = channels

    async def read_words(self, line: Arguments) -> list[list[str]]:
        """Return the words that name a recipient, in runs that no value interrupts.

        A mention is the member's email address.
        """
        return [[await self._read_recipient(word) for word in run] for run in line.runs()]

    async def read_named(self, line: Arguments) -> dict[str, str]:
        """Return the values by name: a mention is a recipient, or the person's name in a text."""
        return {
            name: await (
                self._read_recipient(word)
                if name in (TO, PHONE)
                else read_typed_value(word, self._members, self._channels)
            )
            for name, word in line.named.items()
        }

    async def _read_recipient(self, word: Token) -> str:
        if isinstance(word, Mention):
            email = (await self._members.get_member(word.id)).value.email
            if not email:
                raise UsageError(
                    "Slack doesn't share that member's email address. Type a number instead."
                )
            return email
        return word.url if isinstance(word, Link) else word.text
