"""Links of the app's domains, their previews, and the pane that each person opens beside one.

docs.slack.dev/messaging/unfurling-links-in-messages and .../work-objects-implementation
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from bot.aio.clock import Clock
from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.messages import StoredMessage

Json = dict[str, Any]

MAX_STORED = 500
PANE_FRESH_SECONDS = 600.0
"""A pane that is opened again within 10 minutes shows what it showed before."""
_LINK = re.compile(r"<(https?://[^<>|\s]+)(?:\|[^<>]*)?>")


def find_app_links(text: str, domains: Sequence[str]) -> list[Json]:
    """Return the links of a message that the app's domains match, each once.

    Subdomains match and ports don't matter. The addresses are as in the text, so with ``&amp;``.
    """
    found: dict[str, Json] = {}
    for link in _LINK.finditer(text):
        try:
            host = (urlsplit(link[1]).hostname or "").lower()
        except ValueError:
            continue
        for domain in domains:
            if host == domain or host.endswith(f".{domain}"):
                found.setdefault(link[1], {"domain": domain, "url": link[1]})
    return list(found.values())


@dataclass(frozen=True)
class SharedLinks:
    """The links of one message or draft that the app was sent: the only ones it may unfurl."""

    unfurl_id: str
    person: str
    urls: tuple[str, ...]
    channel: str = ""
    ts: str = ""
    attachments: tuple[Json, ...] = ()
    """The previews of a draft; those of a message are in the message."""
    is_acknowledged: bool = True


@dataclass(frozen=True)
class Pane:
    """The pane beside a preview that one person has open.

    ``message`` is a message's ID, "" for one opened from a search. Without ``entity`` and ``error``
    it is still waiting. ``trigger_id`` is that of its last request.
    """

    person: str
    message: str
    entity_url: str
    app_unfurl_url: str
    external_ref: Json | None
    trigger_id: str
    requested_at: float
    entity: Json | None = None
    error: Json | None = None

    def to_json(self) -> Json:
        return {
            "message": self.message,
            "url": self.app_unfurl_url,
            "entity": self.entity,
            "error": self.error,
        }


class LinkPreviewStore:
    def __init__(self, clock: Clock) -> None:
        self.work_objects_enabled = True
        """The switch in the app's settings; without it, metadata of chat.unfurl is ignored."""
        self._clock = clock
        self._shared: OrderedDict[str, SharedLinks] = OrderedDict()
        self._panes: OrderedDict[tuple[str, str], Pane] = OrderedDict()
        self._open: dict[str, tuple[str, str]] = {}
        self._panes_by_trigger: OrderedDict[str, tuple[str, str]] = OrderedDict()

    # Links

    def record_links(self, message: StoredMessage, links: list[Json]) -> tuple[str, list[Json]]:
        """Record a message's links; return its ``unfurl_id`` and those that are new."""
        unfurl_id = self.unfurl_id(message)
        known = self._shared.get(unfurl_id)
        before = known.urls if known else ()
        new = [link for link in links if link["url"] not in before]
        if new or known:
            urls = tuple(link["url"] for link in links)
            shared = SharedLinks(unfurl_id, message.author, urls, message.channel, message.ts)
            _store_bounded(self._shared, unfurl_id, shared)
        return unfurl_id, new

    def unfurl_id(self, message: StoredMessage) -> str:
        return f"{message.channel}.{message.ts}.{message.id.lower()}"

    def record_draft(self, person: str, links: list[Json]) -> str:
        unfurl_id = f"{person}-{secrets.token_hex(12)}"
        urls = tuple(link["url"] for link in links)
        _store_bounded(self._shared, unfurl_id, SharedLinks(unfurl_id, person, urls))
        return unfurl_id

    def record_ack(self, unfurl_id: str, *, is_acknowledged: bool) -> None:
        """Record how the app answered the event: Slack refuses links that it didn't acknowledge."""
        if shared := self._shared.get(unfurl_id):
            self._shared[unfurl_id] = replace(shared, is_acknowledged=is_acknowledged)

    def find(self, unfurl_id: str) -> SharedLinks | None:
        return self._shared.get(unfurl_id)

    def find_by_ts(self, channel: str, ts: str) -> SharedLinks | None:
        """Return a message's links. A draft has the channel COMPOSER and its ID as ``ts``."""
        if channel == "COMPOSER":
            draft = self._shared.get(ts)
            return draft if draft and not draft.channel else None
        places = self._shared.values()
        return next((s for s in places if (s.channel, s.ts) == (channel, ts)), None)

    def preview_draft(self, draft: SharedLinks, attachments: Sequence[Json]) -> None:
        self._shared[draft.unfurl_id] = replace(draft, attachments=tuple(attachments))

    def list_draft_previews(self, person: str) -> tuple[Json, ...]:
        """Return the previews of the last draft of a person that has any."""
        drafts = [s for s in self._shared.values() if s.person == person and not s.channel]
        return drafts[-1].attachments if drafts else ()

    # Panes

    def open_pane(self, pane: Pane) -> None:
        """Open a pane that waits for its content."""
        key = (pane.person, _get_identity(pane))
        _store_bounded(self._panes, key, pane)
        self._open[pane.person] = key
        self.allow(pane.trigger_id, pane)

    def reopen_pane(self, pane: Pane) -> Pane | None:
        """Open the pane as it was loaded minutes ago; ``None`` if it must be requested."""
        key = (pane.person, _get_identity(pane))
        known = self._panes.get(key)
        if known is None or known.entity is None:
            return None
        if self._clock.time() - known.requested_at >= PANE_FRESH_SECONDS:
            return None
        self._open[pane.person] = key
        return known

    def find_pane(self, person: str) -> Pane | None:
        """Return the pane that a person has open."""
        return self._panes.get(self._open.get(person, ("", "")))

    def close_pane(self, person: str) -> None:
        self._open.pop(person, None)

    def allow(self, trigger_id: str, pane: Pane) -> None:
        """Let the app fill the pane by this trigger."""
        _store_bounded(self._panes_by_trigger, trigger_id, (pane.person, _get_identity(pane)))

    def get_pane_by_trigger(self, trigger_id: str) -> Pane:
        """Return the pane that a trigger is for. Raise ``WebApiError`` for any other trigger."""
        pane = self._panes.get(self._panes_by_trigger.get(trigger_id, ("", "")))
        if pane is None:
            raise WebApiError("invalid_trigger_id")
        return pane

    def fill(self, pane: Pane, *, entity: Json | None, error: Json | None) -> Pane:
        filled = replace(pane, entity=entity, error=error)
        self._panes[(pane.person, _get_identity(pane))] = filled
        return filled


def _get_identity(pane: Pane) -> str:
    return repr(pane.external_ref or pane.entity_url)


def _store_bounded(store: OrderedDict[Any, Any], key: object, value: object) -> None:
    store[key] = value
    store.move_to_end(key)
    while len(store) > MAX_STORED:
        store.popitem(last=False)
