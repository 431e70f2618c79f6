"""A table that people page, sort and filter in Slack. Pure.

Cells are plain text. That the block shows in messages for one person, as in others, is INFERRED:
Slack's page names no exception. So a message with one is never in an ack, whose refusal no app is
notified of, and if Slack refuses it, the same rows are sent as text.
docs.slack.dev/reference/block-kit/blocks/data-table-block
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.slack.blocks import context, lines, markup, plain_text, sections
from bot.slack.commands.reply import Block, Message

MAX_ROWS: Final = 100
MAX_COLUMNS: Final = 20
MAX_CHARACTERS: Final = 7_000
"""The sum of all cells. Slack allows 10,000, and 12,000 with all other texts of the message."""
CELL_LENGTHS: Final = (60, 40, 30, 24, 18, 14, 10, 7, 4)
"""The longest cell: the first of these with which the table fits."""
MAX_NUMBER: Final = 1_000_000
"""Numbers from here up may be phone numbers, which masks find only in text."""
MAX_CAPTION_LENGTH: Final = 150
EMPTY: Final = "–"
TABLE: Final = "data_table"
SEPARATOR: Final = "  ·  "

Cell = str | int | float


def data_table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[Cell]], *, page_size: int
) -> Block:
    """Return the table of one row or more; a column of numbers alone is sorted as numbers."""
    columns = [_column([row[index] for row in rows]) for index in range(len(header))]
    longest = next(
        (length for length in CELL_LENGTHS if _count(header, columns, length) <= MAX_CHARACTERS),
        CELL_LENGTHS[-1],
    )
    cells = [[_clip(cell, longest) for cell in column] for column in columns]
    return {
        "type": TABLE,
        "caption": plain_text(caption, MAX_CAPTION_LENGTH)["text"],
        "page_size": page_size,
        "rows": [
            [_text(name, longest) for name in header],
            *([column[index] for column in cells] for index in range(len(rows))),
        ],
    }


def has_table(message: Message) -> bool:
    return TABLE in [block.get("type") for block in message.blocks]


def convert_tables(message: Message) -> Message:
    """Return the message with a line of text for each row of its tables."""
    shown = (_as_text(block) if block.get("type") == TABLE else [block] for block in message.blocks)
    return replace(message, blocks=tuple(block for blocks in shown for block in blocks))


def _as_text(table: Block) -> list[Block]:
    header, *rows = [SEPARATOR.join(cell["text"] for cell in row) for row in table["rows"]]
    return [context(header), *sections(lines(map(markup, rows)))]


def _column(values: Sequence[Cell]) -> list[Block]:
    numeric = all(_is_small_number(value) for value in values)
    return [
        {"type": "raw_number", "value": value, "text": str(value)}
        if numeric
        else {"type": "raw_text", "text": str(value).strip() or EMPTY}
        for value in values
    ]


def _is_small_number(value: Cell) -> bool:
    return not isinstance(value, str | bool) and abs(value) < MAX_NUMBER


def _count(header: Sequence[str], columns: Sequence[Sequence[Block]], longest: int) -> int:
    named = sum(min(len(name), longest) for name in header)
    return named + sum(min(len(cell["text"]), longest) for column in columns for cell in column)


def _clip(cell: Block, longest: int) -> Block:
    return cell if cell["type"] == "raw_number" else _text(cell["text"], longest)


def _text(text: str, longest: int) -> Block:
    shown = " ".join(plain_text(text, longest)["text"].split())
    return {"type": "raw_text", "text": shown or EMPTY}
