"""chat.unfurl and entity.presentDetails: previews of links, and the pane beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.sandbox.slack.blocks import to_stored_blocks
from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.limits.entities import MAX_PREVIEW_BYTES, check_entity, measure_size
from bot.sandbox.slack.link_previews import SharedLinks
from bot.sandbox.slack.methods.call import Json, Method, MethodCall
from bot.sandbox.slack.rate_limiter import TIERS
from bot.sandbox.slack.seed import APP_BOT, APP_ID

SOURCES = ("composer", "conversations_history")
ERROR_STATUSES = (
    "restricted",
    "internal_error",
    "not_found",
    "custom",
    "custom_partial_view",
    "timeout",
    "edit_error",
)
"""docs.slack.dev/reference/methods/entity.presentDetails"""


def unfurl(call: MethodCall) -> Json:
    """Attach previews to a message or a draft; called again, it changes them.

    docs.slack.dev/reference/methods/chat.unfurl. Slack may refuse links whose event isn't
    acknowledged yet; here only those whose acknowledgment failed, and others on demand (``fail``).
    """
    shared = _find_shared(call)
    if not shared.is_acknowledged:
        raise WebApiError("cannot_unfurl_url")
    unfurls, entities = call.args.get("unfurls"), _read_entities(call)
    if unfurls is None and not entities:
        raise WebApiError("missing_unfurls")
    if unfurls is not None and not isinstance(unfurls, Mapping):
        raise WebApiError("invalid_unfurls_format")
    attachments = {
        url: _build_blocks_attachment(call, url, given) for url, given in (unfurls or {}).items()
    }
    if call.workspace.previews.work_objects_enabled:
        attachments |= {str(e["app_unfurl_url"]): _build_entity_attachment(e) for e in entities}
    elif entities and not attachments:
        return {}  # without the switch in the app's settings the metadata is ignored (INFERRED)
    for url in (*attachments, *(str(entity["app_unfurl_url"]) for entity in entities)):
        if url not in shared.urls:
            raise call.workspace.validator.record_rejection(
                call.name, "cannot_unfurl_message", dict(call.args)
            )
    _attach(call, shared, list(attachments.values()))
    return {}


def _find_shared(call: MethodCall) -> SharedLinks:
    """Return the links of the message or draft that the arguments name."""
    if call.args.get("unfurl_id") or call.args.get("source"):
        return _find_by_unfurl_id(call)
    _require(call, "channel", "ts")
    channel, ts = str(call.args["channel"]), str(call.args["ts"])
    if channel != "COMPOSER":
        if channel not in call.workspace.channels:
            raise WebApiError("cannot_find_channel")
        if call.workspace.messages.find_public(channel, ts) is None:
            raise WebApiError("cannot_find_message")
    found = call.workspace.previews.find_by_ts(channel, ts)
    if found is None:
        raise WebApiError("cannot_unfurl_url")
    return found


def _find_by_unfurl_id(call: MethodCall) -> SharedLinks:
    _require(call, "unfurl_id", "source")
    source = call.args["source"]
    if source not in SOURCES:
        raise WebApiError("invalid_source")
    found = call.workspace.previews.find(str(call.args["unfurl_id"]))
    if found is None or bool(found.channel) != (source == SOURCES[1]):
        raise WebApiError("invalid_unfurl_id")
    return found


def _require(call: MethodCall, *names: str) -> None:
    for name in names:
        if not call.args.get(name):
            raise WebApiError(f"missing_{name}")


def _read_entities(call: MethodCall) -> list[Json]:
    metadata = call.args.get("metadata")
    if metadata is None:
        return []
    entities = metadata.get("entities") if isinstance(metadata, Mapping) else None
    if not isinstance(entities, list) or not all(isinstance(e, dict) for e in entities):
        raise _refuse(call, "invalid_metadata_format")
    faults = [fault for entity in entities for fault in check_entity(entity, in_message=True)]
    if faults or measure_size(metadata) > MAX_PREVIEW_BYTES:
        raise _refuse(call, "error_processing_metadata")
    return entities


def _build_blocks_attachment(call: MethodCall, url: str, given: object) -> Json:
    if not isinstance(given, Mapping):
        raise WebApiError("invalid_unfurls_format")
    blocks = given.get("blocks")
    if not isinstance(blocks, list) or not blocks:
        raise _refuse(call, "cannot_parse_attachment")
    call.workspace.validator.validate_message(call.name, {"text": url, "blocks": blocks})
    stored = to_stored_blocks(blocks, call.workspace.ids.generate_block_id)
    return {**_build_attachment_head(url), "blocks": stored}


def _build_entity_attachment(entity: Json) -> Json:
    """Return the attachment of a Work Object. The entity itself in it is our addition."""
    url = str(entity["app_unfurl_url"])
    title = entity["entity_payload"]["attributes"]["title"]["text"]
    return {**_build_attachment_head(url), "title": title, "fallback": title, "entity": entity}


def _build_attachment_head(url: str) -> Json:
    return {
        "app_id": APP_ID,
        "bot_id": APP_BOT,
        "app_unfurl_url": url,
        "is_app_unfurl": True,
        "from_url": url,
    }


def _attach(call: MethodCall, shared: SharedLinks, attachments: Sequence[Json]) -> None:
    """Attach the previews, in place of earlier ones of the same links."""
    if not shared.channel:
        call.workspace.previews.preview_draft(shared, attachments)
        call.workspace.feed.publish([shared.person], "draft", list(attachments))
        return
    message = call.workspace.messages.find_public(shared.channel, shared.ts)
    if message is None:
        raise WebApiError("cannot_find_message")
    urls = {attachment["app_unfurl_url"] for attachment in attachments}
    before = message.content.attachments or []
    kept = [each for each in before if each.get("app_unfurl_url") not in urls]
    numbered = [{**each, "id": number} for number, each in enumerate([*kept, *attachments], 1)]
    if numbered != before:
        content = replace(message.content, attachments=numbered)
        call.workspace.messages.replace(message, content)


def present_details(call: MethodCall) -> Json:
    """Fill the pane that the trigger is for. Docs: one code for every invalid trigger."""
    trigger_id = call.require_text("trigger_id")
    pane = call.workspace.previews.get_pane_by_trigger(trigger_id)
    try:
        trigger = call.workspace.triggers.check(trigger_id)
    except WebApiError:
        raise WebApiError("invalid_trigger_id") from None
    entity, error = call.args.get("metadata"), call.args.get("error")
    if entity is not None:
        _check_details(call, entity, pane.external_ref)
    elif not isinstance(error, Mapping) or error.get("status") not in ERROR_STATUSES:
        raise _refuse(call, "invalid_arguments")
    call.workspace.triggers.mark_used(trigger)
    filled = call.workspace.previews.fill(
        pane, entity=entity, error=None if entity is not None else dict(error or {})
    )
    call.workspace.feed.publish([pane.person], "pane", filled.to_json())
    return {}


def _check_details(call: MethodCall, entity: Any, external_ref: Json | None) -> None:
    if not isinstance(entity, dict) or check_entity(entity, in_message=False):
        raise _refuse(call, "invalid_metadata")
    if external_ref is not None and entity["external_ref"] != external_ref:
        raise _refuse(call, "entity_metadata_does_not_match_trigger")


def _refuse(call: MethodCall, code: str) -> WebApiError:
    return call.workspace.validator.record_rejection(call.name, code, dict(call.args))


METHODS = (
    Method("chat.unfurl", unfurl, TIERS[3], "links:write"),
    Method("entity.presentDetails", present_details, TIERS[3]),
)
