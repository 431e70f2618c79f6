"""Show in the plan's form how the file was read, and the alternatives."""

from __future__ import annotations

from collections.abc import Sequence

from bot.bulk.choices import (
    ENCODING_FIELD,
    HIDDEN_FIELD,
    INCLUDE_HIDDEN,
    SHEET_FIELD,
    SKIP_HIDDEN,
)
from bot.bulk.plan import BulkPlan, PlanChoices
from bot.sheets.encoding import ENCODING_NAMES
from bot.sheets.sheet import Sheet
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.reply import Block, Choice

MAX_CELL_LENGTH = 40
MAX_TITLES_SHOWN = 3
MAX_SHEET_NAME_LENGTH = 60


def render_reading(plan: BulkPlan, choices: PlanChoices) -> list[Block]:
    """Return how the file was read: its format, titles, encoding, hidden rows and times."""
    source = plan.sheet.source
    content: list[Block] = [blocks.context(markup("Read as ", source.description))]
    if plan.sheet.titles:
        content.append(blocks.section(_render_titles(plan.sheet)))
    elif plan.matches.errors:
        content.append(
            blocks.context(
                f"The column names are in row {plan.sheet.header_row}. If that’s wrong, delete the "
                "rows above the right ones, and choose the file again."
            )
        )
    if len(source.sheets) > 1:
        content.append(render_sheet_menu(source.sheets, source.sheet))
    if source.is_guess:
        content += _render_encoding(plan)
    if plan.hidden_count:
        content += _render_hidden_rows(plan.hidden_count, include=choices.include_hidden)
    return content


def render_times(plan: BulkPlan) -> Markup | None:
    """Return how times without an offset are understood, or ``None`` if the table has none."""
    shown = [
        markup(
            "• ",
            sample.header,
            ": ",
            code(blocks.clip(sample.cell, MAX_CELL_LENGTH)),
            " is ",
            sample.understood,
        )
        for sample in plan.samples.times
    ]
    if not shown:
        return None
    zone = str(plan.timezone)
    head = markup(bold("How times are read"), f", in your time zone ({zone}) on that day")
    return lines([head, *shown])


def render_sheet_menu(sheets: Sequence[tuple[int, str]], current: int | None) -> Block:
    choices = [
        Choice(blocks.clip(name, MAX_SHEET_NAME_LENGTH) or str(place), str(place))
        for place, name in sheets
    ]
    selected = current if current in dict(sheets) else sheets[0][0]
    return blocks.select_field(
        SHEET_FIELD,
        "Sheet",
        action="bulk.sheet",
        placeholder="Choose",
        choices=choices,
        initial=str(selected),
        hint="If this isn't the table, choose another sheet and update the preview.",
    )


def _render_titles(sheet: Sheet) -> Markup:
    shown = [
        markup(f"row {number} (“{text}”)") if text else markup(f"row {number}")
        for number, text in sheet.titles[:MAX_TITLES_SHOWN]
    ]
    more = len(sheet.titles) - len(shown)
    if more:
        shown.append(markup(f"{more} more"))
    listed = Markup(", ".join(shown))
    return markup(
        f"The column names are in row {sheet.header_row}. Left out above them: ",
        listed,
        ". If that’s wrong, give each column a name, delete the rows above the names, and choose "
        "the file again.",
    )


def _render_encoding(plan: BulkPlan) -> list[Block]:
    cells = [blocks.clip(cell, MAX_CELL_LENGTH) for cell in plan.samples.letters]
    if not cells:
        return []
    text = markup(
        ":warning: ",
        bold("Check these letters."),
        " The file doesn’t say how its letters are encoded. As it’s read now: ",
        Markup(", ".join(markup("“", cell, "”") for cell in cells)),
        ". If they look wrong, choose another encoding, or save the table as “CSV UTF-8” or Excel.",
    )
    if (
        plan.sheet.source.encoding not in ENCODING_NAMES
    ):  # UTF-16, for which there is no alternative
        return [blocks.section(text)]
    menu = blocks.select_field(
        ENCODING_FIELD,
        "Encoding",
        action="bulk.encoding",
        placeholder="Choose",
        choices=[Choice(name, codec) for codec, name in ENCODING_NAMES.items()],
        initial=plan.sheet.source.encoding,
    )
    return [blocks.section(text), menu]


def _render_hidden_rows(count: int, *, include: bool) -> list[Block]:
    rows = "1 row is" if count == 1 else f"{count:,} rows are"
    outcome = "sent too" if include else "left out"
    text = markup(
        bold(f"{rows} hidden in the file"),
        ", by a filter or by hand, and ",
        f"{'is' if count == 1 else 'are'} {outcome}.",
    )
    menu = blocks.select_field(
        HIDDEN_FIELD,
        "Hidden rows",
        action="bulk.hidden",
        placeholder="Choose",
        choices=[
            Choice("Leave hidden rows out", SKIP_HIDDEN),
            Choice("Send hidden rows too", INCLUDE_HIDDEN),
        ],
        initial=INCLUDE_HIDDEN if include else SKIP_HIDDEN,
    )
    return [blocks.section(text), menu]
