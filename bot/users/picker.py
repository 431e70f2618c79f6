"""The choice among several matching users: rows with buttons, or a menu if there are many."""

from __future__ import annotations

from bot.cache import Cached
from bot.chakra.models import User
from bot.slack import blocks
from bot.slack.age import format_freshness
from bot.slack.blocks import Markup, bold, escape, italic, lines, markup
from bot.slack.commands.reply import Block, Choice, Message
from bot.users.index import Matches
from bot.users.names import RoleAndTeamNames

CHOOSE = "user.choose"
"""The action that replaces the choice with the card of the chosen user."""

NUMBER_WORDS = ("", "", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
MAX_ROWS = 5
MAX_NAME_LENGTH = 150


def spell_count(count: int) -> str:
    """Return a number of people that begins a sentence: a word up to nine."""
    return NUMBER_WORDS[count] if count < len(NUMBER_WORDS) else str(count)


def render(query: str, matches: Cached[Matches], names: RoleAndTeamNames) -> Message:
    """Return the choice, for one reader: addresses are whole. ``query`` is what was typed."""
    found = matches.value
    quoted_query = f'"{blocks.clip(query, MAX_NAME_LENGTH)}"'
    if found.fuzzy:
        heading = markup("No ", quoted_query, ". Did you mean:")
    else:
        heading = markup(f"{_count_people(found.total)} match ", quoted_query, ". Which one?")
    content: list[Block] = [blocks.section(heading)]
    if found.total <= MAX_ROWS:
        content += [_render_row(user, names, position) for position, user in enumerate(found.users)]
    else:
        content.append(blocks.actions(_render_menu(found, names)))
    if found.total > len(found.users):
        content.append(blocks.context(_render_truncation_note(found)))
    content.append(blocks.context(format_freshness(matches)))
    return Message(text=heading, blocks=tuple(content))


def list_distinguishing_details(user: User, names: RoleAndTeamNames) -> list[str]:
    """Return what distinguishes users of one name: role, and address or username."""
    parts = (names.find_role(user.role), user.email or user.username)
    return [blocks.clip(part, MAX_NAME_LENGTH) for part in parts if part and part != user.name]


def render_name(user: User) -> Markup:
    name = bold(blocks.clip(user.name, MAX_NAME_LENGTH))
    return markup(name, "  ", italic("(inactive)")) if user.active is False else name


def _render_row(user: User, names: RoleAndTeamNames, position: int) -> Block:
    details = Markup(
        "  ·  ".join([escape(part) for part in list_distinguishing_details(user, names)])
    )
    return blocks.section(
        lines([render_name(user), details] if details else [render_name(user)]),
        accessory=blocks.button("Show", f"{CHOOSE}:{position}", user.id),
    )


def _render_menu(matches: Matches, names: RoleAndTeamNames) -> Block:
    choices = [_build_choice(user, names) for user in matches.users]
    return blocks.select(CHOOSE, "Choose a person", choices)


def _build_choice(user: User, names: RoleAndTeamNames) -> Choice:
    suffix = " (inactive)" if user.active is False else ""
    name = blocks.clip(user.name, blocks.MAX_OPTION_TEXT_LENGTH - len(suffix))
    # The address goes first: it is what differs, and the end may be cut off.
    return Choice(
        name + suffix,
        user.id,
        description=" · ".join(reversed(list_distinguishing_details(user, names))),
    )


def _render_truncation_note(matches: Matches) -> str:
    return f"Showing {len(matches.users)} of {matches.total}. Type more of the name to narrow it."


def _count_people(count: int) -> str:
    """Return ``Two people``; numbers from ten on are digits. AP style."""
    word = spell_count(count)
    return f"{word} people"
