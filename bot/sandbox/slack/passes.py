"""Short-lived tokens: trigger IDs and response URLs."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.aio.clock import Clock
from bot.sandbox.slack.ids import Ids
from bot.sandbox.slack.refusal import Refused

TRIGGER_SECONDS = 3
"""docs.slack.dev/surfaces/modals: a trigger_id expires three seconds after it was sent."""
URL_SECONDS = 30 * 60
URL_USES = 5
"""docs.slack.dev/interactivity/handling-user-interaction: five times within thirty minutes."""
REMEMBERED = 5_000

T = TypeVar("T")


@dataclass(frozen=True)
class Trigger:
    """A trigger; ``channel`` is where it arose, and becomes the modal's."""

    id: str
    person: str
    channel: str | None
    made_at: float
    used: bool = False


class Triggers:
    def __init__(self, ids: Ids, clock: Clock) -> None:
        self._ids = ids
        self._clock = clock
        self._made: OrderedDict[str, Trigger] = OrderedDict()

    def make(self, person: str, channel: str | None) -> str:
        trigger = Trigger(self._ids.trigger(), person, channel, self._clock.monotonic())
        _remember(self._made, trigger.id, trigger)
        return trigger.id

    def check(self, trigger_id: object) -> Trigger:
        """Return the trigger without using it up. Raise ``Refused`` with Slack's code."""
        trigger = self._made.get(str(trigger_id))
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if self._clock.monotonic() - trigger.made_at >= TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        return trigger

    def spend(self, trigger: Trigger) -> None:
        self._made[trigger.id] = replace(trigger, used=True)


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
    made_at: float
    uses: int = 0


class ResponseUrls:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: OrderedDict[str, ResponseUrl] = OrderedDict()

    def make(self, person: str, channel: str, message: str | None = None) -> str:
        """Return the path of a new URL, without the server's address."""
        kind = "commands" if message is None else "actions"
        path = f"/response/{kind}/{secrets.token_urlsafe(18)}"
        url = ResponseUrl(path, person, channel, message, self._clock.monotonic())
        _remember(self._made, path, url)
        return path

    def check(self, path: str) -> ResponseUrl:
        """Return the URL without counting a use. Raise ``Refused`` (HTTP 404) with Slack's code."""
        url = self._made.get(path)
        if url is None:
            raise Refused("no_service", status=404)
        if url.uses >= URL_USES:
            raise Refused("used_url", status=404)
        if self._clock.monotonic() - url.made_at >= URL_SECONDS:
            raise Refused("expired_url", status=404)
        return url

    def spend(self, url: ResponseUrl) -> None:
        self._made[url.path] = replace(url, uses=url.uses + 1)


def _remember(kept: OrderedDict[str, T], key: str, value: T) -> None:
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
