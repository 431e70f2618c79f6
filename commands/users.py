"""``/chakra users``: the Chakra team as a list, filtered, sorted, in pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from math import ceil

from bot.chakra.models import User
from bot.chakra.text import sanitize_line
from bot.context import Context
from bot.errors import UsageError
from bot.slack import blocks
from bot.slack.age import freshness
from bot.slack.blocks import Markup, bold, code, escape, lines, markup
from bot.slack.commands.arguments import Arguments, ChannelMention, GroupMention, Link, Mention
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest
from bot.slack.commands.reply import Block, Message
from bot.slack.viewer import Viewer
from bot.users import card
from bot.users import picker as choice
from bot.users.card import availability_label
from bot.users.index import UserIndex
from bot.users.list_query import (
    ACTIVE,
    ALL,
    KNOWN_STATUSES,
    SORTS,
    UserFilter,
    available_roles,
    available_statuses,
    filter_users,
    match_roles,
)
from bot.users.names import RoleAndTeamNames

EXAMPLE = "/chakra users role:sales status:available"
PAGE = "users.page"
REFRESH = "users.refresh"
OPEN = "users.open"

ROWS_PER_PAGE = 10
MAX_FILTER_LENGTH = 200
"""Characters of one filter. Four of them, escaped as JSON, fit into a button's 2,000."""
MAX_LISTED_VALUES = 30
"""Roles that a sentence lists."""


@dataclass(frozen=True, slots=True)
class UserListQuery:
    """What was typed, and the page; it travels in the buttons. Pages count from 1."""

    words: str = ""
    role: str = ""
    status: str = ACTIVE
    sort: str = "name"
    page: int = 1


# --- the typed line, and the line in a button ----------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Message:
    return await _render_page(context, _parse_query(request.arguments))


def _parse_query(line: Arguments) -> UserListQuery:
    for word in line.tokens:
        if isinstance(word, Mention | GroupMention | ChannelMention | Link):
            raise UsageError(
                "The list is filtered by words of a name or an address.", example=EXAMPLE
            )
    named = {name: sanitize_line(word.text) for name, word in line.named.items()}
    typed = sanitize_line(line.text_from())
    if max(map(len, (typed, *named.values()))) > MAX_FILTER_LENGTH:
        raise UsageError("That is too long for a filter.", example=EXAMPLE)
    return UserListQuery(
        words=typed,
        role=named.get("role", ""),
        status=named.get("status", "").casefold() or ACTIVE,
        sort=named.get("sort", "").casefold() or "name",
    )


def _to_value(query: UserListQuery) -> str:
    return json.dumps(astuple(query), ensure_ascii=False, separators=(",", ":"))


def _from_value(value: str) -> UserListQuery:
    """Raises ``UsageError`` for what no button of today holds."""
    try:
        typed, role, status, sort, page = json.loads(value)
    except (ValueError, TypeError, RecursionError):
        raise _outdated_error() from None
    texts = (typed, role, status, sort)
    fits = all(isinstance(text, str) and len(text) <= MAX_FILTER_LENGTH for text in texts)
    if not fits or not isinstance(page, int) or isinstance(page, bool):
        raise _outdated_error()
    return UserListQuery(typed, role, status, sort, page)


def _outdated_error() -> UsageError:
    return UsageError("That button belongs to an older list.", example="/chakra users")


# --- the buttons ---------------------------------------------------------------------------------


async def change_page(request: ActionRequest, context: Context) -> Message:
    return replace(await _render_page(context, _from_value(request.value)), replace_original=True)


async def refresh(request: ActionRequest, context: Context) -> Message:
    return replace(
        await _render_page(context, _from_value(request.value), refresh=True), replace_original=True
    )


async def show(request: ActionRequest, context: Context) -> Message:
    profile = await context.directory.get_profile(request.value)
    return card.render_private(profile, Viewer.from_request(request))


# --- the page ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserListResult:
    """``people`` are all that match, of ``total``; ``roles`` are the labels that were meant."""

    users: tuple[User, ...]
    total: int
    roles: tuple[str, ...]

    @property
    def pages(self) -> int:
        return max(1, ceil(len(self.users) / ROWS_PER_PAGE))


async def _render_page(context: Context, query: UserListQuery, *, refresh: bool = False) -> Message:
    index = await context.directory.get_index(refresh=refresh)
    names = await context.directory.get_names(wait=bool(query.role) or query.sort == "role")
    result = _apply_query(query, index.value, names)
    query = replace(query, page=min(max(1, query.page), result.pages))
    heading = _heading(query, result)
    content: list[Block] = [blocks.section(heading)]
    start = (query.page - 1) * ROWS_PER_PAGE
    content += [_row(user, names) for user in result.users[start : start + ROWS_PER_PAGE]]
    if not result.users:
        content.append(blocks.section(_empty_state(query, result)))
    content.append(blocks.context(freshness(index)))
    content.append(blocks.actions(*_buttons(query, result.pages)))
    return Message(text=heading, blocks=tuple(content))


def _apply_query(query: UserListQuery, index: UserIndex, names: RoleAndTeamNames) -> UserListResult:
    """Raises ``UsageError`` for a role, status or order that there is none of."""
    statuses = available_statuses(index)
    if query.status not in statuses:
        raise _unknown_value_error("status", query.status, statuses)
    if query.sort not in SORTS:
        raise _unknown_value_error("order", query.sort, SORTS)
    roles: tuple[str, ...] = ()
    if query.role:
        known = available_roles(index, names)
        roles = match_roles(query.role, known)
        if not roles:
            raise _unknown_value_error("role", query.role, known)
    users = filter_users(index, names, UserFilter(query.words, roles, query.status, query.sort))
    return UserListResult(users, len(index.users), roles)


def _unknown_value_error(noun: str, typed: str, known: Sequence[str]) -> UsageError:
    available = ", ".join(known[:MAX_LISTED_VALUES]) or "none that could be read"
    return UsageError(
        f"There is no {noun} “{blocks.clip(typed, 40)}”. There are: {available}.", example=EXAMPLE
    )


def _heading(query: UserListQuery, result: UserListResult) -> Markup:
    """23 of 41 people · role Inside Sales · page 1 of 3"""
    parts: list[str] = [bold(f"{len(result.users)} of {result.total} people")]
    if query.words:
        parts.append(f"“{query.words}”")
    if result.roles:
        parts.append(f"role {' or '.join(result.roles)}")
    parts.append("active and inactive" if query.status == ALL else query.status)
    if query.sort != "name":
        parts.append(f"by {query.sort}" if query.sort != "newest" else "newest first")
    if result.pages > 1:
        parts.append(f"page {query.page} of {result.pages}")
    return Markup("  ·  ".join([escape(part) for part in parts]))


def _empty_state(query: UserListQuery, result: UserListResult) -> Markup:
    """What to change when nobody is left."""
    if not result.total:
        return markup("Chakra lists nobody in this team.")
    advice = []
    if query.words:
        advice.append("other or fewer words")
    if result.roles:
        advice.append("another role, or none")
    if query.status != ALL:
        advice.append("status:all")
    return markup(
        "Nobody matches. Try ",
        ", ".join(advice),
        ", or see the team with ",
        code("/chakra users"),
        ".",
    )


def _row(user: User, names: RoleAndTeamNames) -> Block:
    status = availability_label(user) if user.active is not False else ""
    details = [
        escape(part) for part in (status, *choice.distinguishing_details(user, names)) if part
    ]
    text_lines = [choice.render_name(user)]
    if details:
        text_lines.append(Markup("  ·  ".join(details)))
    return blocks.section(lines(text_lines), accessory=blocks.button("Show", OPEN, user.id))


def _buttons(query: UserListQuery, pages: int) -> list[Block]:
    buttons = []
    if query.page > 1:
        buttons.append(_page_button("Previous", "previous", query, -1))
    if query.page < pages:
        buttons.append(_page_button("Next", "next", query, 1))
    buttons.append(blocks.button("Refresh", REFRESH, _to_value(query)))
    return buttons


def _page_button(label: str, suffix: str, query: UserListQuery, delta: int) -> Block:
    target = replace(query, page=query.page + delta)
    return blocks.button(label, f"{PAGE}:{suffix}", _to_value(target))


USERS: Command[Context] = Command(
    name="users",
    aliases=("team", "people"),
    summary="the Chakra team as a list, filtered, sorted, in pages",
    usage="users [words] [role:…] [status:…]",
    example=EXAMPLE,
    argument_names=("role", "status", "sort"),
    details=(
        "Words are the beginnings of names or addresses. Without status, the active are listed.",
        f"status: {', '.join(KNOWN_STATUSES)}. sort: {', '.join(SORTS)}.",
    ),
    run=run,
    button=("The team", ""),
    actions=(Action(PAGE, change_page), Action(REFRESH, refresh), Action(OPEN, show)),
)
