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


def render_started(row_count: int, destination: str, member: str) -> Message:
    """Return the confirmation for the member; ``destination`` is where the outcome is posted."""
    rows = "1 row" if row_count == 1 else f"{row_count:,} rows"
    how = (
        "send you a direct message"
        if destination == member
        else markup("post in ", blocks.channel_mention(destination))
    )
    text = markup(f"Upload started: {rows}. We'll ", how, " when it finishes.")
    return blocks.text_message(text)


def render_stopped(upload: Upload, title: str, batches: Sequence[Batch], problem: str) -> Message:
    """Return what became of each part of the table, and the buttons to continue."""
    head = markup(Markup(":warning: "), bold(title), " stopped. ", problem)
    states = [
        markup("• ", _format_row_ranges(ranges), " ", STATE_TEXT[state], ".")
        for state, ranges in ((state, _merge_row_ranges(batches, state)) for state in STATE_TEXT)
        if ranges
    ]
    content = [blocks.section(head), blocks.section(lines(states))]
    buttons = []
    if _merge_row_ranges(batches, BatchState.PENDING):
        buttons.append(blocks.button("Continue upload", CONTINUE_ACTION, str(upload.id)))
    if any(batch.state in (BatchState.UNKNOWN, BatchState.REFUSED) for batch in batches):
        buttons.append(blocks.button("Download rows to check", ROWS_ACTION, str(upload.id)))
    if buttons:
        content.append(blocks.actions(*buttons))
    return Message(markup(title, " stopped. ", problem), tuple(content))


def _merge_row_ranges(batches: Iterable[Batch], state: BatchState) -> list[tuple[int, int]]:
    """Return the first and last rows of the batches in ``state``; adjacent ones are joined."""
    ranges: list[tuple[int, int]] = []
    previous = None
    for batch in batches:
        if batch.state is state:
            if ranges and previous is state:
                ranges[-1] = (ranges[-1][0], batch.last_row)
            else:
                ranges.append((batch.first_row, batch.last_row))
        previous = batch.state
    return ranges


def _format_row_ranges(ranges: Sequence[tuple[int, int]]) -> str:
    return f"Rows {', '.join(f'{first:,} to {last:,}' for first, last in ranges)}"
