"""Sentences for when nothing failed: unknown commands, old buttons, delays."""

from __future__ import annotations

import humanize

from bot.slack import blocks
from bot.slack.blocks import code, markup
from bot.slack.commands.reply import Message

MAX_WORD_LENGTH = 40
MAX_LINE_LENGTH = 200


def unknown_command(typed: str, suggestion: str | None, arguments: str) -> Message:
    """Return the reply to an unknown command.

    ``typed`` is the person's word, ``suggestion`` the sub-command that it most resembles,
    ``arguments`` what was typed after it.
    """
    word = blocks.clip(typed, MAX_WORD_LENGTH)
    summary = markup("I don't know ", code(f"/chakra {word}"), ".")
    if suggestion is None:
        remedy = markup(
            "Looking for a person? ",
            code(f"/chakra user {word}"),
            ". For all commands: ",
            code("/chakra help"),
            ".",
        )
    else:
        remedy = markup(did_you_mean(suggestion, arguments))
    return Message(
        text=markup(summary, " ", remedy), blocks=(blocks.section(blocks.lines([summary, remedy])),)
    )


def did_you_mean(suggestion: str | None, arguments: str) -> blocks.Markup:
    """Return a question about a misspelled command; empty without a ``suggestion``."""
    if suggestion is None:
        return markup()
    line = f"/chakra {suggestion} {arguments}".strip()
    return markup("Did you mean ", code(blocks.clip(line, MAX_LINE_LENGTH)), "?")


def still_working_message(*, for_chakra: bool) -> Message:
    """Return the notice after some seconds without an answer.

    Slack can't replace this line: the answer is a new one.
    """
    reason = "Chakra is slow to answer right now." if for_chakra else "This takes a little longer."
    text = markup(reason, " The answer will follow here.")
    return Message(text=text, blocks=(blocks.context(markup(":hourglass_flowing_sand: ", text)),))


def unconfirmed_share(channel: str) -> Message:
    """Return the note for a card that may be posted in ``channel``, sent by DM."""
    return blocks.text_message(
        markup(
            "Slack didn't confirm that the card was posted in ",
            blocks.channel_mention(channel),
            ". Check there before you share it again.",
        )
    )


def delayed_message(age: float) -> Message:
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


def outdated_button() -> Message:
    return _outdated_message("That button is from an older version of this app.")


def outdated_shortcut() -> Message:
    return _outdated_message("This app no longer has that menu entry.")


def _outdated_message(summary: str) -> Message:
    text = markup(summary, " Type ", code("/chakra help"), " and start again from there.")
    return Message(text=text, blocks=(blocks.section(text),))
