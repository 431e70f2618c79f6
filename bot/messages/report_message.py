"""The report of a send as a message: who got what and when, and advice if it failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.errors import FileUnavailable, FileUploadFailed, Rejected
from bot.messages.details import SendDetails
from bot.messages.error_codec import deserialize_error
from bot.messages.error_copy import EXPLAINER
from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.slack import blocks
from bot.slack.age import format_date_token, format_time_token
from bot.slack.blocks import Markup, bold, lines, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.templates import vocabulary
from bot.templates.preview import to_mrkdwn

SEND_AGAIN: Final = "sends.again"
SHOW_SEND: Final = "sends.show"
SHARE: Final = "sends.share"
SHARE_ELSEWHERE: Final = "sends.choose"
REFRESH_CARD: Final = "sends.refresh"

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
    SendStatus.ACCEPTED: "Sending",
    SendStatus.SENT: "Sent",
    SendStatus.DELIVERED: "Delivered",
    SendStatus.READ: "Read",
    SendStatus.FAILED: "Not delivered",
}
STATUS_REMARKS = {
    SendStatus.ACCEPTED: "WhatsApp has it; not delivered yet",
    SendStatus.SENT: "not delivered yet",
}

NOT_SENT_TEXT = "Not sent"
"""The text of a failure before there was a message."""
DELIVERED_AFTER_ALL_TEXT = "Delivered after all"

REPLY_FILE_REMEDY = "Choose the file again in a minute."
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
DELIVERED_AFTER_ALL_ADVICE = (
    "WhatsApp reported a failure first, and the delivery later. You don't need to send it again."
)

MAX_TEXT_LENGTH = 1_200
"""Characters of the quoted text."""
SAME_DAY_SECONDS = 12 * 3_600.0
"""Seconds after a date during which a time alone can't be misread."""


def render_report(send: Send, details: SendDetails | None = None) -> Message:
    """Return the report of a send; without ``details`` it is masked as ``send.recipient`` is."""
    content = [
        blocks.section(render_headline(send, details)),
        *(blocks.section(line) for line in render_advice(send)),
        *render_story(send, details),
        *render_report_buttons(send, blocks.button("Share…", SHARE_ELSEWHERE, str(send.id))),
    ]
    return Message(text=render_status_line(send, details), blocks=tuple(content))


def render_send_card(
    send: Send, details: SendDetails | None, *, author: str, may_share: bool = False
) -> Message:
    """Return the report as an answer for one reader; ``author`` is a member to be named."""
    value = str(send.id)
    more = [blocks.button("Share to channel", SHARE, value)] if may_share else []
    content = [
        blocks.section(render_headline(send, details)),
        *(blocks.section(line) for line in render_advice(send)),
        *render_story(send, details, author=author),
        *render_report_buttons(send, *more, blocks.button("Refresh", REFRESH_CARD, value)),
    ]
    return Message(text=render_status_line(send, details), blocks=tuple(content))


def render_shared_card(send: Send, shared_by: str) -> Message:
    """Return a send for a channel: its recipient masked, without name and text."""
    content = (
        blocks.section(render_headline(send)),
        *render_story(send, author=send.member),
        blocks.context(markup("Shared by ", mention(shared_by))),
    )
    return Message(render_status_line(send), content, to_channel=True, shared_as="this send")


def render_failure(send: Send, details: SendDetails | None = None) -> Message:
    """Return the message about a failure after the report was posted.

    If the message is delivered after all, it says so.
    """
    if send.status is SendStatus.FAILED:
        return render_report(send, details)
    recipient = describe_recipient(send, details)
    what = markup(bold(DELIVERED_AFTER_ALL_TEXT), " to ", recipient)
    emoji = Markup(STATUS_EMOJI[SendStatus.DELIVERED] + " ")
    content = (
        blocks.section(markup(emoji, what)),
        blocks.section(DELIVERED_AFTER_ALL_ADVICE),
        blocks.section(_render_quoted_text(send, details)),
    )
    return Message(text=markup(what, ": ", bold(send.title)), blocks=content)


def render_headline(send: Send, details: SendDetails | None = None) -> Markup:
    """Return the status in one line: ``👀 *Read* by *Mei Tanaka* (+61 491 570 156)``."""
    label = bold(render_status_label(send))
    return markup(render_headline_emoji(send), _describe_status(label, send, details))


def render_headline_emoji(send: Send) -> Markup:
    return Markup(f"{STATUS_EMOJI[send.status]} ")


def render_status_line(send: Send, details: SendDetails | None = None) -> Markup:
    """Return the headline with the template, for notifications and lists."""
    return markup(
        _describe_status(render_status_label(send), send, details), ": ", bold(send.title)
    )


def _describe_status(label: str, send: Send, details: SendDetails | None) -> Markup:
    preposition = " by " if send.status is SendStatus.READ else " to "
    recipient = describe_recipient(send, details)
    remark = STATUS_REMARKS.get(send.status, "")
    if remark:  # no other number follows one in brackets
        remark = f" · {remark}" if recipient.endswith(")") else f" ({remark})"
    return markup(label, preposition, recipient, remark)


def render_status_label(send: Send) -> str:
    """Return the status in a word or two."""
    is_refused = send.status is SendStatus.FAILED and not (send.wamid or send.message_id)
    return NOT_SENT_TEXT if is_refused else STATUS_TEXT[send.status]


def describe_recipient(send: Send, details: SendDetails | None) -> Markup:
    """Return the name and whole number, for one reader; without ``details`` what the row has."""
    if details is None:
        return markup(send.recipient)
    reference = "" if details.to.startswith("+") else details.to
    named = [part for part in (details.name and bold(details.name), reference) if part]
    if not named:
        return markup(details.number or details.to)
    number = f" ({details.number})" if details.number else ""
    return markup(Markup(", ".join(map(blocks.escape, named))), number)


def render_advice(send: Send) -> list[Markup]:
    """Return what the status means and what to do, unless that is obvious."""
    if send.status is SendStatus.FAILED and send.failure is not None:
        error = deserialize_error(send.failure)
        if type(error) is Rejected and not error.message and (send.wamid or send.message_id):
            return [markup(NO_REASON_ADVICE)]
        explanation = EXPLAINER.explain(error)
        is_file = isinstance(error, FileUnavailable | FileUploadFailed)
        remedy = REPLY_FILE_REMEDY if is_file and send.is_reply else explanation.remedy
        return [markup(explanation.summary, " ", remedy)]
    if send.status is SendStatus.UNKNOWN:
        return [markup(UNKNOWN_ADVICE)]
    if send.status is SendStatus.ACCEPTED and not send.followable:
        return [markup(NOT_FOLLOWABLE_ADVICE)]
    return []


def render_story(
    send: Send, details: SendDetails | None = None, *, author: str = ""
) -> list[Block]:
    """Return template, language and text, then the times; ``author`` is a member to be named."""
    context = [describe_times(send)]
    if details is not None and details.sender:
        context.insert(0, markup("From ", details.sender))
    if author:
        context.append(markup("by ", mention(author)))
    return [
        blocks.section(_render_quoted_text(send, details)),
        blocks.context(Markup(" · ".join(context))),
    ]


def render_report_link(link: str) -> Markup:
    """Return the link to a report at the end of a line; "" if there is none."""
    return Markup(f"  <{link}|See delivery status>" if link else "")


def render_report_buttons(send: Send, *more: Block) -> list[Block]:
    """Return the row of buttons, if there are any: replies are not sent again from it."""
    again = [] if send.is_reply else [blocks.button("Send again", SEND_AGAIN, str(send.id))]
    return [blocks.actions(*again, *more)] if again or more else []


def _render_quoted_text(send: Send, details: SendDetails | None) -> Markup:
    language = "" if send.is_reply else markup(", ", vocabulary.format_language_name(send.language))
    title = markup(bold(send.title), language)
    if details is None or not details.text:
        return title
    text = to_mrkdwn(blocks.clip(details.text, MAX_TEXT_LENGTH))
    return lines([title, *(Markup(f"> {line}") for line in text.splitlines())])


def describe_times(send: Send) -> Markup:
    """Return ``sent today at 1:19 PM · delivered 1:19 PM · read 1:20 PM``."""
    (first, start), *later = _iter_reported_times(send)
    shown = [markup(first, " ", format_date_token(start))]
    for label, at in later:
        is_clear = 0 <= at - start < SAME_DAY_SECONDS
        shown.append(
            markup(label, " ", format_time_token(at) if is_clear else format_date_token(at))
        )
    return Markup(" · ".join(shown))


def _iter_reported_times(send: Send) -> Iterator[tuple[str, float]]:
    """Yield the steps of a send with their times; a step that was not reported is left out."""
    was_sent = send.sent_at or send.status.rank > SendStatus.FAILED.rank
    yield ("sent", send.sent_at or send.started_at) if was_sent else ("started", send.started_at)
    if send.status is SendStatus.FAILED:
        yield "failed", send.status_at
    for status, at in (
        (SendStatus.DELIVERED, send.delivered_at),
        (SendStatus.READ, send.read_at),
    ):
        if at or send.status is status:
            yield status.value, at or send.status_at


def render_send_row(send: Send, details: SendDetails | None, *, names_author: bool) -> Block:
    """Return a send in a list, with a button for its card; ``names_author``: name its author."""
    what = markup(
        render_headline_emoji(send), bold(send.title), " to ", describe_recipient(send, details)
    )
    state = markup(render_status_label(send), "  ·  ", format_date_token(send.started_at))
    if names_author:
        state = markup(state, "  ·  by ", mention(send.member))
    button = blocks.button("Details", SHOW_SEND, str(send.id))
    return blocks.section(lines([what, state]), accessory=button)
