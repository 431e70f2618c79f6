"""Accepted sends, and the status events that follow each of them by the clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from bot.aio.clock import Clock
from bot.sandbox.chakra import customer_messages, event_bodies
from bot.sandbox.chakra.accepted_send import AcceptedSend, DeliveryStatus
from bot.sandbox.chakra.account import WhatsAppAccount
from bot.sandbox.chakra.customers import Customers
from bot.sandbox.chakra.recipients import (
    DEFAULT_STEPS,
    ScriptedRecipient,
    ScriptedRecipients,
    StatusStep,
)
from bot.sandbox.chakra.timers import TimerGroup
from bot.sandbox.chakra.webhooks import WebhookSender
from bot.sandbox.chakra.whatsapp_ids import to_whatsapp_id

REPLY_DELAY_SECONDS = 1.0
"""Delay between the last status of a message and a scripted recipient's answer."""
MARKETING_STOPPED_STEPS = (StatusStep(after=0.6, status="FAILED", code=131050),)
STATUS_ORDER: tuple[DeliveryStatus, ...] = ("SENT", "DELIVERED", "READ")


@dataclass(frozen=True, slots=True)
class BurstResult:
    """The outcome of a burst: deliveries by the receiver's status (None: no response)."""

    statuses: Mapping[int | None, int]
    seconds: float


class DeliverySimulator:
    """Accepted sends in ``sent``, in order, and their status events, in both webhook formats.

    Chakra sends no events about sends in Meta's format; Meta does.
    """

    def __init__(
        self,
        webhooks: WebhookSender,
        recipients: ScriptedRecipients,
        account: WhatsAppAccount,
        clock: Clock,
        customers: Customers,
    ) -> None:
        self.sends: list[AcceptedSend] = []
        self._webhooks = webhooks
        self._recipients = recipients
        self._account = account
        self._clock = clock
        self._timers = TimerGroup(clock)
        self._send_accepted = asyncio.Event()
        self._customers = customers

    def accept(
        self,
        send: AcceptedSend,
        *,
        steps: tuple[StatusStep, ...] | None = None,
        quick_replies: tuple[str, ...] = (),
    ) -> None:
        """Schedule the events of an accepted send; ``steps`` override the recipient's own.

        ``quick_replies`` are the template's buttons that the recipient can press.
        """
        known = self._recipients.get(send.to)
        self.sends.append(send)
        self._send_accepted.set()
        self._send_accepted = asyncio.Event()
        self._customers.note_send(send, quick_replies)
        steps = self._plan_steps(send, known) if steps is None else steps
        for step in steps:
            self._timers.call_later(
                step.after, partial(self.push_status, send, step.status, step.code)
            )
        answer_at = max((step.after for step in steps), default=0.0) + REPLY_DELAY_SECONDS
        self._schedule_reply(answer_at, send, known, next(iter(quick_replies), ""))

    def push_status(
        self, send: AcceptedSend, status: DeliveryStatus, code: int | None = None
    ) -> None:
        """Send a status event immediately."""
        now = self._clock.time()
        self._customers.note_status(send, status)
        if not send.is_passthrough:
            if self._recipients.get(send.to).legacy_events:
                body = event_bodies.build_legacy_status_event(send, status, now)
            else:
                body = event_bodies.build_status_event(send, status, now, self._account, code)
            self._webhooks.push("chakra", body)
        customer = self._customers.find(send.to)
        identity = None if customer is None else customer.identity
        meta = event_bodies.build_meta_status_event(
            send, status, now, self._account, code, identity
        )
        self._webhooks.push("meta", meta)

    def is_window_open(self, sender_id: str, recipient: str) -> bool:
        """Return whether the customer wrote to this sender within 24 hours."""
        customer = self._customers.find(recipient)
        if customer is None:
            return self._recipients.get(recipient).wrote
        is_open = self._customers.is_window_open(customer, sender_id)
        return self._recipients.get(recipient).wrote if is_open is None else is_open

    def find_last_send(self, sender_id: str, number: str) -> AcceptedSend | None:
        return next(
            (
                send
                for send in reversed(self.sends)
                if (send.sender_id, send.to) == (sender_id, number)
            ),
            None,
        )

    async def wait_for_sends(self, expected: int) -> None:
        """Wait until ``number`` sends have been accepted."""
        while len(self.sends) < expected:
            await self._send_accepted.wait()

    async def push_status_burst(self, event_count: int, seed: int) -> BurstResult:
        """Send ``number`` Chakra-format events at the same time, and wait for the responses.

        They are shuffled statuses from SENT to READ; with three or more per send, each send ends as
        read.
        """
        followed = [send for send in self.sends if not send.is_passthrough]
        if not followed:
            raise ValueError("there is no send that Chakra would report events of")
        planned = [
            (
                followed[turn // len(STATUS_ORDER) % len(followed)],
                STATUS_ORDER[turn % len(STATUS_ORDER)],
            )
            for turn in range(event_count)
        ]
        Random(seed).shuffle(planned)  # noqa: S311 - an order, not a secret
        began, now = self._clock.monotonic(), self._clock.time()
        bodies = (
            event_bodies.build_status_event(send, state, now, self._account, None)
            for send, state in planned
        )
        tasks = [task for task in map(self._push, bodies) if task is not None]
        statuses = Counter(await asyncio.gather(*tasks))
        return BurstResult(dict(statuses), self._clock.monotonic() - began)

    def close(self) -> None:
        self._timers.cancel_all()

    def _push(self, body: dict[str, Any]) -> asyncio.Task[int | None] | None:
        return self._webhooks.push("chakra", body)

    def _plan_steps(self, send: AcceptedSend, known: ScriptedRecipient) -> tuple[StatusStep, ...]:
        customer = self._customers.find(send.to)
        if customer is not None and customer.has_stopped_marketing and send.category == "MARKETING":
            return MARKETING_STOPPED_STEPS
        return known.steps if customer is None or customer.identity.phone else DEFAULT_STEPS

    def _schedule_reply(
        self, after: float, send: AcceptedSend, known: ScriptedRecipient, reply: str
    ) -> None:
        if known.answers:
            message, replies_to = customer_messages.build_text(known.answers), ""
        elif known.presses and reply:
            message, replies_to = customer_messages.build_template_button(reply), send.wamid
        else:
            return
        customer = self._customers.find_or_add(to_whatsapp_id(send.to), "John")
        self._timers.call_later(
            after, lambda: customer.send(message, to=send.sender_id, replies_to=replies_to)
        )
