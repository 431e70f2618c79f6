"""``/chakra users``: the Chakra team as a list, filtered, sorted, in pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from math import ceil

from bot.chakra.models import User
from bot.chakra.text import plain
from bot.context import Desk
from bot.errors import UsageError
from bot.slack import blocks
from bot.slack.age import freshness
from bot.slack.blocks import Markup, bold, code, escape, lines, markup
from bot.slack.commands.arguments import Arguments, ChannelMention, GroupMention, Link, Mention
from bot.slack.commands.command import Action, ActionRequest, Command, CommandRequest
from bot.slack.commands.reply import Block, Message
from bot.slack.viewer import viewer
from bot.users import card
from bot.users import picker as choice
from bot.users.card import availability
from bot.users.index import Roster
from bot.users.list_query import (
    ACTIVE,
    ALL,
    SORTS,
    STATUSES,
    Filter,
    listing,
    roles_called,
    roles_of,
    statuses_of,
)
from bot.users.names import Names

EXAMPLE = "/chakra users role:sales status:available"
PAGE = "users.page"
REFRESH = "users.refresh"
OPEN = "users.open"

ROWS = 10
LONGEST = 200
"""Characters of one filter. Four of them, escaped as JSON, fit into a button's 2,000."""
MOST_NAMED = 30
"""Roles that a sentence lists."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, and the page; it travels in the buttons. Pages count from 1."""

    words: str = ""
    role: str = ""
    status: str = ACTIVE
    sort: str = "name"
    page: int = 1


# --- the typed line, and the line in a button ----------------------------------------------------


async def run(request: CommandRequest, desk: Desk) -> Message:
    return await _page(desk, _read(request.arguments))


def _read(line: Arguments) -> Asked:
    for word in line.tokens:
        if isinstance(word, Mention | GroupMention | ChannelMention | Link):
            raise UsageError(
                "The list is filtered by words of a name or an address.", example=EXAMPLE
            )
    named = {name: plain(word.text) for name, word in line.named.items()}
    typed = plain(line.text_from())
    if max(map(len, (typed, *named.values()))) > LONGEST:
        raise UsageError("That is too long for a filter.", example=EXAMPLE)
    return Asked(
        words=typed,
        role=named.get("role", ""),
        status=named.get("status", "").casefold() or ACTIVE,
        sort=named.get("sort", "").casefold() or "name",
    )


def _written(asked: Asked) -> str:
    return json.dumps(astuple(asked), ensure_ascii=False, separators=(",", ":"))


def _restored(value: str) -> Asked:
    """Raises ``UsageError`` for what no button of today holds."""
    try:
        typed, role, status, sort, page = json.loads(value)
    except (ValueError, TypeError, RecursionError):
        raise _outdated() from None
    texts = (typed, role, status, sort)
    fits = all(isinstance(text, str) and len(text) <= LONGEST for text in texts)
    if not fits or not isinstance(page, int) or isinstance(page, bool):
        raise _outdated()
    return Asked(typed, role, status, sort, page)


def _outdated() -> UsageError:
    return UsageError("That button belongs to an older list.", example="/chakra users")


# --- the buttons ---------------------------------------------------------------------------------


async def turn(request: ActionRequest, desk: Desk) -> Message:
    return replace(await _page(desk, _restored(request.value)), replace_original=True)


async def refresh(request: ActionRequest, desk: Desk) -> Message:
    return replace(await _page(desk, _restored(request.value), refresh=True), replace_original=True)


async def show(request: ActionRequest, desk: Desk) -> Message:
    profile = await desk.directory.profile(request.value)
    return card.private(profile, await viewer(request, desk.members))


# --- the page ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """``people`` are all that match, of ``total``; ``roles`` are the labels that were meant."""

    people: tuple[User, ...]
    total: int
    roles: tuple[str, ...]

    @property
    def pages(self) -> int:
        return max(1, ceil(len(self.people) / ROWS))


async def _page(desk: Desk, asked: Asked, *, refresh: bool = False) -> Message:
    everyone = await desk.directory.everyone(refresh=refresh)
    names = await desk.directory.names(wait=bool(asked.role) or asked.sort == "role")
    found = _found(asked, everyone.value, names)
    asked = replace(asked, page=min(max(1, asked.page), found.pages))
    told = _told(asked, found)
    made: list[Block] = [blocks.section(told)]
    start = (asked.page - 1) * ROWS
    made += [_row(user, names) for user in found.people[start : start + ROWS]]
    if not found.people:
        made.append(blocks.section(_widen(asked, found)))
    made.append(blocks.context(freshness(everyone)))
    made.append(blocks.actions(*_buttons(asked, found.pages)))
    return Message(text=told, blocks=tuple(made))


def _found(asked: Asked, roster: Roster, names: Names) -> Found:
    """Raises ``UsageError`` for a role, status or order that there is none of."""
    statuses = statuses_of(roster)
    if asked.status not in statuses:
        raise _unknown("status", asked.status, statuses)
    if asked.sort not in SORTS:
        raise _unknown("order", asked.sort, SORTS)
    roles: tuple[str, ...] = ()
    if asked.role:
        known = roles_of(roster, names)
        roles = roles_called(asked.role, known)
        if not roles:
            raise _unknown("role", asked.role, known)
    people = listing(roster, names, Filter(asked.words, roles, asked.status, asked.sort))
    return Found(people, len(roster.people), roles)


def _unknown(what: str, typed: str, known: Sequence[str]) -> UsageError:
    there_are = ", ".join(known[:MOST_NAMED]) or "none that could be read"
    return UsageError(
        f"There is no {what} “{blocks.clip(typed, 40)}”. There are: {there_are}.", example=EXAMPLE
    )


def _told(asked: Asked, found: Found) -> Markup:
    """23 of 41 people · role Inside Sales · page 1 of 3"""
    parts: list[str] = [bold(f"{len(found.people)} of {found.total} people")]
    if asked.words:
        parts.append(f"“{asked.words}”")
    if found.roles:
        parts.append(f"role {' or '.join(found.roles)}")
    parts.append("active and inactive" if asked.status == ALL else asked.status)
    if asked.sort != "name":
        parts.append(f"by {asked.sort}" if asked.sort != "newest" else "newest first")
    if found.pages > 1:
        parts.append(f"page {asked.page} of {found.pages}")
    return Markup("  ·  ".join([escape(part) for part in parts]))


def _widen(asked: Asked, found: Found) -> Markup:
    """What to change when nobody is left."""
    if not found.total:
        return markup("Chakra lists nobody in this team.")
    ways = []
    if asked.words:
        ways.append("other or fewer words")
    if found.roles:
        ways.append("another role, or none")
    if asked.status != ALL:
        ways.append("status:all")
    return markup(
        "Nobody matches. Try ",
        ", ".join(ways),
        ", or see the team with ",
        code("/chakra users"),
        ".",
    )


def _row(user: User, names: Names) -> Block:
    status = availability(user) if user.active is not False else ""
    about = [escape(part) for part in (status, *choice.told_apart(user, names)) if part]
    told = [choice.title(user)]
    if about:
        told.append(Markup("  ·  ".join(about)))
    return blocks.section(lines(told), accessory=blocks.button("Show", OPEN, user.id))


def _buttons(asked: Asked, pages: int) -> list[Block]:
    made = []
    if asked.page > 1:
        made.append(_turning("Previous", "previous", asked, -1))
    if asked.page < pages:
        made.append(_turning("Next", "next", asked, 1))
    made.append(blocks.button("Refresh", REFRESH, _written(asked)))
    return made


def _turning(label: str, suffix: str, asked: Asked, step: int) -> Block:
    there = replace(asked, page=asked.page + step)
    return blocks.button(label, f"{PAGE}:{suffix}", _written(there))


USERS: Command[Desk] = Command(
    name="users",
    aliases=("team", "people"),
    summary="the Chakra team as a list, filtered, sorted, in pages",
    usage="users [words] [role:…] [status:…]",
    example=EXAMPLE,
    argument_names=("role", "status", "sort"),
    details=(
        "Words are the beginnings of names or addresses. Without status, the active are listed.",
        f"status: {', '.join(STATUSES)}. sort: {', '.join(SORTS)}.",
    ),
    run=run,
    button=("The team", ""),
    actions=(Action(PAGE, turn), Action(REFRESH, refresh), Action(OPEN, show)),
)
