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
from bot.sandbox.chakra.account import Account
from bot.sandbox.chakra.recipients import KnownNumber, Recipients, Step
from bot.sandbox.chakra.sent import Sent, State, new_wamid
from bot.sandbox.chakra.sessions import WINDOW_SECONDS
from bot.sandbox.chakra.timers import Timers
from bot.sandbox.chakra.webhooks import Webhooks

ANSWER_SECONDS = 1.0
"""Delay between the last status of a message and a scripted recipient's answer."""
IN_ORDER: tuple[State, ...] = ("SENT", "DELIVERED", "READ")


@dataclass(frozen=True, slots=True)
class Burst:
    """The outcome of a burst: deliveries by the receiver's status (None: no response)."""

    statuses: Mapping[int | None, int]
    seconds: float


class Deliveries:
    """Accepted sends in ``sent``, in order, and their status events, in both webhook formats.

    Chakra sends no events about sends in Meta's format; Meta does.
    """

    def __init__(
        self, webhooks: Webhooks, recipients: Recipients, account: Account, clock: Clock
    ) -> None:
        self.sent: list[Sent] = []
        self._webhooks = webhooks
        self._recipients = recipients
        self._account = account
        self._clock = clock
        self._timers = Timers(clock)
        self._news = asyncio.Event()
        self._wrote: dict[tuple[str, str], float] = {}

    def accept(self, sent: Sent, *, steps: tuple[Step, ...] | None = None, reply: str = "") -> None:
        """Schedule the events of an accepted send; ``steps`` override the recipient's own.

        ``reply`` is the template's first quick reply, for recipients who press it.
        """
        known = self._recipients.of(sent.to)
        self.sent.append(sent)
        self._news.set()
        self._news = asyncio.Event()
        steps = known.steps if steps is None else steps
        for step in steps:
            self._timers.later(step.after, partial(self.tell, sent, step.status, step.code))
        answer_at = max((step.after for step in steps), default=0.0) + ANSWER_SECONDS
        self._answer_later(answer_at, sent, known, reply)

    def tell(self, sent: Sent, state: State, code: int | None = None) -> None:
        """Send a status event immediately."""
        now = self._clock.time()
        if not sent.passed_through:
            if self._recipients.of(sent.to).legacy_events:
                body = event_bodies.legacy_status(sent, state, now)
            else:
                body = event_bodies.status(sent, state, now, self._account, code)
            self._webhooks.push("chakra", body)
        meta = event_bodies.meta_status(sent, state, now, self._account, code)
        self._webhooks.push("meta", meta)

    def hear(
        self, number: str, message: Mapping[str, Any], *, name: str, sender: str | None = None
    ) -> str:
        """Deliver a message from a customer, and return its wamid.

        ``message`` is Meta's message object without ID, time and sender. It opens the customer's
        24-hour window with the number they wrote to.
        """
        to = self._account.senders[0] if sender is None else self._account.sender(sender)
        now = self._clock.time()
        wamid = new_wamid(number)
        heard = {"from": number, "id": wamid, "timestamp": str(int(now)), **message}
        contact = {"profile": {"name": name}, "wa_id": number}
        self._wrote[to.id, number] = now
        body = event_bodies.message(heard, contact, str(uuid4()), self._account)
        self._webhooks.push("chakra", body)
        self._webhooks.push("meta", event_bodies.meta_message(heard, contact, self._account, to))
        return wamid

    def window_open(self, sender: str, number: str) -> bool:
        """Return whether the customer wrote to this sender within 24 hours."""
        wrote = self._wrote.get((sender, number))
        if wrote is None:
            return self._recipients.of(number).wrote
        return self._clock.time() - wrote < WINDOW_SECONDS

    def last_to(self, sender: str, number: str) -> Sent | None:
        return next(
            (one for one in reversed(self.sent) if (one.sender, one.to) == (sender, number)), None
        )

    async def until(self, number: int) -> None:
        """Wait until ``number`` sends have been accepted."""
        while len(self.sent) < number:
            await self._news.wait()

    async def burst(self, number: int, seed: int) -> Burst:
        """Send ``number`` Chakra-format events at the same time, and wait for the responses.

        They are shuffled statuses from SENT to READ; with three or more per send, each send ends as
        read.
        """
        followed = [one for one in self.sent if not one.passed_through]
        if not followed:
            raise ValueError("there is no send that Chakra would tell events of")
        planned = [
            (followed[turn // len(IN_ORDER) % len(followed)], IN_ORDER[turn % len(IN_ORDER)])
            for turn in range(number)
        ]
        Random(seed).shuffle(planned)  # noqa: S311 - an order, not a secret
        began, now = self._clock.monotonic(), self._clock.time()
        bodies = (
            event_bodies.status(one, state, now, self._account, None) for one, state in planned
        )
        tasks = [task for task in map(self._push, bodies) if task is not None]
        statuses = Counter(await asyncio.gather(*tasks))
        return Burst(dict(statuses), self._clock.monotonic() - began)

    def close(self) -> None:
        self._timers.close()

    def _push(self, body: dict[str, Any]) -> asyncio.Task[int | None] | None:
        return self._webhooks.push("chakra", body)

    def _answer_later(self, after: float, sent: Sent, known: KnownNumber, reply: str) -> None:
        message: dict[str, Any]
        if known.answers:
            message = {"type": "text", "text": {"body": known.answers}}
        elif known.presses and reply:
            sender = self._account.sender(sent.sender)
            message = {
                "context": {"from": sender.digits, "id": sent.wamid},
                "type": "button",
                "button": {"payload": reply, "text": reply},
            }
        else:
            return
        self._timers.later(after, lambda: self._hear_back(sent, message))

    def _hear_back(self, sent: Sent, message: Mapping[str, Any]) -> None:
        self.hear(sent.to, message, name="John", sender=sent.sender)
