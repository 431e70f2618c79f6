"""``/chakra media``: show a file that a customer sent on WhatsApp, by its media ID."""

from __future__ import annotations

import re

from bot.context import Context
from bot.errors import UsageError
from bot.slack.commands.command import Command, CommandRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message

EXAMPLE = "/chakra media 1037543291543636"
MEDIA_ID = re.compile(r"[0-9]{5,40}")
IN_ADDRESS = re.compile(r"https://\S+[?&]mid=([0-9]{5,40})(?:[&#]\S*)?")
"""WhatsApp's events also have a file's ID in an address."""
FILLERS = frozenset(
    {"show", "me", "get", "open", "the", "of", "for", "with", "file", "media", "id"}
)
"""Words before an ID that say nothing about it."""
NOT_SHARED = "A file is shown only to you. Share it from your DM with Chakra."
MAY_NOT_READ = "Customers' files are for people who may send."


async def run(request: CommandRequest, context: Context) -> Message:
    request.access.authorize(Permission.SEND, reason=MAY_NOT_READ)
    typed = _remove_fillers(request.arguments.join_from().strip())
    if not typed:
        raise UsageError("Which file? Add its WhatsApp media ID.", example=EXAMPLE)
    if typed.casefold().endswith(" share"):
        raise UsageError(NOT_SHARED, example=EXAMPLE)
    if typed.startswith("wamid."):
        raise UsageError("That's the ID of a message. A media ID is a number.", example=EXAMPLE)
    if not MEDIA_ID.fullmatch(typed):
        raise UsageError(f'"{typed}" isn\'t a media ID: that is a number.', example=EXAMPLE)
    return await context.whatsapp_files.show(typed, request.actor.id)


def _remove_fillers(typed: str) -> str:
    """Return the ID of "the file 1037543291543636", or of its address; else what was typed."""
    words: list[str] = re.findall(r"\w+", typed.casefold())
    ids = [word for word in words if MEDIA_ID.fullmatch(word)]
    if len(ids) == 1 and FILLERS.issuperset(word for word in words if word not in ids):
        return ids[0]
    address = IN_ADDRESS.fullmatch(typed)
    return address[1] if address else typed


MEDIA: Command[Context] = Command(
    name="media",
    summary="see a file that a customer sent on WhatsApp",
    usage="media <media ID>",
    example=EXAMPLE,
    details=(
        "The media ID is in WhatsApp's events and in Chakra's chats.",
        "The file comes to your DM with Chakra, where only you see it.",
    ),
    phrases=dict.fromkeys(
        ("show media", "get media", "whatsapp media", "download media", "media file"), ""
    ),
    run=run,
    needs=Permission.LOOK,
)
