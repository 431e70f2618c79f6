"""Work Objects: what Slack's schema of their metadata demands.

docs.slack.dev/messaging/work-objects-implementation, "Entity payload schema"
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

ENTITY_TYPES = frozenset(
    f"slack#/entities/{name}" for name in ("file", "task", "incident", "content_item", "item")
)
MAX_PREVIEW_BYTES = 3_400
"""The metadata of one chat.unfurl: not documented, but found by programs in production."""
MAX_PRIMARY_ACTIONS, MAX_OVERFLOW_ACTIONS = 2, 5
MAX_ACTION_ID_LENGTH, MAX_VALUE_LENGTH, MAX_LABEL_LENGTH = 255, 2_000, 75
_MESSAGE_KEYS = frozenset(
    {"app_unfurl_url", "url", "external_ref", "entity_type", "entity_payload", "entity_comments"}
)
_PAYLOAD_KEYS = frozenset({"attributes", "fields", "custom_fields", "display_order", "actions"})
_ATTRIBUTE_KEYS = frozenset(
    {
        "title",
        "display_id",
        "display_type",
        "product_name",
        "product_icon",
        "full_size_preview",
        "metadata_last_modified",
    }
)
_FIELD_KEYS = frozenset({"key", "label", "type", "value", "long", "tag_color", "link", "format"})
_FIELD_VALUES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str) and bool(value),
    "integer": lambda value: type(value) is int,
    "slack#/types/timestamp": lambda value: type(value) is int and value > 0,
}
"""The types of fields that the app sends, of more: add one together with a field that has it."""
_STYLES = (None, "primary", "danger")


def check_entity(entity: Json, *, in_message: bool) -> list[str]:
    """Return what is wrong; ``in_message``: for chat.unfurl, else for entity.presentDetails."""
    return list(_find_entity_faults(entity, in_message=in_message))


def measure_size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def _find_entity_faults(entity: Json, *, in_message: bool) -> Iterator[str]:
    allowed = _MESSAGE_KEYS if in_message else _MESSAGE_KEYS - {"app_unfurl_url"}
    yield from _find_unknown(entity, allowed, "")
    if entity.get("entity_type") not in ENTITY_TYPES:
        yield "/entity_type"
    needed = ("url", "app_unfurl_url") if in_message else ()
    for key in needed:
        if not str(entity.get(key) or "").startswith(("https://", "http://")):
            yield f"/{key}"
    ref = entity.get("external_ref")
    if not isinstance(ref, dict) or not _is_text(ref.get("id")) or set(ref) - {"id", "type"}:
        yield "/external_ref"
    payload = entity.get("entity_payload")
    if not isinstance(payload, dict):
        yield "/entity_payload"
        return
    yield from _find_unknown(payload, _PAYLOAD_KEYS, "/entity_payload")
    yield from _find_attribute_faults(payload.get("attributes"))
    yield from _find_field_faults(payload.get("custom_fields", []))
    yield from _find_action_faults(payload.get("actions", {}))


def _find_attribute_faults(attributes: Any) -> Iterator[str]:
    if not isinstance(attributes, dict):
        yield "/attributes"
        return
    yield from _find_unknown(attributes, _ATTRIBUTE_KEYS, "/attributes")
    title = attributes.get("title")
    if not isinstance(title, dict) or not _is_text(title.get("text")):
        yield "/attributes/title"


def _find_field_faults(fields: Any) -> Iterator[str]:
    if not isinstance(fields, list):
        yield "/custom_fields"
        return
    keys = [field.get("key") if isinstance(field, dict) else None for field in fields]
    if len(set(keys)) != len(keys):
        yield "/custom_fields: keys are repeated"
    for field in fields:
        if not isinstance(field, dict):
            yield "/custom_fields"
            continue
        yield from _find_unknown(field, _FIELD_KEYS, "/custom_fields")
        has_value = _FIELD_VALUES.get(field.get("type", ""), lambda _: False)
        if not (_is_text(field.get("key")) and _is_text(field.get("label"))):
            yield "/custom_fields: key and label"
        if not has_value(field.get("value")):
            yield f"/custom_fields/{field.get('key')}/value"
        if "long" in field and field.get("type") != "string":
            yield f"/custom_fields/{field.get('key')}/long"


def _find_action_faults(actions: Any) -> Iterator[str]:
    if not isinstance(actions, dict):
        yield "/actions"
        return
    yield from _find_unknown(
        actions, frozenset({"primary_actions", "overflow_actions"}), "/actions"
    )
    primary, overflow = actions.get("primary_actions", []), actions.get("overflow_actions", [])
    if len(primary) > MAX_PRIMARY_ACTIONS or len(overflow) > MAX_OVERFLOW_ACTIONS:
        yield "/actions: too many"
    for action in (*primary, *overflow):
        texts = (
            (action.get("text"), MAX_LABEL_LENGTH),
            (action.get("action_id"), MAX_ACTION_ID_LENGTH),
            (action.get("value", "-"), MAX_VALUE_LENGTH),
        )
        if any(not _is_text(text) or len(text) > longest for text, longest in texts):
            yield f"/actions/{action.get('action_id')}"
        if action.get("style") not in _STYLES:
            yield f"/actions/{action.get('action_id')}/style"


def _find_unknown(value: Json, known: frozenset[str], pointer: str) -> Iterator[str]:
    for key in value.keys() - known:
        yield f"{pointer}/{key}"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
