"""The message about a stopped upload: what was uploaded, what was not, and how to continue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.bulk.upload import Batch, BatchState, Upload
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.reply import Message

CONTINUE_ACTION = "bulk.continue"
ROWS_ACTION = "bulk.rows"

STATE_TEXT = {
    BatchState.SENT: "were uploaded",
    BatchState.UNKNOWN: (
        "may have been uploaded; no response was received, so they won't be retried"
    ),
    BatchState.REFUSED: "were rejected by Chakra; none of them were imported",
    BatchState.PENDING: "haven't been uploaded yet",
}


def stopped_message(upload: Upload, title: str, batches: Sequence[Batch], problem: str) -> Message:
    head = markup(Markup(":warning: "), bold(title), " stopped. ", problem)
    told = [
        markup("• ", _format_row_ranges(spans), " ", STATE_TEXT[state], ".")
        for state, spans in ((state, _row_ranges(batches, state)) for state in STATE_TEXT)
        if spans
    ]
    made = [blocks.section(head), blocks.section(lines(told))]
    buttons = []
    if _row_ranges(batches, BatchState.PENDING):
        buttons.append(blocks.button("Continue upload", CONTINUE_ACTION, str(upload.id)))
    if any(one.state in (BatchState.UNKNOWN, BatchState.REFUSED) for one in batches):
        buttons.append(blocks.button("Download rows to check", ROWS_ACTION, str(upload.id)))
    if buttons:
        made.append(blocks.actions(*buttons))
    return Message(markup(title, " stopped. ", problem), tuple(made))


def _row_ranges(batches: Iterable[Batch], state: BatchState) -> list[tuple[int, int]]:
    """Rows from and to, neighbours as one."""
    spans: list[tuple[int, int]] = []
    before = None
    for one in batches:
        if one.state is state:
            if spans and before is state:
                spans[-1] = (spans[-1][0], one.last_row)
            else:
                spans.append((one.first_row, one.last_row))
        before = one.state
    return spans


def _format_row_ranges(ranges: Sequence[tuple[int, int]]) -> str:
    said = ", ".join(f"{first:,} to {last:,}" for first, last in ranges)
    return f"Rows {said}"
