"""What is said of an upload that stopped: what went up, what did not, and how to go on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.bulk.repository import Piece, PieceState, Upload
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.reply import Message

CONTINUE = "bulk.continue"
ROWS = "bulk.rows"

SAYS = {
    PieceState.SENT: "went up",
    PieceState.UNKNOWN: "may have gone up: no answer came. They will not be sent again by itself",
    PieceState.REFUSED: "were refused by Chakra, and nothing of them was taken",
    PieceState.PENDING: "did not go up yet",
}


def stopped(upload: Upload, title: str, pieces: Sequence[Piece], problem: str) -> Message:
    head = markup(Markup(":warning: "), bold(title), " stopped. ", problem)
    told = [
        markup("• ", _rows(spans), " ", SAYS[state], ".")
        for state, spans in ((state, _spans(pieces, state)) for state in SAYS)
        if spans
    ]
    made = [blocks.section(head), blocks.section(lines(told))]
    buttons = []
    if _spans(pieces, PieceState.PENDING):
        buttons.append(blocks.button("Go on with the rest", CONTINUE, str(upload.id)))
    if any(one.state in (PieceState.UNKNOWN, PieceState.REFUSED) for one in pieces):
        buttons.append(blocks.button("Rows to check as a file", ROWS, str(upload.id)))
    if buttons:
        made.append(blocks.actions(*buttons))
    return Message(markup(title, " stopped. ", problem), tuple(made))


def _spans(pieces: Iterable[Piece], state: PieceState) -> list[tuple[int, int]]:
    """Rows from and to, neighbours as one."""
    spans: list[tuple[int, int]] = []
    before = None
    for one in pieces:
        if one.state is state:
            if spans and before is state:
                spans[-1] = (spans[-1][0], one.last)
            else:
                spans.append((one.first, one.last))
        before = one.state
    return spans


def _rows(spans: Sequence[tuple[int, int]]) -> str:
    said = ", ".join(f"{first:,} to {last:,}" for first, last in spans)
    return f"Rows {said}"
