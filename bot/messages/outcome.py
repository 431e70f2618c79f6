"""The reply with the outcome of a send, where the person sent it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.errors import BotError
from bot.messages import report_message as card
from bot.messages.check_view import render_result
from bot.messages.details import SendDetails
from bot.messages.form_values import SendForm
from bot.messages.send import Send, SendResult
from bot.messages.service import SendService
from bot.messages.status import SendStatus
from bot.slack import blocks
from bot.slack.blocks import markup
from bot.slack.commands.reply import Message, UpdateForm

ARRIVAL_WAIT_SECONDS = 29 * 60.0
"""Seconds: a response URL is valid for 30 minutes."""


async def await_outcome(
    service: SendService, result: asyncio.Task[SendResult], *, has_channel: bool
) -> Message | None:
    """Return the outcome; None if it would go to the DM with Chakra, which has the report."""
    sent = await asyncio.shield(result)
    return render_outcome_message(service, sent) if has_channel or not sent.report else None


async def await_arrival(
    service: SendService, result: asyncio.Task[SendResult]
) -> SendResult | None:
    """Return the result once the message is delivered, read or failed.

    None if ``result`` already says it, or if it happens after the response URL has expired.
    """
    sent = await asyncio.shield(result)
    if sent.send.status.has_arrived:
        return None
    arrived = await service.wait_arrived(sent.send, ARRIVAL_WAIT_SECONDS)
    return replace(sent, send=arrived) if arrived else None


async def render_arrival_line(
    service: SendService, arrival: asyncio.Task[SendResult | None]
) -> Message | None:
    """Return a separate line about the arrival: Slack doesn't let an app edit the earlier one.

    None if there is nothing more to say: the report is in the DM with Chakra in any case.
    """
    sent = await asyncio.shield(arrival)
    return replace(render_outcome_message(service, sent), only_here=True) if sent else None


async def await_view(
    service: SendService,
    form: SendForm,
    result: asyncio.Task[SendResult],
    arrival: asyncio.Task[SendResult | None],
) -> UpdateForm:
    """Return the view with the outcome so far; the arrival replaces it while the view is open."""

    def render(sent: SendResult) -> UpdateForm:
        return render_result(sent, render_outcome_message(service, sent), form)

    async def show_arrival() -> UpdateForm | None:
        sent = await asyncio.shield(arrival)
        return render(sent) if sent else None

    shown = render(await asyncio.shield(result))
    return replace(shown, later=asyncio.ensure_future(show_arrival()))


async def read_latest_result(service: SendService, sending: asyncio.Task[SendResult]) -> SendResult:
    """Return the result with the current status: posting the report may have taken a while."""
    sent = await asyncio.shield(sending)
    try:
        return replace(sent, send=await service.get_send(sent.send.id))
    except BotError:
        return sent


def render_outcome_message(service: SendService, sent: SendResult) -> Message:
    """Return the outcome with a link to the report."""
    link, details = service.get_report_link(sent.report), service.read_details(sent.send)
    return render_outcome(sent.send, details, link)


def render_outcome(send: Send, details: SendDetails | None, link: str) -> Message:
    """Return the reply: the status and a link to the report.

    After a failure a button opens the form with its values.
    """
    headline = markup(card.render_headline(send, details), ": ", blocks.bold(send.title))
    content = [
        blocks.section(markup(headline, card.render_report_link(link))),
        *(blocks.section(advice) for advice in card.render_advice(send)),
    ]
    if send.status is SendStatus.FAILED:
        content += card.render_report_buttons(send)
    return Message(text=card.render_status_line(send, details), blocks=tuple(content))
