"""Show a file to one person: in their direct messages with the app."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

from bot.errors import MISSING_SCOPE, SlackError
from bot.slack import blocks
from bot.slack.blocks import Markup
from bot.slack.client.files import SlackFiles
from bot.slack.commands.reply import Message

FILES_SCOPE: Final = "files:write"
MAX_MEMORY_BYTES: Final = 1024 * 1024
"""Larger files are on disk while they are transferred."""


@contextmanager
def temporary_file() -> Iterator[BinaryIO]:
    """Yield an empty temporary file."""
    with tempfile.SpooledTemporaryFile(max_size=MAX_MEMORY_BYTES) as file:
        yield cast("BinaryIO", file)


async def send_privately(
    files: SlackFiles,
    member: str,
    name: str,
    content: bytes | BinaryIO,
    *,
    noun: str,
    comment: Markup,
) -> Message:
    """Upload a file to the member's direct messages; return a message about it.

    A private answer can't show a file that isn't in one of the person's conversations. Raise
    ``SlackError``.
    """
    try:
        await files.upload(member, name, content, comment=comment)
    except SlackError as error:
        if error.code != MISSING_SCOPE:
            raise
        return blocks.text_message(
            f"Slack doesn't let this app upload files. Ask an admin to grant {FILES_SCOPE}, or "
            "open it in Chakra."
        )
    return blocks.text_message(f"The {noun} is in your DM with Chakra.")
