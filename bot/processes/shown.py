"""The current card of a record, for the person who asks."""

from __future__ import annotations

from contextlib import nullcontext

from bot.chakra.models import is_uuid
from bot.errors import ChakraError, not_found_as
from bot.processes.card import render_loaded_note, render_record_card
from bot.processes.search import RecordSearch
from bot.slack import blocks
from bot.slack.blocks import markup
from bot.slack.commands.command import Request
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message


async def render_card(
    request: Request,
    records: RecordSearch,
    reference: str,
    *,
    replace: bool = False,
    notice: str = "",
) -> Message:
    """Return the card of a reference ("lead/LEAD-004038") or a handle.

    ``notice`` is a sentence in front of the loading time. Raise ``NotFound`` for a key, and
    ``ResourceNotFound`` for an ID: people don't know it.
    """
    procedure, _, key = reference.partition("/")
    with nullcontext() if is_uuid(key) else not_found_as(procedure, key):
        record, record_type = await records.load(reference)
    return render_record_card(
        record,
        record_type,
        may_send=request.access.allows(Permission.SEND),
        may_edit=request.access.allows(Permission.EDIT),
        note=markup(notice, render_loaded_note(request.now)),
        replace=replace,
    )


async def render_card_after(
    request: Request, records: RecordSearch, reference: str, done: str
) -> Message:
    """Return the new card. If it can't be loaded, still say that the change is saved."""
    try:
        return await render_card(request, records, reference, replace=True)
    except ChakraError:
        return blocks.text_message(
            f"{done} The new card couldn't be loaded; press Refresh on the old one in a minute."
        )
