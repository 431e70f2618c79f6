"""The reply with the outcome of a send, where the person sent it."""

from __future__ import annotations

import asyncio

from bot.messages import report_message as card
from bot.messages.details import SendDetails
from bot.messages.form_values import SendForm
from bot.messages.send import Send, SendResult
from bot.messages.send_form import EDIT
from bot.messages.service import SendService
from bot.messages.status import SendStatus
from bot.slack import blocks
from bot.slack.blocks import markup
from bot.slack.commands.reply import Message


async def await_outcome(
    service: SendService, form: SendForm, sending: asyncio.Task[SendResult], *, has_channel: bool
) -> Message | None:
    """Return the outcome; None if it would go to the DM with Chakra, which has the report."""
    sent = await sending
    is_failed = sent.send.status is SendStatus.FAILED
    needs_message = has_channel or is_failed or not sent.report
    return outcome_message(service, form, sent) if needs_message else None


def outcome_message(service: SendService, form: SendForm, sent: SendResult) -> Message:
    """Return the outcome with a link to the report."""
    link, details = service.report_link(sent.report), service.read_details(sent.send)
    return render_outcome(sent.send, details, link, form)


def render_outcome(send: Send, details: SendDetails | None, link: str, form: SendForm) -> Message:
    """Return the reply: the status and a link to the report.

    After a failure a button opens the form again with its values.
    """
    headline = markup(card.headline(send, details), ": ", blocks.bold(send.template))
    content = [
        blocks.section(markup(headline, card.report_link(link))),
        *(blocks.section(advice) for advice in card.advice(send)),
    ]
    if send.status is SendStatus.FAILED and form.to_value():
        content.append(blocks.actions(blocks.button("Open the form again", EDIT, form.to_value())))
    return Message(text=card.status_line(send, details), blocks=tuple(content))
