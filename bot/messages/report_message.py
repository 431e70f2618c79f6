"""The report of a send as a message: a line with its status, and advice if it failed."""

from __future__ import annotations

from collections.abc import Callable

from bot.errors import Rejected
from bot.messages.error_codec import deserialize_error
from bot.messages.error_copy import EXPLAINER
from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.commands.reply import Message

ReportRenderer = Callable[[Send], Message]

STATUS_EMOJI = {
    SendStatus.PREPARING: ":hourglass_flowing_sand:",
    SendStatus.SENDING: ":hourglass_flowing_sand:",
    SendStatus.UNKNOWN: ":grey_question:",
    SendStatus.ACCEPTED: ":hourglass_flowing_sand:",
    SendStatus.SENT: ":outbox_tray:",
    SendStatus.DELIVERED: ":white_check_mark:",
    SendStatus.READ: ":eyes:",
    SendStatus.FAILED: ":x:",
}

STATUS_TEXT = {
    SendStatus.PREPARING: "Sending",
    SendStatus.SENDING: "Sending",
    SendStatus.UNKNOWN: "We don't know whether this was sent",
    SendStatus.ACCEPTED: "Sending (WhatsApp has it; not delivered yet)",
    SendStatus.SENT: "Sent",
    SendStatus.DELIVERED: "Delivered",
    SendStatus.READ: "Read",
    SendStatus.FAILED: "Not delivered",
}

NOT_SENT_TEXT = "Not sent"
"""The text of a failure before there was a message."""

UNKNOWN_ADVICE = (
    "We got no response, so it may have been sent; it won't be resent automatically. "
    "Check the chat in Chakra before you send it again."
)
NO_REASON_ADVICE = (
    "WhatsApp couldn't deliver this message and gave no reason. "
    "Check the chat in Chakra before you send it again."
)
NOT_FOLLOWABLE_ADVICE = (
    "Chakra may not report delivery for this message, so this status may not change."
)


def report_message(send: Send) -> Message:
    """Return the report of a send, masked as ``send.recipient`` is: it may be shared."""
    what = status_line(send)
    parts = [blocks.section(markup(Markup(STATUS_EMOJI[send.status] + " "), what))]
    parts += [blocks.section(line) for line in advice(send)]
    when = f"<!date^{int(send.status_at)}^{{date_short_pretty}} {{time_secs}}|at that time>"
    parts.append(blocks.context(markup(send.language, " · ", Markup(when))))
    return Message(text=what, blocks=tuple(parts))


def status_line(send: Send) -> Markup:
    """Return the status in one line: ``Delivered: order_update to +91 •••••• 3210``."""
    refused = send.status is SendStatus.FAILED and not (send.wamid or send.message_id)
    said = NOT_SENT_TEXT if refused else STATUS_TEXT[send.status]
    return markup(f"{said}: ", bold(send.template), " to ", send.recipient)


def advice(send: Send) -> list[Markup]:
    """Return what the status means and what to do, unless that is obvious."""
    if send.status is SendStatus.FAILED and send.failure is not None:
        error = deserialize_error(send.failure)
        if type(error) is Rejected and not error.message and (send.wamid or send.message_id):
            return [markup(NO_REASON_ADVICE)]
        explanation = EXPLAINER.explain(error)
        return [markup(explanation.summary, " ", explanation.remedy)]
    if send.status is SendStatus.UNKNOWN:
        return [markup(UNKNOWN_ADVICE)]
    if send.status is SendStatus.ACCEPTED and not send.followable:
        return [markup(NOT_FOLLOWABLE_ADVICE)]
    return []
