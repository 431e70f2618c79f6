"""Save a query from a line or a form, and change or rename one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

from bot.errors import UsageError, UserError
from bot.processes.list_message import SAVE, RecordListQuery, to_line
from bot.processes.search import RecordType, find_type
from bot.processes.typed_line import split_csv
from bot.saved_queries import card, forms, saved_line
from bot.saved_queries.actions import (
    HasSavedQueries,
    load_saved,
    may_manage_others,
    require_manager,
)
from bot.saved_queries.repository import NameTaken
from bot.saved_queries.saved_line import read_save_line
from bot.saved_queries.saved_query import EXAMPLE, SavedQuery, check_name, fold_name, read_name
from bot.slack import blocks
from bot.slack.blocks import bold, code, markup
from bot.slack.button_state import ButtonState, parse_row_id
from bot.slack.commands.command import Action, ActionRequest, Form, Request, SubmitRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, Reply
from bot.slack.commands.tokens import Token

REPLACE: Final = "process.saved_replace"
ID, RECORD_TYPE = "id", "type"

ContextT = TypeVar("ContextT", bound=HasSavedQueries)


class ReplaceState(ButtonState):
    """A query that replaces the one with the same name, once confirmed."""

    command = "/chakra process saved"

    query: int
    type: str
    text: str
    is_shared: bool


def list_saving_actions(_: type[ContextT]) -> tuple[Action[ContextT], ...]:
    """Return the buttons that save a list, and change what is saved."""
    return (
        Action(SAVE, open_save_form),
        Action(REPLACE, replace_query),
        Action(card.EDIT, open_edit_form),
        Action(card.NEW, open_new_form),
    )


def list_saving_forms(_: type[ContextT]) -> tuple[Form[ContextT], ...]:
    return (Form(forms.SAVE_FORM, submit, needs=Permission.LOOK),)


# --- typed lines ----------------------------------------------------------------------------------


async def save_line(
    request: Request,
    context: HasSavedQueries,
    words: Sequence[Token],
    types: Sequence[RecordType],
) -> Reply:
    line = read_save_line(words)
    if line.is_mention:
        raise UsageError("A name is made of words. Choose another.", example=EXAMPLE)
    record_type = (find_type(types, line.words[0].text) if line.words else None) or types[0]
    has_type = bool(line.words) and find_type(types, line.words[0].text) is not None
    text = to_line(line.words[1:] if has_type else line.words)
    if not line.words:
        return _open_form(
            types,
            name=line.name,
            record_type=record_type.name,
            text="",
            is_shared=bool(line.is_shared),
        )
    is_shared = bool(line.is_shared)
    label = read_checked_name(request, line.name, types, is_shared=is_shared)
    if split_csv(tuple(line.words))[1]:
        raise UsageError(
            f'Save the query without "{line.words[-1].text}". Its name gets you the file: '
            f"`/chakra process {label} csv`.",
            example=EXAMPLE,
        )
    echo = await check_query(request, context, record_type, text)
    try:
        saved = await context.saved_queries.repository.add(
            label, request.actor.id, record_type.name, text, request.now, is_shared=is_shared
        )
    except NameTaken as taken:
        if taken.taken.member != request.actor.id:
            raise
        return _ask_replace(taken.taken, record_type.name, text, line.is_shared)
    return _render_saved(request, saved, "Saved", echo)


def read_checked_name(
    request: Request, typed: str, types: Collection[RecordType], *, is_shared: bool
) -> str:
    """Return a name that has no other meaning as a line. Raise ``UsageError`` with the reason."""
    label = read_name(typed)
    today = datetime.fromtimestamp(request.now, request.require_member().zone).date()
    check_name(label, types, saved_line.RESERVED, today, is_shared=is_shared)
    return label


async def check_query(
    request: Request, context: HasSavedQueries, record_type: RecordType, text: str
) -> str:
    """Return how a query is understood. Raise ``UsageError`` for one that can't be read."""
    if len(text) > forms.MAX_QUERY_LENGTH:
        raise UsageError("That's too long for one query.", example=EXAMPLE)
    typed = await context.record_queries.read(
        record_type, text, request.require_member(), request.now
    )
    return f"{record_type.plural}: {typed.echo}" if typed.echo else f"All {record_type.plural}"


def _ask_replace(taken: SavedQuery, record_type: str, text: str, is_shared: bool | None) -> Message:
    shared = taken.is_shared if is_shared is None else is_shared
    state = ReplaceState(query=taken.id, type=record_type, text=text, is_shared=shared)
    question = markup("You already have ", bold(taken.label), ". Replace it?")
    before = markup("Now: ", card.render_query(taken.record_type, taken.text or ""))
    after = markup("Then: ", card.render_query(record_type, text))
    return Message(
        question,
        (
            blocks.section(blocks.lines([question, before, after])),
            blocks.actions(blocks.button("Replace it", REPLACE, state.to_value())),
        ),
    )


def _render_saved(request: Request, saved: SavedQuery, done: str, echo: str = "") -> Message:
    line = code(f"/chakra process {saved.label}")
    what = markup(f"{done}: ", bold(saved.label), ". Run it with ", line, ".")
    if echo:
        what = blocks.lines([what, echo])
    return card.render_saved(saved, request.actor.id, what, may_manage=may_manage_others(request))


async def rename_line(
    request: Request,
    context: HasSavedQueries,
    words: Sequence[Token],
    types: Sequence[RecordType],
) -> Message:
    texts = [word.text for word in words]
    saved, length = await context.saved_queries.find_first(texts, request.actor.id)
    if saved is None:
        raise await context.saved_queries.build_not_found(" ".join(texts) or "…", request.actor.id)
    rest = texts[length:]
    if rest and rest[0].casefold() in ("to", "as"):
        rest = rest[1:]
    if not rest:
        raise UsageError(
            "Rename it to what?", example='/chakra process saved rename "hot leads" "warm leads"'
        )
    require_manager(request, saved)
    label = read_checked_name(request, " ".join(rest), types, is_shared=saved.is_shared)
    changed = await context.saved_queries.repository.change(saved.id, request.now, label=label)
    return _render_saved(request, changed or saved, "Renamed")


# --- forms ----------------------------------------------------------------------------------------


async def open_save_form(request: ActionRequest, context: HasSavedQueries) -> OpenForm:
    """Open the form for the query of a list."""
    listed = RecordListQuery.from_value(request.value)
    types = await context.records.list_types()
    return _open_form(types, name="", record_type=listed.type, text=listed.text)


async def open_new_form(
    request: ActionRequest,  # noqa: ARG001
    context: HasSavedQueries,
) -> OpenForm:
    types = await context.records.list_types()
    return _open_form(types, name="", record_type=types[0].name, text="")


async def open_edit_form(request: ActionRequest, context: HasSavedQueries) -> OpenForm:
    saved = await load_saved(request, context)
    require_manager(request, saved)
    types = await context.records.list_types()
    return _open_form(
        types,
        name=saved.label,
        record_type=saved.record_type,
        text=saved.text or "",
        is_shared=saved.is_shared,
        query_id=saved.id,
    )


def _open_form(
    types: Sequence[RecordType],
    *,
    name: str,
    record_type: str,
    text: str,
    is_shared: bool = False,
    query_id: int = 0,
) -> OpenForm:
    view = forms.save_form(
        types, name=name, record_type=record_type, text=text, is_shared=is_shared
    )
    return OpenForm(view, {ID: str(query_id or ""), RECORD_TYPE: record_type})


async def submit(request: SubmitRequest, context: HasSavedQueries) -> CloseForm | FieldErrors:
    """Save the form's query, or show the errors under its fields."""
    types = await context.records.list_types()
    chosen = request.values.get(forms.TYPE) or request.state.get(RECORD_TYPE, "")
    record_type = find_type(types, chosen) or types[0]
    text = " ".join(request.values.get(forms.QUERY, "").split())
    is_shared = request.values.get(forms.AUDIENCE) == forms.SHARED
    try:
        label = read_name(request.values.get(forms.NAME, ""))
        edited = await _find_edited(request, context)
        is_new = edited is None or fold_name(edited.label) != fold_name(label)
        if is_new or (is_shared and edited is not None and not edited.is_shared):
            label = read_checked_name(request, label, types, is_shared=is_shared)
    except UsageError as error:
        return FieldErrors({forms.NAME: error.message})
    try:
        echo = await check_query(request, context, record_type, text)
    except UserError as error:
        return FieldErrors({forms.QUERY: error.message or "This query can't be read."})
    try:
        if edited is None:
            saved = await context.saved_queries.repository.add(
                label, request.actor.id, record_type.name, text, request.now, is_shared=is_shared
            )
        else:
            changed = await context.saved_queries.repository.change(
                edited.id,
                request.now,
                label=label,
                query=(record_type.name, text),
                is_shared=is_shared,
            )
            saved = changed or edited
    except UsageError as error:
        return FieldErrors({forms.NAME: error.message})
    return CloseForm("Saved.", follow_up=_render_saved(request, saved, "Saved", echo))


async def _find_edited(request: SubmitRequest, context: HasSavedQueries) -> SavedQuery | None:
    query_id = request.state.get(ID, "")
    if not query_id:
        return None
    saved = await context.saved_queries.get(
        parse_row_id(query_id, card.SavedListQuery.command), request.actor.id
    )
    require_manager(request, saved)
    return saved


async def replace_query(request: ActionRequest, context: HasSavedQueries) -> Message:
    state = ReplaceState.from_value(request.value)
    saved = await context.saved_queries.get(state.query, request.actor.id)
    require_manager(request, saved)
    changed = await context.saved_queries.repository.change(
        saved.id, request.now, query=(state.type, state.text), is_shared=state.is_shared
    )
    shown = _render_saved(request, changed or saved, "Replaced")
    return replace(shown, replace_original=True)
