"""Accepted sends, and the status events that follow each of them by the clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

from bot.aio.clock import Clock
from bot.sandbox.chakra import event_bodies
from bot.sandbox.chakra.accepted_send import AcceptedSend, DeliveryStatus, generate_wamid
from bot.sandbox.chakra.account import WhatsAppAccount
from bot.sandbox.chakra.recipients import ScriptedRecipient, ScriptedRecipients, StatusStep
from bot.sandbox.chakra.session_messages import WINDOW_SECONDS
from bot.sandbox.chakra.timers import TimerGroup
from bot.sandbox.chakra.webhooks import WebhookSender
from bot.sandbox.chakra.whatsapp_ids import to_whatsapp_id

REPLY_DELAY_SECONDS = 1.0
"""Delay between the last status of a message and a scripted recipient's answer."""
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
    ) -> None:
        self.sends: list[AcceptedSend] = []
        self._webhooks = webhooks
        self._recipients = recipients
        self._account = account
        self._clock = clock
        self._timers = TimerGroup(clock)
        self._send_accepted = asyncio.Event()
        self._last_inbound_at: dict[tuple[str, str], float] = {}

    def accept(
        self, send: AcceptedSend, *, steps: tuple[StatusStep, ...] | None = None, reply: str = ""
    ) -> None:
        """Schedule the events of an accepted send; ``steps`` override the recipient's own.

        ``reply`` is the template's first quick reply, for recipients who press it.
        """
        known = self._recipients.get(send.to)
        self.sends.append(send)
        self._send_accepted.set()
        self._send_accepted = asyncio.Event()
        steps = known.steps if steps is None else steps
        for step in steps:
            self._timers.call_later(
                step.after, partial(self.push_status, send, step.status, step.code)
            )
        answer_at = max((step.after for step in steps), default=0.0) + REPLY_DELAY_SECONDS
        self._schedule_reply(answer_at, send, known, reply)

    def push_status(
        self, send: AcceptedSend, status: DeliveryStatus, code: int | None = None
    ) -> None:
        """Send a status event immediately."""
        now = self._clock.time()
        if not send.is_passthrough:
            if self._recipients.get(send.to).legacy_events:
                body = event_bodies.legacy_status_event(send, status, now)
            else:
                body = event_bodies.status_event(send, status, now, self._account, code)
            self._webhooks.push("chakra", body)
        meta = event_bodies.meta_status_event(send, status, now, self._account, code)
        self._webhooks.push("meta", meta)

    def receive_message(
        self, number: str, message: Mapping[str, Any], *, name: str, sender_id: str | None = None
    ) -> str:
        """Deliver a message from a customer, and return its wamid.

        ``message`` is Meta's message object without ID, time and sender. It opens the customer's
        24-hour window with the number they wrote to.
        """
        to = self._account.senders[0] if sender_id is None else self._account.get_sender(sender_id)
        now = self._clock.time()
        wamid = generate_wamid(number)
        heard = {"from": number, "id": wamid, "timestamp": str(int(now)), **message}
        contact = {"profile": {"name": name}, "wa_id": number}
        self._last_inbound_at[to.id, to_whatsapp_id(number)] = now
        body = event_bodies.message_event(heard, contact, str(uuid4()), self._account)
        self._webhooks.push("chakra", body)
        self._webhooks.push(
            "meta", event_bodies.meta_message_event(heard, contact, self._account, to)
        )
        return wamid

    def is_window_open(self, sender_id: str, number: str) -> bool:
        """Return whether the customer wrote to this sender within 24 hours."""
        wrote = self._last_inbound_at.get((sender_id, to_whatsapp_id(number)))
        if wrote is None:
            return self._recipients.get(number).wrote
        return self._clock.time() - wrote < WINDOW_SECONDS

    def last_send_to(self, sender_id: str, number: str) -> AcceptedSend | None:
        return next(
            (one for one in reversed(self.sends) if (one.sender_id, one.to) == (sender_id, number)),
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
        followed = [one for one in self.sends if not one.is_passthrough]
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
            event_bodies.status_event(one, state, now, self._account, None)
            for one, state in planned
        )
        tasks = [task for task in map(self._push, bodies) if task is not None]
        statuses = Counter(await asyncio.gather(*tasks))
        return BurstResult(dict(statuses), self._clock.monotonic() - began)

    def close(self) -> None:
        self._timers.cancel_all()

    def _push(self, body: dict[str, Any]) -> asyncio.Task[int | None] | None:
        return self._webhooks.push("chakra", body)

    def _schedule_reply(
        self, after: float, send: AcceptedSend, known: ScriptedRecipient, reply: str
    ) -> None:
        message: dict[str, Any]
        if known.answers:
            message = {"type": "text", "text": {"body": known.answers}}
        elif known.presses and reply:
            sender = self._account.get_sender(send.sender_id)
            message = {
                "context": {"from": sender.digits, "id": send.wamid},
                "type": "button",
                "button": {"payload": reply, "text": reply},
            }
        else:
            return
        self._timers.call_later(after, lambda: self._receive_reply(send, message))

    def _receive_reply(self, send: AcceptedSend, message: Mapping[str, Any]) -> None:
        number = to_whatsapp_id(send.to)
        self.receive_message(number, message, name="John", sender_id=send.sender_id)
