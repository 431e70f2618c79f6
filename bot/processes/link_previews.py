"""Links to records in messages: a preview without any customer's data, and details per viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import structlog

from bot.aio.clock import Clock, wait_for
from bot.errors import BotError, NotFound, SlackError, not_found_as
from bot.processes.card import SHOW, render_loaded_note, render_record_card
from bot.processes.directory import LEAD, Record
from bot.processes.query import is_key
from bot.processes.record_link import MAX_KEY_LENGTH, LinkedType, LinkReader, RecordLink
from bot.processes.search import RecordSearch, RecordType
from bot.settings.settings import DASHBOARD_URL
from bot.slack import blocks
from bot.slack.blocks import bold, lines, markup
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.command import EventRequest
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import EntityDetails, LinkPreview, NoReply, PresentDetails, Unfurl
from bot.slack.commands.tokens import Link, Token
from bot.slack.work_objects import PRODUCT_NAME, EntityAction, build_payload

MAX_LINKS: Final = 20
"""Links of one message that are read."""
TYPES_TIMEOUT_SECONDS: Final = 3.0
DETAILS_TIMEOUT_SECONDS: Final = 2.0
"""Seconds: Slack waits 3 for the details, counted from the click."""
COMPOSER: Final = "composer"
"""``source`` of a link in a message that is still being written."""
OPEN_LABEL: Final = "Open card"
GONE_HINT: Final = "It may have been deleted, or several may have this key."
EXPECTED_CODES: Final = frozenset({"cannot_find_message", "cannot_unfurl_message"})
"""The message was deleted, or the link was edited out of it."""
DEFAULT_TYPES: Final = (LinkedType(LEAD, "Lead", f"{LEAD}_id"),)
"""Used while Chakra's configuration can't be loaded."""


class LinkPreviews:
    """``may_unfurl`` returns whether the app has the optional scope."""

    def __init__(
        self,
        records: RecordSearch,
        clock: Clock,
        *,
        app_url: str,
        may_unfurl: Callable[[], bool],
    ) -> None:
        self._records = records
        self._clock = clock
        self._reader = LinkReader(app_url)
        self._may_unfurl = may_unfurl
        self._logged_codes: set[str] = set()
        self._log = structlog.get_logger("links")

    async def unfurl(self, request: EventRequest) -> Unfurl | NoReply:
        """Return the previews of a message's links to records, without reading the records."""
        target = _build_target(request.body)
        urls = [url for url in _list_links(request.body) if self._reader.is_ours(url)]
        if not target or not urls or not self._may_unfurl():
            return NoReply()
        types = await self._list_types()
        links: dict[str, tuple[str, RecordLink]] = {}
        for url in urls:
            link = self._reader.read(url, types)
            if link is not None:
                links.setdefault(link.reference.casefold(), (url, link))
        previews = tuple(_render_preview(url, link) for url, link in links.values())
        return Unfurl(target, previews, self._log_refused) if previews else NoReply()

    async def present(self, request: EventRequest) -> PresentDetails | NoReply:
        """Return the details for the person who opened the pane.

        Raise ``NotAllowed`` if they may not look, ``NotFound`` if Chakra has no such record, and
        ``TimeoutError``.
        """
        if request.delayed:
            return NoReply()  # the pane has given up
        request.access.authorize(Permission.LOOK)
        load = self._load(request.body)
        record, record_type = await wait_for(self._clock, load, DETAILS_TIMEOUT_SECONDS)
        card = render_record_card(
            record,
            record_type,
            may_send=request.access.allows(Permission.SEND),
            may_edit=request.access.allows(Permission.EDIT),
            note=render_loaded_note(request.now),
        )
        return PresentDetails(card.details) if card.details else NoReply()

    def find_typed(self, tokens: Sequence[Token], types: Sequence[RecordType]) -> RecordLink | None:
        """Return the record of a typed line that is only a link to it."""
        url = _find_only_url(tokens)
        return (
            self._reader.read(url, [_build_linked_type(found) for found in types]) if url else None
        )

    def name_records(self, tokens: Sequence[Token], types: Sequence[RecordType]) -> list[Token]:
        """Return a line with links to records replaced by their keys."""
        found = [(token, self.find_typed([token], types)) for token in tokens]
        return [Token(link.key) if link and is_key(link.key) else token for token, link in found]

    async def _load(self, body: Mapping[str, Any]) -> tuple[Record, RecordType]:
        types = await self._records.list_types()
        link = self._find_link(body, [_build_linked_type(found) for found in types])
        if link is None:
            raise NotFound("record", "", hint="This link doesn't lead to a record.")
        with not_found_as(link.type.label.lower(), link.key, hint=GONE_HINT):
            record, record_type = await self._records.load(link.reference)
        if record.process.is_deleted:
            raise NotFound(link.type.label.lower(), link.key, hint=GONE_HINT)
        return record, record_type

    def _find_link(self, body: Mapping[str, Any], types: Sequence[LinkedType]) -> RecordLink | None:
        """Return the record that Slack asks for: by our reference, else by its address."""
        ref = body.get("external_ref")
        if isinstance(ref, Mapping):
            name, key = ref.get("type"), ref.get("id")
            known = next((linked for linked in types if linked.name == name), None)
            if known and isinstance(key, str) and 0 < len(key) <= MAX_KEY_LENGTH:
                return RecordLink(known, key)
        urls = (body.get(key) for key in ("entity_url", "app_unfurl_url"))
        found = (self._reader.read(url, types) for url in urls if isinstance(url, str))
        return next(filter(None, found), None)

    async def _list_types(self) -> Sequence[LinkedType]:
        try:
            load = self._records.list_types()
            types = await wait_for(self._clock, load, TYPES_TIMEOUT_SECONDS)
        except (TimeoutError, BotError):
            return DEFAULT_TYPES
        return [_build_linked_type(found) for found in types]

    def _log_refused(self, error: SlackError) -> None:
        """Log each reason once: it concerns every link."""
        if error.code in EXPECTED_CODES or error.code in self._logged_codes:
            self._log.debug("link_preview_refused", code=error.code)
            return
        self._logged_codes.add(error.code)
        self._log.warning("link_preview_refused", code=error.code)


def has_links(body: Mapping[str, Any]) -> bool:
    """Return whether an event has a link."""
    return bool(_list_links(body))


def is_lead_link(arguments: Arguments) -> bool:
    """Return whether a line without a command is only a link to a lead."""
    url = _find_only_url(arguments.tokens)
    return bool(url) and LinkReader(DASHBOARD_URL).read(url, DEFAULT_TYPES) is not None


def _find_only_url(tokens: Sequence[Token]) -> str:
    """Return the address if the line has nothing else, or ""."""
    if len(tokens) != 1:
        return ""
    return tokens[0].url if isinstance(tokens[0], Link) else tokens[0].text


def _build_linked_type(found: RecordType) -> LinkedType:
    return LinkedType(found.name, found.label, found.key_field)


def _list_links(body: Mapping[str, Any]) -> list[str]:
    """Return the addresses as Slack wrote them, each once."""
    links = body.get("links")
    found: Iterable[Any] = links if isinstance(links, list) else ()
    urls = (link.get("url") for link in found if isinstance(link, Mapping))
    return list(dict.fromkeys(url for url in urls if isinstance(url, str) and url))[:MAX_LINKS]


def _build_target(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the arguments that identify the message for chat.unfurl; none if the event lacks them.

    A message that is being written has no channel yet; in an Enterprise organization there is no
    ``unfurl_id``. docs.slack.dev/reference/events/link_shared
    """
    named = {key: str(body[key]) for key in _TARGET_KEYS if isinstance(body.get(key), str)}
    by_id = {key: named.get(key, "") for key in ("unfurl_id", "source")}
    by_ts = {"channel": named.get("channel", ""), "ts": named.get("message_ts", "")}
    ways = (by_id, by_ts) if named.get("source") == COMPOSER else (by_ts, by_id)
    return next((way for way in ways if all(way.values())), {})


_TARGET_KEYS = ("unfurl_id", "source", "channel", "message_ts")


def _render_preview(url: str, link: RecordLink) -> LinkPreview:
    """Return what everyone in the conversation may read: which record it is, and no data."""
    title = link.public_title
    payload = build_payload(
        title=title,
        display_type=link.type.label,
        actions=[EntityAction(OPEN_LABEL, SHOW, link.reference)],
    )
    button = blocks.button(OPEN_LABEL, SHOW, link.reference)
    text = lines([bold(title), markup(PRODUCT_NAME, " · only you see the card that you open")])
    return LinkPreview(
        url,
        EntityDetails({"id": link.key, "type": link.type.name}, payload),
        (blocks.section(text, accessory=button),),
    )
