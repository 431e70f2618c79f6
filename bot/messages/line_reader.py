"""The words and values of a typed line as text, with Slack's data about the people in it."""

from __future__ import annotations

from bot.errors import UsageError
from bot.messages.form_values import PHONE, TO
from bot.messages.typed_line import TypedLine, Word
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

    async def read(self, line: Arguments) -> TypedLine:
        """Return the words and the values by name.

        A mention is the member's email address, and the person's name in a text.
        """
        words = [
            Word.read(
                await (self._read_text(word) if word.quoted else self._read_recipient(word)),
                run,
                quoted=word.quoted,
            )
            for run, words in enumerate(line.split_runs())
            for word in words
        ]
        named = {
            name: await (
                self._read_recipient(word) if name in (TO, PHONE) else self._read_text(word)
            )
            for name, word in line.named.items()
        }
        return TypedLine(tuple(words), named, line.repeated)

    async def _read_text(self, word: Token) -> str:
        return await read_typed_value(word, self._members, self._channels)

    async def _read_recipient(self, word: Token) -> str:
        if isinstance(word, Mention):
            email = (await self._members.get_member(word.id)).value.email
            if not email:
                raise UsageError(
                    "Slack doesn't share that member's email address. Type a number instead."
                )
            return email
        return word.url if isinstance(word, Link) else word.text
