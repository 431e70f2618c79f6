"""Webhooks: Chakra's signed events and Meta's unsigned ones, each posted once, without retry."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp

from bot.aio.clock import Clock

SIGNATURE_HEADER = "X-Chakra-Signature-256"
MAX_CONNECTIONS = 50
"""Concurrent connections to the receivers. How many the real API opens is UNKNOWN."""
RESPONSE_TIMEOUT_SECONDS = 10.0
"""Timeout of a delivery. The real one is UNKNOWN."""
MAX_RECORDED_DELIVERIES = 2_000

WebhookFormat = Literal["chakra", "meta"]


@dataclass(frozen=True, slots=True)
class WebhookSubscriber:
    """A webhook's receiver; without a ``secret`` its events are unsigned."""

    url: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class DeliveredWebhook:
    """A finished delivery; ``status`` is the receiver's, None without a response."""

    format: WebhookFormat
    body: Mapping[str, Any]
    status: int | None
    ended_at: float


@dataclass(frozen=True, slots=True)
class PendingWebhook:
    """A delivery that waits for its release."""

    format: WebhookFormat
    body: Mapping[str, Any]


def merge_deliveries(pending: Sequence[PendingWebhook]) -> list[PendingWebhook]:
    """Return them with all of Meta's entries in one delivery; Chakra's format has one event each.

    Events of one field and number share a change, as Meta puts them.
    """
    rest = [webhook for webhook in pending if webhook.format == "chakra"]
    entries: dict[str, dict[str, Any]] = {}
    for webhook in pending:
        for entry in webhook.body["entry"] if webhook.format == "meta" else ():
            merged = entries.setdefault(entry["id"], {**entry, "changes": []})
            for change in entry["changes"]:
                _merge_change(merged["changes"], change)
    if not entries:
        return rest
    body = {"object": "whatsapp_business_account", "entry": list(entries.values())}
    return [PendingWebhook("meta", body), *rest]


def _merge_change(changes: list[dict[str, Any]], change: Mapping[str, Any]) -> None:
    value = change["value"]
    for earlier in changes:
        known = earlier["value"]
        if (
            change["field"] == earlier["field"] == "messages"
            and value["metadata"] == known["metadata"]
            and value.keys() == known.keys()
        ):
            merged = {
                name: [*known[name], *(item for item in items if item not in known[name])]
                for name, items in value.items()
                if isinstance(items, list)
            }
            earlier["value"] = {**known, **merged}
            return
    changes.append(dict(change))


def compute_signature(secret: str, body: bytes) -> str:
    """Return the lowercase hex HMAC-SHA256 of the raw body, without a prefix."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class WebhookSender:
    """The last ``deliveries``, in the order of completion; ``ended_count`` counts all.

    There is no retry: the older documentation says that missed events stay missed. Deliveries run
    concurrently, so they may arrive in another order. While ``held`` is a list, they wait in it.
    """

    def __init__(self, clock: Clock) -> None:
        self.subscribers: dict[WebhookFormat, WebhookSubscriber] = {}
        self.deliveries: deque[DeliveredWebhook] = deque(maxlen=MAX_RECORDED_DELIVERIES)
        self.ended_count = 0
        self.held: list[PendingWebhook] | None = None
        self._clock = clock
        self._tasks: set[asyncio.Task[int | None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._delivery_ended = asyncio.Event()
        self._closed = False

    def push(
        self, webhook_format: WebhookFormat, body: Mapping[str, Any]
    ) -> asyncio.Task[int | None] | None:
        """Start a delivery and return its task, or None without a subscriber for this format.

        The task's result is the receiver's status.
        """
        subscriber = self.subscribers.get(webhook_format)
        if subscriber is None or self._closed:
            return None
        if self.held is not None:
            self.held.append(PendingWebhook(webhook_format, body))
            return None
        task = asyncio.ensure_future(self._deliver(webhook_format, subscriber, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def release(self, *, is_reversed: bool, is_merged: bool, times: int) -> None:
        """Start the deliveries that waited."""
        waiting, self.held = self.held or [], None
        waiting = waiting[::-1] if is_reversed else waiting
        for _ in range(times):
            for pending in merge_deliveries(waiting) if is_merged else waiting:
                self.push(pending.format, pending.body)

    async def wait_for_deliveries(self, expected: int) -> None:
        """Wait until ``number`` deliveries have ended since the start."""
        while self.ended_count < expected:
            await self._delivery_ended.wait()

    async def settle(self) -> None:
        """Wait until no delivery is in flight."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def aclose(self) -> None:
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _deliver(
        self, kind: WebhookFormat, subscriber: WebhookSubscriber, body: Mapping[str, Any]
    ) -> int | None:
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        if subscriber.secret:
            headers[SIGNATURE_HEADER] = compute_signature(subscriber.secret, raw)
        status = await self._post(subscriber.url, raw, headers)
        self.deliveries.append(DeliveredWebhook(kind, body, status, self._clock.time()))
        self.ended_count += 1
        self._delivery_ended.set()
        self._delivery_ended = asyncio.Event()
        return status

    async def _post(self, url: str, raw: bytes, headers: Mapping[str, str]) -> int | None:
        try:
            async with self._get_session().post(
                url, data=raw, headers=headers, allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, OSError, TimeoutError):
            return None

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS),
                timeout=aiohttp.ClientTimeout(
                    sock_connect=RESPONSE_TIMEOUT_SECONDS, sock_read=RESPONSE_TIMEOUT_SECONDS
                ),
                trust_env=False,
            )
        return self._session
