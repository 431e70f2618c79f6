"""Attach previews to links, and fill the pane beside them, as far as Slack allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from bot.aio.clock import Clock, sleep
from bot.errors import SlackError
from bot.slack.commands.reply import EntityDetails, LinkPreview
from bot.slack.work_objects import MAX_PREVIEW_BYTES, build_entity, measure_json, shorten

UNFURL_METHOD: Final = "chat.unfurl"
DETAILS_METHOD: Final = "entity.presentDetails"
NOT_ACKNOWLEDGED_CODE: Final = "cannot_unfurl_url"
"""The link's event may not be acknowledged yet: our ack and the call travel separately.
docs.slack.dev/reference/methods/chat.unfurl"""
RETRY_SECONDS: Final = 1.0
WITHOUT_ENTITIES_CODES: Final = frozenset({"feature_not_enabled", "invalid_arguments"})
"""Besides every code about metadata: Slack accepts no Work Objects from this app."""
MAX_DETAILS_BYTES: Final = 12_000
"""Slack documents no limit for details; metadata of a message may have 16,000 characters."""

Call = Callable[..., Awaitable[dict[str, Any]]]
"""``SlackClient.call``."""


class WorkObjects:
    """Its methods raise ``SlackError``."""

    def __init__(self, call: Call, clock: Clock) -> None:
        self._call = call
        self._clock = clock

    async def unfurl(self, target: Mapping[str, str], previews: Sequence[LinkPreview]) -> None:
        """Attach the previews: as Work Objects, or as blocks if Slack takes none.

        Both are in one call, since a Slack without Work Objects may ignore them silently. A repeat
        changes the same previews and adds none.
        """
        unfurls = {preview.url: {"blocks": list(preview.blocks)} for preview in previews}
        try:
            await self._unfurl(target, unfurls, _list_entities(previews))
        except SlackError as refused:
            if not _is_about_entities(refused):
                raise
            await self._unfurl(target, unfurls, ())

    async def _unfurl(
        self, target: Mapping[str, str], unfurls: Mapping[str, Any], entities: Sequence[Any]
    ) -> None:
        metadata = {"metadata": {"entities": list(entities)}} if entities else {}
        arguments = {**target, "unfurls": dict(unfurls), **metadata}
        try:
            await self._call(UNFURL_METHOD, **arguments)
        except SlackError as refused:
            if refused.code != NOT_ACKNOWLEDGED_CODE:
                raise
            await sleep(self._clock, RETRY_SECONDS)
            await self._call(UNFURL_METHOD, **arguments)

    async def present(
        self,
        trigger_id: str,
        details: EntityDetails,
        *,
        url: str = "",
        external_ref: Mapping[str, Any] | None = None,
    ) -> None:
        """Fill the pane; with fewer fields if Slack refuses all of them."""
        for max_bytes in (MAX_DETAILS_BYTES, MAX_PREVIEW_BYTES):
            entity = build_entity(shorten(details, max_bytes), url, external_ref)
            try:
                await self._call(DETAILS_METHOD, trigger_id=trigger_id, metadata=entity)
            except SlackError as refused:
                if max_bytes == MAX_PREVIEW_BYTES or not _is_about_entities(refused):
                    raise
            else:
                return

    async def present_error(
        self, trigger_id: str, status: str, *, title: str, sentence: str
    ) -> None:
        """Show in the pane why it is empty; ``status`` is Slack's code for it."""
        error = {"status": status, "custom_title": title, "custom_message": sentence}
        await self._call(DETAILS_METHOD, trigger_id=trigger_id, error=error)


def _list_entities(previews: Sequence[LinkPreview]) -> list[dict[str, Any]]:
    """Return the Work Objects for as many links as one call may have; the others get blocks."""
    entities: list[dict[str, Any]] = []
    for preview in previews:
        entity = build_entity(preview.details, preview.url)
        entities.append({"app_unfurl_url": preview.url, **entity})
        if measure_json({"entities": entities}) > MAX_PREVIEW_BYTES:
            return entities[:-1]
    return entities


def _is_about_entities(error: SlackError) -> bool:
    return "metadata" in error.code or error.code in WITHOUT_ENTITIES_CODES
