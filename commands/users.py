"""``/chakra users``: list the Chakra team, filtered, sorted, in pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bot.chakra.models import User
from bot.context import Context
from bot.errors import SuggestedLine
from bot.slack import blocks
from bot.slack.age import format_freshness
from bot.slack.blocks import Markup, bold, code, escape, lines, markup
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest, Offer
from bot.slack.commands.reply import Block, Message
from bot.slack.commands.run_button import run_buttons
from bot.slack.commands.unused_words import name_unused
from bot.slack.paging import (
    FilterText,
    ListQuery,
    build_unknown_value_error,
    paginate,
    parse_filters,
    render_list_page,
)
from bot.slack.viewer import Viewer
from bot.users import card, picker
from bot.users.card import render_availability_label
from bot.users.index import UserIndex
from bot.users.list_query import (
    ACTIVE,
    ALL,
    KNOWN_STATUSES,
    SORTS,
    UserFilter,
    filter_users,
    list_available_roles,
    list_available_statuses,
    match_roles,
)
from bot.users.list_words import WordsMeaning, suggest_words, understand_words
from bot.users.names import RoleAndTeamNames
from bot.users.phrases import USERS_PHRASES, may_be_role

EXAMPLE = "/chakra users role:sales status:available"
PAGE = "users.page"
REFRESH = "users.refresh"
OPEN = "users.open"

ROWS_PER_PAGE = 10


class UserListQuery(ListQuery):
    """What was typed, and the page."""

    command: ClassVar[str] = "/chakra users"

    words: FilterText = ""
    role: FilterText = ""
    status: FilterText = ""
    sort: FilterText = "name"


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Message:
    return await _render_page(context, _parse_query(request.arguments))


def _parse_query(arguments: Arguments) -> UserListQuery:
    words, named = parse_filters(arguments, example=EXAMPLE)
    return UserListQuery(
        words=words,
        role=named.get("role", ""),
        status=named.get("status", "").casefold(),
        sort=named.get("sort", "").casefold() or "name",
    )


# --- the buttons ---------------------------------------------------------------------------------


async def change_page(request: ActionRequest, context: Context) -> Message:
    query = UserListQuery.from_value(request.value)
    return replace(await _render_page(context, query), replace_original=True)


async def refresh(request: ActionRequest, context: Context) -> Message:
    query = UserListQuery.from_value(request.value)
    return replace(await _render_page(context, query, refresh=True), replace_original=True)


async def show(request: ActionRequest, context: Context) -> Message:
    profile = await context.directory.get_profile(request.value)
    return card.render_private(profile, Viewer.from_request(request))


# --- the page ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserListResult:
    """The matching users, of ``total``; ``roles`` are the labels that the role filter matched.

    ``meaning`` is how the words were read, and ``suggestion`` what they may have been meant to say.
    """

    users: tuple[User, ...]
    total: int
    roles: tuple[str, ...]
    status: str
    meaning: WordsMeaning
    suggestion: str = ""


async def _render_page(context: Context, query: UserListQuery, *, refresh: bool = False) -> Message:
    index = await context.directory.get_index(refresh=refresh)
    waits = bool(query.role or query.words) or query.sort == "role"
    names = await context.directory.get_names(wait=waits)
    result = _apply_query(query, index.value, names)
    page = paginate(result.users, query.page, ROWS_PER_PAGE)
    query = query.with_page(page.number)
    listed = render_list_page(
        page,
        query,
        heading=_render_heading(query, result),
        row=lambda user: _render_row(user, names),
        empty_text=_render_empty(query, result),
        note=format_freshness(index),
        page_action=PAGE,
        buttons=[blocks.button("Refresh", REFRESH, query.to_value())],
    )
    if result.suggestion:
        suggested = run_buttons([SuggestedLine(f"users {result.suggestion}")])
        listed = replace(listed, blocks=(*listed.blocks, *suggested))
    return name_unused(listed, result.meaning.unused)


def _apply_query(query: UserListQuery, index: UserIndex, names: RoleAndTeamNames) -> UserListResult:
    """Raise ``UsageError`` for a role or status that no one has, and for an unknown sort order."""
    statuses = list_available_statuses(index)
    meaning = understand_words(query.words, index, names, find_status=not query.status)
    status = query.status or meaning.status or ACTIVE
    if status not in statuses:
        raise build_unknown_value_error("status", status, statuses, example=EXAMPLE)
    if query.sort not in SORTS:
        raise build_unknown_value_error("sort order", query.sort, SORTS, example=EXAMPLE)
    roles: tuple[str, ...] = ()
    if query.role:
        known = list_available_roles(index, names)
        roles = match_roles(query.role, known)
        if not roles:
            raise build_unknown_value_error("role", query.role, known, example=EXAMPLE)
    users = filter_users(index, names, UserFilter(meaning.positions, roles, status, query.sort))
    suggestion = "" if users else suggest_words(query.words, index, names)
    return UserListResult(users, len(index.users), roles, status, meaning, suggestion)


def _render_heading(query: UserListQuery, result: UserListResult) -> list[str]:
    """Return the heading's parts: 23 of 41 people · role Inside Sales · active."""
    parts: list[str] = [bold(f"{len(result.users)} of {result.total} people")]
    parts += result.meaning.parts
    if result.roles:
        parts.append(f"role {' or '.join(result.roles)}")
    parts.append("active and inactive" if result.status == ALL else result.status)
    if query.sort != "name":
        parts.append("newest first" if query.sort == "newest" else f"sorted by {query.sort}")
    return parts


def _render_empty(query: UserListQuery, result: UserListResult) -> Markup:
    """Return a sentence on what to change so that the list isn't empty."""
    if not result.total:
        return markup("There's no one in this Chakra team yet.")
    subject = "No one" if result.status == ALL else f"No {result.status} person"
    criteria = [f'matches "{query.words}" by name, role or team'] if query.words else []
    if result.roles:
        criteria.append(f"has the role {' or '.join(result.roles)}")
    sentences: list[str] = [f"{subject} {' and '.join(criteria) or 'is on the team'}."]
    if result.suggestion:
        return markup(sentences[0], " Did you mean:")
    if result.status != ALL:
        sentences.append(markup("Include everyone with ", code("status:all"), "."))
    return Markup(" ".join([escape(sentence) for sentence in sentences]))


def _render_row(user: User, names: RoleAndTeamNames) -> Block:
    status = render_availability_label(user) if user.active is not False else ""
    details = [
        escape(part) for part in (status, *picker.list_distinguishing_details(user, names)) if part
    ]
    text_lines = [picker.render_name(user)]
    if details:
        text_lines.append(Markup("  ·  ".join(details)))
    return blocks.section(lines(text_lines), accessory=blocks.button("Show", OPEN, user.id))


USERS: Command[Context] = Command(
    name="users",
    aliases=("team", "people"),
    phrases=USERS_PHRASES,
    offer=Offer("Search the team", may_be_role),
    summary="list the Chakra team, filtered and sorted",
    usage="users [words] [role:…] [status:…]",
    example=EXAMPLE,
    argument_names=("role", "status", "sort"),
    details=(
        "Words match names, email addresses, roles, teams and states, such as sales available.",
        f"status: {', '.join(KNOWN_STATUSES)}. sort: {', '.join(SORTS)}.",
    ),
    run=run,
    actions=(Action(PAGE, change_page), Action(REFRESH, refresh), Action(OPEN, show)),
)
