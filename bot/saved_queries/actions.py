"""List, run and delete saved queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from bot.errors import DatabaseUnavailable, NotAllowed, UsageError
from bot.processes.list_message import RecordListQuery, to_line
from bot.processes.sorting import find_order
from bot.processes.typed_line import split_csv
from bot.record_lists import HasRecordLists, load_list, render_list, split_share
from bot.saved_queries import card, saved_line
from bot.saved_queries.post import OPEN
from bot.saved_queries.saved_query import EXAMPLE, SavedQuery
from bot.saved_queries.service import SavedQueries
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.button_state import parse_row_id
from bot.slack.channels import Channels
from bot.slack.commands.command import Action, ActionRequest, Request
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import Message
from bot.slack.commands.tokens import Token

REPLACE: Final = "process.saved_replace"
ID, RECORD_TYPE = "id", "type"


class HasSavedQueries(HasRecordLists, Protocol):
    """The part of the context that saved queries use."""

    @property
    def saved_queries(self) -> SavedQueries: ...

    @property
    def channels(self) -> Channels: ...


ContextT = TypeVar("ContextT", bound=HasSavedQueries)


def list_saved_actions(_: type[ContextT]) -> tuple[Action[ContextT], ...]:
    """Return the buttons of the list of saved queries and of posts."""
    return (
        Action(card.RUN, run_saved),
        Action(OPEN, open_post),
        Action(card.DELETE, delete),
        Action(card.PAGE, change_page),
    )


# --- typed lines ----------------------------------------------------------------------------------


async def run_named(
    request: Request, context: HasSavedQueries, tokens: Sequence[Token]
) -> Message | None:
    """Return the list of the saved query that a line names, None if it names none."""
    found = await _find_by_line(request, context, tokens)
    return await run_query(request, context, found) if found else None


async def find_named_list(
    request: Request, context: HasSavedQueries, tokens: Sequence[Token]
) -> RecordListQuery | None:
    """Return the list of the saved query that words name, None if they name none."""
    found = await _find_by_line(request, context, tokens)
    return _to_list(found, "") if found else None


async def _find_by_line(
    request: Request, context: HasSavedQueries, tokens: Sequence[Token]
) -> SavedQuery | None:
    """Return the query with a name, sorted as the words after it say."""
    found = await _find_by_name(request, context, tokens)
    ends_otherwise = split_csv(tuple(tokens))[1] or split_share(tokens)[1]
    place = 0 if found or ends_otherwise else find_order(tokens)
    named = await _find_by_name(request, context, tokens[:place]) if place else None
    if named is None or named.text is None:
        return found or named
    return replace(named, text=f"{named.text} and {to_line(tokens[place:])}")


async def _find_by_name(
    request: Request, context: HasSavedQueries, tokens: Sequence[Token]
) -> SavedQuery | None:
    if not saved_line.may_be_name(tokens):
        return None
    try:
        return await context.saved_queries.find(saved_line.read_name(tokens), request.actor.id)
    except DatabaseUnavailable:
        return None


async def find_named(
    request: Request, context: HasSavedQueries, words: Sequence[Token]
) -> SavedQuery:
    """Return the query that the words name. Raise ``NotFound``, and ``UsageError`` for no words."""
    name = saved_line.read_name(words)
    if not name:
        raise UsageError("Which saved query?", example="/chakra process saved")
    found = await context.saved_queries.find(name, request.actor.id)
    if found is None:
        raise await context.saved_queries.build_not_found(name, request.actor.id)
    return found


# --- the list -------------------------------------------------------------------------------------


async def render_saved(
    request: Request, context: HasSavedQueries, *, page: int = 1, note: str = ""
) -> Message:
    """Return the list of queries that the person may run, and of those posted in this channel."""
    queries = await context.saved_queries.list_visible(request.actor.id, request.channel.id)
    return card.render_saved_list(
        queries,
        card.SavedListQuery(page=page),
        request.actor.id,
        may_manage=may_manage_others(request),
        note=note,
    )


async def change_page(request: ActionRequest, context: HasSavedQueries) -> Message:
    page = card.SavedListQuery.from_value(request.value).page
    return replace(await render_saved(request, context, page=page), replace_original=True)


async def load_saved(request: ActionRequest, context: HasSavedQueries) -> SavedQuery:
    """Return a button's query. Raise ``NotFound``."""
    query_id = parse_row_id(request.value, card.SavedListQuery.command)
    return await context.saved_queries.get(query_id, request.actor.id, request.channel.id)


def may_manage_others(request: Request) -> bool:
    """Return whether the person may change queries that others saved for everyone."""
    return request.access.allows(Permission.MANAGE_WATCHES)


def require_manager(request: Request, saved: SavedQuery) -> None:
    """Raise ``NotAllowed`` unless the person may change this query."""
    if saved.member == request.actor.id:
        return
    if not saved.is_shared or not may_manage_others(request):
        raise NotAllowed("sender", reason="Only the person who saved it can change it.")


# --- running --------------------------------------------------------------------------------------


async def run_query(
    request: Request, context: HasSavedQueries, saved: SavedQuery, reader: str = ""
) -> Message:
    """Return the records of a query; "me" in it is ``reader``, else the person who runs it."""
    return render_list(request, await load_list(request, context, _to_list(saved, reader)))


def _to_list(saved: SavedQuery, reader: str) -> RecordListQuery:
    """Return the list of a query. Raise ``UsageError`` if it can no longer be decrypted."""
    if saved.text is None:
        raise UsageError(
            "This query can't be read any more: it was encrypted with another access token of "
            "Chakra. Save it again.",
            example=EXAMPLE,
        )
    return RecordListQuery(type=saved.record_type, text=saved.text, reader=reader, name=saved.label)


async def run_saved(request: ActionRequest, context: HasSavedQueries) -> Message:
    return await run_query(request, context, await load_saved(request, context))


async def open_post(request: ActionRequest, context: HasSavedQueries) -> Message:
    """Return the whole list of a post to the person who presses, as its scheduler meant it."""
    saved = await load_saved(request, context)
    return await run_query(request, context, saved, saved.scheduler or saved.member)


# --- deleting -------------------------------------------------------------------------------------


async def delete(request: ActionRequest, context: HasSavedQueries) -> Message:
    saved = await load_saved(request, context)
    require_manager(request, saved)
    await context.saved_queries.repository.remove(saved.id)
    note = markup(bold(saved.label), " is deleted.")
    return replace(await render_saved(request, context, note=note), replace_original=True)


async def delete_query(request: Request, context: HasSavedQueries, saved: SavedQuery) -> Message:
    require_manager(request, saved)
    await context.saved_queries.repository.remove(saved.id)
    stopped = Markup(" It is no longer posted.") if saved.due_at else Markup("")
    return blocks.text_message(markup(bold(saved.label), " is deleted.", stopped))
