"""Sentences for when nothing failed: unknown commands, old buttons, delays."""

from __future__ import annotations

from collections.abc import Sequence

import humanize

from bot.errors import SuggestedLine
from bot.slack import blocks
from bot.slack.blocks import Markup, code, markup
from bot.slack.commands.reply import Message
from bot.slack.commands.run_button import run_buttons

MAX_TYPED_LENGTH = 40
MAX_LINE_LENGTH = 200
ALL_COMMANDS = SuggestedLine("help", "All commands")


def render_unknown_command(typed: str, suggested: Sequence[SuggestedLine] = ()) -> Message:
    """Return the reply to a line that is not understood.

    ``typed`` is the line without markup; ``suggested`` are lines that it may have meant.
    """
    summary = _render_unknown_line(typed)
    if suggested:
        return _render_with_buttons(summary, did_you_mean(suggested), suggested)
    remedy = markup("Type a command, or a name, phone number or record key alone.")
    return _render_with_buttons(summary, remedy, (ALL_COMMANDS,))


def render_not_yet(sentence: str, suggested: Sequence[SuggestedLine]) -> Message:
    """Return the reply to a request that this app can't fulfill, with the closest option."""
    return _render_with_buttons(markup(sentence), markup(), (*suggested, ALL_COMMANDS))


def did_you_mean(suggested: Sequence[SuggestedLine]) -> Markup:
    """Return a question that ends in buttons, or in the lines if they are too long for those."""
    if run_buttons(suggested):
        return markup("Did you mean:")
    line = code(blocks.clip(f"/chakra {suggested[0].line}", MAX_LINE_LENGTH))
    return markup("Did you mean ", line, "?")


def _render_unknown_line(typed: str) -> Markup:
    return markup("I don't know ", code(f"/chakra {blocks.clip(typed, MAX_TYPED_LENGTH)}"), ".")


def _render_with_buttons(
    summary: Markup, remedy: Markup, suggested: Sequence[SuggestedLine]
) -> Message:
    text = markup(summary, " ", remedy) if remedy else summary
    rows = [row for row in (summary, remedy) if row]
    return Message(text, (blocks.section(blocks.lines(rows)), *run_buttons(suggested)))


def render_still_working(*, for_chakra: bool) -> Message:
    """Return the notice after some seconds without an answer.

    Slack can't replace this line: the answer is a new one.
    """
    reason = "Chakra is slow to answer right now." if for_chakra else "This takes a little longer."
    text = markup(reason, " The answer will follow here.")
    return Message(text=text, blocks=(blocks.context(markup(":hourglass_flowing_sand: ", text)),))


def render_unconfirmed_share(channel: str) -> Message:
    """Return the note for a card that may be posted in ``channel``, sent by DM."""
    return blocks.text_message(
        markup(
            "Slack didn't confirm that the card was posted in ",
            blocks.channel_mention(channel),
            ". Check there before you share it again.",
        )
    )


def render_delayed(age: float) -> Message:
    """Return the answer to a message that Slack delivered ``age`` seconds late."""
    text = markup(
        f"Slack delivered your message from {humanize.naturaldelta(age)} ago only now, so we "
        "haven't acted on it. If you still need it, send it again."
    )
    return Message(text, (blocks.section(text),))


def removed_from_workspace() -> Message:
    text = markup(
        "Chakra was removed from this workspace, so your command didn't run. "
        "Ask a workspace admin to install it again."
    )
    return Message(text, (blocks.section(text),))


def render_outdated_button() -> Message:
    return _render_outdated("That button is from an older version of this app.")


def render_outdated_shortcut() -> Message:
    return _render_outdated("This app no longer has that menu entry.")


def _render_outdated(summary: str) -> Message:
    text = markup(summary, " Type ", code("/chakra help"), " and start again from there.")
    return Message(text=text, blocks=(blocks.section(text),))
