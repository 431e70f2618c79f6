"""Short-lived tokens: trigger IDs and response URLs."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.aio.clock import Clock
from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.ids import IdGenerator

TRIGGER_LIFETIME_SECONDS = 3
"""docs.slack.dev/surfaces/modals: a trigger_id expires three seconds after it was sent."""
RESPONSE_URL_LIFETIME_SECONDS = 30 * 60
MAX_RESPONSE_URL_USES = 5
"""docs.slack.dev/interactivity/handling-user-interaction: five times within thirty minutes."""
MAX_STORED_TOKENS = 5_000

T = TypeVar("T")


@dataclass(frozen=True)
class Trigger:
    """A trigger; ``channel`` is where it arose, and becomes the modal's."""

    id: str
    person: str
    channel: str | None
    issued_at: float
    used: bool = False


class TriggerStore:
    def __init__(self, ids: IdGenerator, clock: Clock) -> None:
        self._ids = ids
        self._clock = clock
        self._issued: OrderedDict[str, Trigger] = OrderedDict()

    def issue(self, person: str, channel: str | None) -> str:
        trigger = Trigger(self._ids.generate_trigger_id(), person, channel, self._clock.monotonic())
        _store_bounded(self._issued, trigger.id, trigger)
        return trigger.id

    def check(self, trigger_id: object) -> Trigger:
        """Return the trigger without using it up. Raise ``WebApiError`` with Slack's code."""
        trigger = self._issued.get(str(trigger_id))
        if trigger is None:
            raise WebApiError("invalid_trigger_id")
        if trigger.used:
            raise WebApiError("exchanged_trigger_id")
        if self._clock.monotonic() - trigger.issued_at >= TRIGGER_LIFETIME_SECONDS:
            raise WebApiError("expired_trigger_id")
        return trigger

    def mark_used(self, trigger: Trigger) -> None:
        self._issued[trigger.id] = replace(trigger, used=True)


@dataclass(frozen=True)
class ResponseUrl:
    """A response URL.

    ``message`` is the ID of the message whose element was used; None for a command, whose line
    can't be replaced (github.com/slackapi/bolt-python/issues/1268).
    """

    path: str
    person: str
    channel: str
    message: str | None
    issued_at: float
    uses: int = 0


class ResponseUrlStore:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: OrderedDict[str, ResponseUrl] = OrderedDict()

    def issue(self, person: str, channel: str, message: str | None = None) -> str:
        """Return the path of a new URL, without the server's address."""
        kind = "commands" if message is None else "actions"
        path = f"/response/{kind}/{secrets.token_urlsafe(18)}"
        url = ResponseUrl(path, person, channel, message, self._clock.monotonic())
        _store_bounded(self._issued, path, url)
        return path

    def check(self, path: str) -> ResponseUrl:
        """Return the URL without counting a use.

        Raise ``WebApiError`` (HTTP 404) with Slack's code.
        """
        url = self._issued.get(path)
        if url is None:
            raise WebApiError("no_service", status=404)
        if url.uses >= MAX_RESPONSE_URL_USES:
            raise WebApiError("used_url", status=404)
        if self._clock.monotonic() - url.issued_at >= RESPONSE_URL_LIFETIME_SECONDS:
            raise WebApiError("expired_url", status=404)
        return url

    def record_use(self, url: ResponseUrl) -> None:
        self._issued[url.path] = replace(url, uses=url.uses + 1)


def _store_bounded(tokens: OrderedDict[str, T], key: str, value: T) -> None:
    tokens[key] = value
    while len(tokens) > MAX_STORED_TOKENS:
        tokens.popitem(last=False)
