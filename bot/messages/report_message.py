"""The report of a send as a message: one line on how it stands, and what to do where it failed."""

from __future__ import annotations

from collections.abc import Callable

from bot.messages.error_codec import error_of
from bot.messages.repository import Send
from bot.messages.status import State
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.commands.reply import Message
from bot.slack.copy.explain import explain

Card = Callable[[Send], Message]

MARKS = {
    State.PREPARING: ":hourglass_flowing_sand:",
    State.SENDING: ":hourglass_flowing_sand:",
    State.UNKNOWN: ":grey_question:",
    State.ACCEPTED: ":white_check_mark:",
    State.SENT: ":white_check_mark:",
    State.DELIVERED: ":inbox_tray:",
    State.READ: ":eyes:",
    State.FAILED: ":x:",
}

STANDS = {
    State.PREPARING: "On its way",
    State.SENDING: "On its way",
    State.UNKNOWN: "It is not known whether this went out",
    State.ACCEPTED: "Accepted",
    State.SENT: "Sent",
    State.DELIVERED: "Delivered",
    State.READ: "Read",
    State.FAILED: "Not delivered",
}

NOT_SENT = "Not sent"
"""Where it failed before there was a message."""

UNKNOWN_REMEDY = (
    "No answer came, so it may have gone out, and it will not be sent again by itself. Look at the "
    "chat with this recipient in Chakra before you send it once more."
)
NOT_FOLLOWED = "Chakra may not tell whether this one is delivered, so this line may stay as it is."


def report(send: Send) -> Message:
    """``send.recipient`` is masked, and so is this: it may be shared."""
    what = stands(send)
    parts = [blocks.section(markup(Markup(MARKS[send.state] + " "), what))]
    parts += [blocks.section(line) for line in remedies(send)]
    when = f"<!date^{int(send.state_at)}^{{date_short_pretty}} {{time_secs}}|at that time>"
    parts.append(blocks.context(markup(send.language, " · ", Markup(when))))
    return Message(text=what, blocks=tuple(parts))


def stands(send: Send) -> Markup:
    """``Delivered: order_update to +91 •••••• 3210``."""
    refused = send.state is State.FAILED and not (send.wamid or send.message_id)
    said = NOT_SENT if refused else STANDS[send.state]
    return markup(f"{said}: ", bold(send.template), " to ", send.recipient)


def remedies(send: Send) -> list[Markup]:
    """What it means and what to do, where that is not plain."""
    if send.state is State.FAILED and send.failure is not None:
        told = explain(error_of(send.failure))
        return [markup(told.summary, " ", told.remedy)]
    if send.state is State.UNKNOWN:
        return [markup(UNKNOWN_REMEDY)]
    if send.state is State.ACCEPTED and not send.followable:
        return [markup(NOT_FOLLOWED)]
    return []
