"""The reply with the outcome of a send, where the person sent it."""

from __future__ import annotations

import asyncio

from bot.messages import send_form
from bot.messages.form_values import SendForm
from bot.messages.send import Send, SendResult
from bot.messages.service import SendService
from bot.messages.status import SendStatus
from bot.slack.commands.reply import Message


async def await_outcome(
    service: SendService, form: SendForm, sending: asyncio.Task[SendResult], *, has_channel: bool
) -> Message | None:
    """Return the outcome; None if it would go to the DM with Chakra, which has the report."""
    sent = await sending
    is_failed = sent.send.status is SendStatus.FAILED
    needs_message = has_channel or is_failed or not sent.report
    return outcome_message(service, form, sent) if needs_message else None


def outcome_message(
    service: SendService, form: SendForm, sent: SendResult, *, in_place: bool = False
) -> Message:
    """Return the outcome with a link to the report."""
    link = service.report_link(sent.report)
    return send_form.render_outcome(sent, link, form, replace_original=in_place)


async def replay_outcome(
    service: SendService, form: SendForm, send: Send, *, in_place: bool = False
) -> Message:
    """Return the outcome of a press that was handled before."""
    return outcome_message(service, form, await service.with_report(send), in_place=in_place)
