"""The report of a send as a message: one line on how it stands, and what to do where it failed."""

from __future__ import annotations

from collections.abc import Callable

from bot.messages.error_codec import deserialize_error
from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.commands.reply import Message
from bot.slack.copy.explain import explain

ReportRenderer = Callable[[Send], Message]

STATUS_EMOJI = {
    SendStatus.PREPARING: ":hourglass_flowing_sand:",
    SendStatus.SENDING: ":hourglass_flowing_sand:",
    SendStatus.UNKNOWN: ":grey_question:",
    SendStatus.ACCEPTED: ":white_check_mark:",
    SendStatus.SENT: ":white_check_mark:",
    SendStatus.DELIVERED: ":inbox_tray:",
    SendStatus.READ: ":eyes:",
    SendStatus.FAILED: ":x:",
}

STATUS_TEXT = {
    SendStatus.PREPARING: "On its way",
    SendStatus.SENDING: "On its way",
    SendStatus.UNKNOWN: "It is not known whether this went out",
    SendStatus.ACCEPTED: "Accepted",
    SendStatus.SENT: "Sent",
    SendStatus.DELIVERED: "Delivered",
    SendStatus.READ: "Read",
    SendStatus.FAILED: "Not delivered",
}

NOT_SENT_TEXT = "Not sent"
"""Where it failed before there was a message."""

UNKNOWN_ADVICE = (
    "No answer came, so it may have gone out, and it will not be sent again by itself. Look at the "
    "chat with this recipient in Chakra before you send it once more."
)
NOT_FOLLOWABLE_ADVICE = (
    "Chakra may not tell whether this one is delivered, so this line may stay as it is."
)


def report_message(send: Send) -> Message:
    """``send.recipient`` is masked, and so is this: it may be shared."""
    what = status_line(send)
    parts = [blocks.section(markup(Markup(STATUS_EMOJI[send.status] + " "), what))]
    parts += [blocks.section(line) for line in advice(send)]
    when = f"<!date^{int(send.status_at)}^{{date_short_pretty}} {{time_secs}}|at that time>"
    parts.append(blocks.context(markup(send.language, " · ", Markup(when))))
    return Message(text=what, blocks=tuple(parts))


def status_line(send: Send) -> Markup:
    """``Delivered: order_update to +91 •••••• 3210``."""
    refused = send.status is SendStatus.FAILED and not (send.wamid or send.message_id)
    said = NOT_SENT_TEXT if refused else STATUS_TEXT[send.status]
    return markup(f"{said}: ", bold(send.template), " to ", send.recipient)


def advice(send: Send) -> list[Markup]:
    """What it means and what to do, where that is not plain."""
    if send.status is SendStatus.FAILED and send.failure is not None:
        told = explain(deserialize_error(send.failure))
        return [markup(told.summary, " ", told.remedy)]
    if send.status is SendStatus.UNKNOWN:
        return [markup(UNKNOWN_ADVICE)]
    if send.status is SendStatus.ACCEPTED and not send.followable:
        return [markup(NOT_FOLLOWABLE_ADVICE)]
    return []
