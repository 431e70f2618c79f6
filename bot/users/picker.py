"""Several people who match: rows with buttons when they are few, a menu when they are many."""

from __future__ import annotations

from bot.cache import Cached
from bot.chakra.models import User
from bot.slack import blocks
from bot.slack.age import freshness
from bot.slack.blocks import Markup, bold, escape, italic, lines, markup
from bot.slack.commands.reply import Block, Choice, Message
from bot.users.index import Matches
from bot.users.names import RoleAndTeamNames

CHOOSE = "user.choose"
"""Carries a user's id; the command `user` puts their card in the place of the choice."""

MAX_ROWS = 5
MAX_NAME_LENGTH = 150


def render(query: str, matches: Cached[Matches], names: RoleAndTeamNames) -> Message:
    """For one reader only: addresses are whole. ``sought`` is what was typed."""
    found = matches.value
    quoted_query = bold(blocks.clip(query, MAX_NAME_LENGTH))
    if found.fuzzy:
        heading = markup("Nobody is called ", quoted_query, ". These come closest:")
    else:
        heading = markup(f"{found.total} people match ", quoted_query, ". Whom do you mean?")
    content: list[Block] = [blocks.section(heading)]
    if found.total <= MAX_ROWS:
        content += [_row(user, names, place) for place, user in enumerate(found.users)]
    else:
        content.append(blocks.actions(_menu(found, names)))
    if found.total > len(found.users):
        content.append(blocks.context(_truncation_note(found)))
    content.append(blocks.context(freshness(matches)))
    return Message(text=heading, blocks=tuple(content))


def distinguishing_details(user: User, names: RoleAndTeamNames) -> list[str]:
    """What tells people of one name apart: role, address or username."""
    parts = (names.role(user.role), user.email or user.username)
    return [blocks.clip(part, MAX_NAME_LENGTH) for part in parts if part and part != user.name]


def render_name(user: User) -> Markup:
    name = bold(blocks.clip(user.name, MAX_NAME_LENGTH))
    return markup(name, "  ", italic("(inactive)")) if user.active is False else name


def _row(user: User, names: RoleAndTeamNames, position: int) -> Block:
    details = Markup("  ·  ".join([escape(part) for part in distinguishing_details(user, names)]))
    return blocks.section(
        lines([render_name(user), details] if details else [render_name(user)]),
        accessory=blocks.button("Show", f"{CHOOSE}:{position}", user.id),
    )


def _menu(matches: Matches, names: RoleAndTeamNames) -> Block:
    choices = [_choice(user, names) for user in matches.users]
    return blocks.select(CHOOSE, "Choose a person", choices)


def _choice(user: User, names: RoleAndTeamNames) -> Choice:
    suffix = " (inactive)" if user.active is False else ""
    name = blocks.clip(user.name, blocks.MAX_OPTION_TEXT_LENGTH - len(suffix))
    # The address comes first: it is what differs, and the end may be cut off.
    return Choice(
        name + suffix,
        user.id,
        description=" · ".join(reversed(distinguishing_details(user, names))),
    )


def _truncation_note(matches: Matches) -> str:
    return f"The first {len(matches.users)} of {matches.total} are listed. Type more of the name."
