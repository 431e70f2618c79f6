"""Several people who match: rows with buttons when they are few, a menu when they are many."""

from __future__ import annotations

from bot.cache import Cached
from bot.chakra.models import User
from bot.slack import blocks
from bot.slack.age import freshness
from bot.slack.blocks import Markup, bold, escape, italic, lines, markup
from bot.slack.commands.reply import Block, Choice, Message
from bot.users.index import Matches
from bot.users.names import Names

CHOOSE = "user.choose"
"""Carries a user's id; the command `user` puts their card in the place of the choice."""

MOST_ROWS = 5
LONGEST_NAME = 150


def offer(sought: str, matches: Cached[Matches], names: Names) -> Message:
    """For one reader only: addresses are whole. ``sought`` is what was typed."""
    found = matches.value
    typed = bold(blocks.clip(sought, LONGEST_NAME))
    if found.close:
        told = markup("Nobody is called ", typed, ". These come closest:")
    else:
        told = markup(f"{found.total} people match ", typed, ". Whom do you mean?")
    made: list[Block] = [blocks.section(told)]
    if found.total <= MOST_ROWS:
        made += [_row(user, names, place) for place, user in enumerate(found.people)]
    else:
        made.append(blocks.actions(_menu(found, names)))
    if found.total > len(found.people):
        made.append(blocks.context(_narrow(found)))
    made.append(blocks.context(freshness(matches)))
    return Message(text=told, blocks=tuple(made))


def told_apart(user: User, names: Names) -> list[str]:
    """What tells people of one name apart: role, address or username."""
    parts = (names.role(user.role), user.email or user.username)
    return [blocks.clip(part, LONGEST_NAME) for part in parts if part and part != user.name]


def title(user: User) -> Markup:
    name = bold(blocks.clip(user.name, LONGEST_NAME))
    return markup(name, "  ", italic("(inactive)")) if user.active is False else name


def _row(user: User, names: Names, place: int) -> Block:
    about = Markup("  ·  ".join([escape(part) for part in told_apart(user, names)]))
    return blocks.section(
        lines([title(user), about] if about else [title(user)]),
        accessory=blocks.button("Show", f"{CHOOSE}:{place}", user.id),
    )


def _menu(found: Matches, names: Names) -> Block:
    choices = [_choice(user, names) for user in found.people]
    return blocks.select(CHOOSE, "Choose a person", choices)


def _choice(user: User, names: Names) -> Choice:
    mark = " (inactive)" if user.active is False else ""
    name = blocks.clip(user.name, blocks.MAX_OPTION_TEXT_LENGTH - len(mark))
    # The address comes first: it is what differs, and the end may be cut off.
    return Choice(name + mark, user.id, description=" · ".join(reversed(told_apart(user, names))))


def _narrow(found: Matches) -> str:
    return f"The first {len(found.people)} of {found.total} are listed. Type more of the name."
