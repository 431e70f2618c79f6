"""Saved queries as a member sees them: the list with its buttons, and one after a change. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from bot.saved_queries.post import SCHEDULE, STOP, describe_problem
from bot.saved_queries.saved_query import SavedQuery
from bot.saved_queries.schedule import describe_with_zone
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, channel_mention, code, lines, markup, mention
from bot.slack.channel_mask import is_private
from bot.slack.commands.reply import Block, Message
from bot.slack.paging import ListQuery, Page, paginate

RUN: Final = "process.saved_run"
EDIT: Final = "process.saved_edit"
DELETE: Final = "process.saved_delete"
PAGE: Final = "process.saved_page"
NEW: Final = "process.saved_new"
ROWS_PER_PAGE: Final = 6
MAX_SHOWN_QUERY: Final = 300
_MEMBER: Final = re.compile(r"<@([UW][A-Z0-9]+)>")


class SavedListQuery(ListQuery):
    """A page of the saved queries."""

    command: ClassVar[str] = "/chakra process saved"


def render_saved_list(
    queries: Sequence[SavedQuery],
    query: SavedListQuery,
    member: str,
    *,
    may_manage: bool,
    note: str = "",
) -> Message:
    """Return the list for a member; ``may_manage``: including those shared by others."""
    page = paginate(queries, query.page, ROWS_PER_PAGE)
    title = bold("Saved queries")
    content = [blocks.section(lines([title, note] if note else [title]))]
    for saved in page.items:
        content += _render_rows(saved, member, may_manage=may_manage)
    if not page.items:
        content.append(blocks.section(_render_empty()))
    buttons = [*_render_page_buttons(page), blocks.button("New…", NEW)]
    content.append(blocks.actions(*buttons))
    return Message(title, tuple(content))


def render_saved(saved: SavedQuery, member: str, what: str, *, may_manage: bool) -> Message:
    """Return one query after a change; ``what`` says what was changed."""
    content = [blocks.section(what), *_render_rows(saved, member, may_manage=may_manage)]
    return Message(what, tuple(content))


def render_query(record_type: str, text: str) -> Markup:
    """Return a query as it was typed, with its members shown by name."""
    shown = blocks.clip(f"{record_type} {text}".strip(), MAX_SHOWN_QUERY)
    parts = _MEMBER.split(shown)
    if len(parts) == 1:
        return code(shown)
    return markup(*(mention(part) if index % 2 else part for index, part in enumerate(parts)))


def describe_place(saved: SavedQuery, here: str = "") -> Markup:
    """Return ``in #sales``, ``here``, or ``in your DM with Chakra``."""
    if is_private(saved.channel):
        return Markup("in your DM with Chakra")
    if saved.channel == here:
        return Markup("here")
    return markup("in ", channel_mention(saved.channel))


def _render_rows(saved: SavedQuery, member: str, *, may_manage: bool) -> list[Block]:
    audience = "for everyone" if saved.is_shared else "only you"
    owner = Markup("") if saved.member == member else markup(", by ", mention(saved.member))
    if not saved.is_shared and saved.member != member:
        audience = "private"
    text = [markup(bold(saved.label), f"  ·  {audience}", owner)]
    if saved.is_visible_to(member):
        text.append(render_query(saved.record_type, saved.text or ""))
    if saved.text is None:
        text.append(
            Markup(
                ":warning: It can't be read any more: it was encrypted with another access token "
                "of Chakra. Edit it."
            )
        )
    if saved.schedule is not None:
        text.append(_describe_posting(saved, member))
    if saved.problem:
        reason, remedy = describe_problem(saved)
        text.append(markup(Markup(":warning: "), f"Not posted: {reason}. ", Markup(remedy)))
    return [
        blocks.section(lines(text)),
        blocks.actions(*_render_buttons(saved, member, may_manage=may_manage)),
    ]


def _describe_posting(saved: SavedQuery, member: str) -> Markup:
    when = describe_with_zone(saved.schedule) if saved.schedule else ""
    place = describe_place(saved)
    if is_private(saved.channel) and saved.channel != member:
        place = markup("in the messages of ", mention(saved.channel))
    by = Markup("") if saved.scheduler == member else markup(", by ", mention(saved.scheduler))
    if not saved.due_at:
        return markup("Posting is stopped: ", when, " ", place, by, ".")
    return markup("Posted ", when, " ", place, by, ". Next: ", format_date_token(saved.due_at), ".")


def _render_buttons(saved: SavedQuery, member: str, *, may_manage: bool) -> list[Block]:
    value = str(saved.id)
    buttons = [blocks.button("Run", f"{RUN}:{value}", value)]
    is_manager = may_manage and saved.is_shared
    if saved.member == member or is_manager:
        buttons.append(blocks.button("Edit…", f"{EDIT}:{value}", value))
    if saved.schedule is None or saved.is_stopped or saved.scheduler == member or is_manager:
        buttons.append(blocks.button("Schedule…", f"{SCHEDULE}:{value}", value))
    if saved.schedule is not None and (member in (saved.scheduler, saved.member) or may_manage):
        buttons.append(blocks.button("Stop posting", f"{STOP}:{value}", value))
    if saved.member == member or is_manager:
        delete = blocks.button("Delete", f"{DELETE}:{value}", value, style="danger")
        delete["confirm"] = {
            "title": blocks.plain_text("Delete this query?", 100),
            "text": blocks.plain_text(f"{saved.label} is deleted, and no longer posted.", 300),
            "confirm": blocks.plain_text("Delete", 30),
            "deny": blocks.plain_text("Cancel", 30),
        }
        buttons.append(delete)
    return buttons


def _render_empty() -> Markup:
    return markup(
        "No query is saved yet. List records, then press Save…, or type ",
        code('/chakra process save "hot leads" lead state:NEW'),
        ".",
    )


def _render_page_buttons(page: Page[SavedQuery]) -> list[Block]:
    buttons = []
    for label, number in (("Previous", page.number - 1), ("Next", page.number + 1)):
        if 1 <= number <= page.count and page.count > 1:
            value = SavedListQuery(page=number).to_value()
            buttons.append(blocks.button(label, f"{PAGE}:{label.lower()}", value))
    return buttons
