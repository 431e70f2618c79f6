"""Lists in pages: the query that the buttons carry, the page, and the message that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, Self, TypeVar

from pydantic import StringConstraints

from bot.errors import UsageError
from bot.slack import blocks
from bot.slack.blocks import Markup, escape
from bot.slack.button_state import ButtonState
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.reply import Block, Message
from bot.slack.commands.tokens import ChannelMention, GroupMention, Link, Mention, Phrase

T = TypeVar("T")

MAX_FILTER_LENGTH = 200
"""Characters of one filter. Four of them, escaped as JSON, fit into a button's 2,000."""
MAX_LISTED_VALUES = 30
"""Values of a filter that an error lists."""
MAX_DISPLAYED_VALUE_LENGTH = 40

_NEGATIONS = frozenset(
    ("not", "except", "excluding", "without", "but", "isn't", "aren't", "wasn't", "weren't",
     "hasn't", "haven't", "didn't", "don't", "doesn't", "non")
)  # fmt: skip

FilterText = Annotated[str, StringConstraints(max_length=MAX_FILTER_LENGTH)]


class ListQuery(ButtonState):
    """What a list shows: ``page``, counted from 1, and in a subclass the filters."""

    page: int = 1

    def with_page(self, page: int) -> Self:
        return self.model_copy(update={"page": page})


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The items of page ``number`` of ``count`` pages, of ``total`` items."""

    items: tuple[T, ...]
    number: int
    count: int
    total: int


def paginate(items: Sequence[T], number: int, size: int) -> Page[T]:
    """Return that page, or the nearest one that exists."""
    count = max(1, -(-len(items) // size))
    number = min(max(1, number), count)
    return Page(tuple(items[(number - 1) * size : number * size]), number, count, len(items))


def render_list_page(
    page: Page[T],
    query: ListQuery,
    *,
    heading: Sequence[str],
    row: Callable[[T], Block],
    empty_text: str,
    note: str,
    page_action: str,
    buttons: Sequence[Block] = (),
    labels: tuple[str, str] = ("Previous", "Next"),
) -> Message:
    """Render a page: heading, rows, ``note``, and the buttons that turn it before ``buttons``.

    ``page_action`` is the ID of the action that gets the query of the other page.
    """
    parts = [*heading, f"page {page.number} of {page.count}"] if page.count > 1 else heading
    title = Markup("  ·  ".join([escape(part) for part in parts]))
    content = [blocks.section(title), *map(row, page.items)]
    if not page.items:
        content.append(blocks.section(empty_text))
    if note:
        content.append(blocks.context(note))
    elements = [*_render_page_buttons(page, query, page_action, labels), *buttons]
    if elements:
        content.append(blocks.actions(*elements))
    return Message(text=title, blocks=tuple(content))


def _render_page_buttons(
    page: Page[T], query: ListQuery, action: str, labels: tuple[str, str]
) -> list[Block]:
    previous, following = labels
    buttons = []
    if page.number > 1:
        value = query.with_page(page.number - 1).to_value()
        buttons.append(blocks.button(previous, f"{action}:previous", value))
    if page.number < page.count:
        value = query.with_page(page.number + 1).to_value()
        buttons.append(blocks.button(following, f"{action}:next", value))
    return buttons


# --- the typed filters ---------------------------------------------------------------------------


def parse_filters(arguments: Arguments, *, example: str) -> tuple[str, Mapping[str, str]]:
    """Return the words together, and the ``name:value`` filters by name.

    Raise ``UsageError`` for mentions, links, and text that is too long to be a filter.
    """
    for word in arguments.tokens:
        if isinstance(word, Mention | GroupMention | ChannelMention | Link | Phrase):
            raise UsageError("Filter the list by plain words, without @ or links.", example=example)
    reject_negation([word.text for word in arguments.tokens if not word.quoted], example=example)
    named = {name: _collapse_spaces(word.text) for name, word in arguments.named.items()}
    text = _collapse_spaces(arguments.join_from())
    if max(map(len, (text, *named.values()))) > MAX_FILTER_LENGTH:
        raise UsageError("That's too long for a filter.", example=example)
    return text, named


def reject_negation(
    words: Sequence[str], *, example: str, line: Sequence[str] | None = None
) -> None:
    """Raise ``UsageError`` for words such as "not approved": a list can't leave anything out.

    ``line`` are all words of the line, if ``words`` are only those without another meaning.
    """
    typed_words = words if line is None else line
    if not any(map(_is_negation, words)):
        return
    for place, word in enumerate(typed_words):
        if _is_negation(word):
            typed = " ".join(typed_words[place : place + 2])
            typed = blocks.clip(typed, MAX_DISPLAYED_VALUE_LENGTH)
            raise UsageError(
                f"\"{typed}\" isn't understood: this list can't leave anything out. Name what you "
                "want to see.",
                example=example,
            )


def _is_negation(word: str) -> bool:
    return word.casefold().replace("’", "'").strip(",;") in _NEGATIONS


def _collapse_spaces(text: str) -> str:
    return " ".join(text.split())


def advise_wider(words: str, filters: Mapping[str, object]) -> str:
    """Return a sentence on how to find more than an empty list.

    It mentions only what the person used: ``words``, and the ``filters`` that have a value.
    """
    advice = ["try other or fewer words"] if words else []
    if used := [f"the {name}" for name, value in filters.items() if value]:
        advice.append(f"leave out {' or '.join(used)}")
    text = ", or ".join(advice)
    return f"{text[:1].upper()}{text[1:]}."


def build_unknown_value_error(
    filter_name: str, typed: str, known: Sequence[str], *, example: str
) -> UsageError:
    """Return the error for a filter's value that nothing in the list has."""
    value = blocks.clip(typed, MAX_DISPLAYED_VALUE_LENGTH)
    choices = f" Choose from: {', '.join(known[:MAX_LISTED_VALUES])}" if known else ""
    if len(known) > MAX_LISTED_VALUES:
        choices += f" and {len(known) - MAX_LISTED_VALUES} more"
    return UsageError(
        f'There\'s no {filter_name} "{value}".{choices + "." if choices else ""}', example=example
    )
