"""Read Slack's payloads: the person, the location, and what was typed, pressed or entered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

from bot.slack.commands.command import Actor, Payload, RequestChannel, UploadedFile
from bot.slack.commands.reply import View
from bot.slack.view_state import complete_state, iter_input_blocks
from bot.text.emoji import replace_emoji_names

EVENT_CALLBACK = "event_callback"
MAX_METADATA_LENGTH = 3_000
"""Characters of ``private_metadata``. docs.slack.dev/reference/views"""

PREVIEW, PANE = "message_attachment", "entity_detail"
"""``container.type`` of a button in a link's preview, and in the pane beside it."""

PRESSED_TYPES = frozenset({"button", "overflow"})
"""Elements that are pressed, as opposed to filled in."""

Shape = type | tuple[type, ...] | Mapping[str, "Shape"] | list["Shape"]

_OBJECT_OR_NULL = (dict, NoneType)
PAYLOAD_SHAPE: Mapping[str, Shape] = {
    "type": str,
    "command": str,
    "text": str,
    "user": {"id": str},
    "team": _OBJECT_OR_NULL,
    "channel": _OBJECT_OR_NULL,
    "container": _OBJECT_OR_NULL,
    "state": _OBJECT_OR_NULL,
    "message": _OBJECT_OR_NULL,
    "event": {"type": str},
    "actions": [{"action_id": str}],
    "action_id": str,
    "callback_id": str,
    "trigger_id": str,
    "view": {
        "id": str,
        "callback_id": str,
        "hash": str,
        "private_metadata": str,
        "blocks": [{"block_id": str, "element": {"type": str}}],
        "state": _OBJECT_OR_NULL,
    },
}
"""The JSON types of the fields that are read. docs.slack.dev/reference/interaction-payloads"""
REQUIRED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "block_actions": ("user", "actions"),
    "view_submission": ("user", "view"),
    "block_suggestion": ("user", "action_id"),
    "shortcut": ("user", "callback_id", "trigger_id"),
    "message_action": ("user", "callback_id", "trigger_id", "message"),
}
"""The fields without which a payload of that type is refused."""


FILES_SHAPE: Shape = [
    {
        "id": str,
        "name": (str, NoneType),
        "mimetype": (str, NoneType),
        "size": (int, NoneType),
    }
]
"""The fields that are read of a file input.
docs.slack.dev/reference/objects/file-object"""


@dataclass(frozen=True, slots=True)
class Origin:
    """The location that a form was opened from: enough to post there once it is submitted.

    ``thread_ts`` is that of the thread, "" outside of threads.
    """

    response_url: str = ""
    channel: str = ""
    thread_ts: str = ""


def is_well_formed(payload: Payload) -> bool:
    """Return whether the fields that are read have the types that Slack documents."""
    return (
        _matches_shape(payload, PAYLOAD_SHAPE)
        and all(payload.get(name) for name in REQUIRED_FIELDS.get(payload.get("type", ""), ()))
        and all(
            files is None or _matches_shape(files, FILES_SHAPE)
            for _, files in _iter_file_inputs(payload)
        )
    )


def _matches_shape(value: object, shape: Shape) -> bool:
    if isinstance(shape, Mapping):
        return isinstance(value, dict) and all(
            _matches_shape(value[name], inner) for name, inner in shape.items() if name in value
        )
    if isinstance(shape, list):
        return isinstance(value, list) and all(_matches_shape(item, shape[0]) for item in value)
    return isinstance(value, shape)


def read_actor(payload: Payload) -> Actor:
    event = _get_event(payload)
    if event is not None:
        team = event.get("user_team") or event.get("team") or payload.get("team_id") or ""
        user_id = event.get("user")
        return Actor(user_id if isinstance(user_id, str) else "", str(team))
    user = payload.get("user")
    if isinstance(user, dict):
        team = user.get("team_id") or _read_team_id(payload)
        return Actor(
            str(user.get("id", "")), str(team), str(user.get("username") or user.get("name") or "")
        )
    return Actor(
        str(payload.get("user_id", "")),
        str(payload.get("team_id", "")),
        str(payload.get("user_name", "")),
    )


def _read_team_id(payload: Payload) -> str:
    team = payload.get("team")
    return str(team.get("id", "")) if isinstance(team, dict) else ""


def _get_event(payload: Payload) -> Mapping[str, Any] | None:
    """Return the inner event of the Events API."""
    event = payload.get("event") if payload.get("type") == EVENT_CALLBACK else None
    return event if isinstance(event, dict) else None


def is_event(payload: Payload) -> bool:
    return _get_event(payload) is not None


def read_team_id(payload: Payload) -> str:
    """Return the ID of the workspace whose installation the request is for; "" if it has none.

    In a channel shared with another workspace the person may belong to that one, so the person's
    own team counts last. docs.slack.dev/apis/events-api, "authorizations"
    """
    authorizations = payload.get("authorizations")
    if isinstance(authorizations, list) and authorizations:
        first = authorizations[0]
        if isinstance(first, dict) and first.get("team_id"):
            return str(first["team_id"])
    return str(payload.get("team_id") or _read_team_id(payload) or read_actor(payload).team)


def read_request_channel(payload: Payload) -> RequestChannel:
    event = _get_event(payload)
    channel = payload.get("channel") if event is None else event.get("channel")
    if isinstance(channel, str):
        return RequestChannel(channel)
    if isinstance(channel, dict):
        return RequestChannel(str(channel.get("id", "")), str(channel.get("name", "")))
    container = payload.get("container")
    if isinstance(container, dict) and container.get("channel_id"):
        return RequestChannel(str(container["channel_id"]))
    if payload.get("channel_id"):
        return RequestChannel(str(payload["channel_id"]), str(payload.get("channel_name", "")))
    return RequestChannel(str(_read_metadata(payload).get("channel", "")))


def build_press_key(payload: Payload) -> str:
    """Return a key for this person's press of this button, the same however often they press it.

    "" for anything else, such as typing in a form.
    """
    used = _find_used_element(payload)
    if payload.get("type") != "block_actions" or used.get("type") not in PRESSED_TYPES:
        return ""
    container = payload.get("container")
    place = container if isinstance(container, dict) else {}
    return repr(
        (
            read_actor(payload).id,
            *(place.get(key) for key in ("channel_id", "message_ts", "view_id")),
            *(used.get(key) for key in ("block_id", "action_id")),
            read_element_value(used),
        )
    )


def read_entity_container(payload: Payload) -> str:
    """Return whether a button is in a link's preview or in the pane beside it; "" if in neither.

    The pane may be open outside any message, and no page says whether its payload has a view.
    docs.slack.dev/messaging/work-objects-implementation
    """
    container = payload.get("container")
    kind = container.get("type") if isinstance(container, dict) else None
    is_press = payload.get("type") == "block_actions"
    return str(kind) if is_press and kind in (PREVIEW, PANE) else ""


def build_interaction_key(payload: Payload) -> str:
    """Return a key for the form, or for the element of a message, that was used.

    A preview and its pane exist forever, so each press has a new key.
    """
    view = payload.get("view")
    if isinstance(view, dict) and not read_entity_container(payload):
        return str(view.get("id", ""))
    container = payload.get("container") or {}
    pressed = (payload.get("actions") or [{}])[0]
    parts = [container.get("channel_id"), container.get("message_ts"), pressed.get("action_id")]
    if read_entity_container(payload):
        parts.append(payload.get("trigger_id"))
    return ":".join(str(part or "") for part in parts)


def read_posted_at(payload: Payload) -> float:
    """Return when the message that was used was posted, in seconds since the epoch; else 0."""
    container = payload.get("container") or {}
    try:
        return float(container.get("message_ts") or 0.0)
    except (TypeError, ValueError):
        return 0.0


def read_state(payload: Payload) -> dict[str, str]:
    """Return the state that our form carries in ``private_metadata``."""
    state = _read_metadata(payload).get("state")
    return {str(key): str(value) for key, value in state.items()} if isinstance(state, dict) else {}


def read_origin(payload: Payload) -> Origin:
    """Return where the form was opened from, or where the command or message is."""
    if isinstance(payload.get("view"), dict):
        metadata = _read_metadata(payload)
        url, channel, thread = (str(metadata.get(key, "")) for key in ("url", "channel", "thread"))
        return Origin(url, channel, thread)
    url = str(payload.get("response_url") or "")
    return Origin(url, read_request_channel(payload).id, _read_thread_ts(payload))


def _read_thread_ts(payload: Payload) -> str:
    """Return the thread of the message that was used; "" if it is in the channel itself.

    A message with replies has a ``thread_ts`` too, its own ``ts``, and is in the channel.
    docs.slack.dev/messaging/retrieving-messages#finding_threads
    """
    for key, own in (("message", "ts"), ("container", "message_ts")):
        used = payload.get(key)
        if isinstance(used, dict) and used.get("thread_ts") not in (None, used.get(own)):
            return str(used["thread_ts"])
    return ""


def add_metadata(view: View, form_state: Mapping[str, str], opened_from: Origin) -> View:
    """Return ``view`` with its state and origin in ``private_metadata``.

    Raises ``ValueError`` if they exceed ``MAX_METADATA_LENGTH``.
    """
    metadata = {
        "state": dict(form_state),
        "url": opened_from.response_url,
        "channel": opened_from.channel,
        **({"thread": opened_from.thread_ts} if opened_from.thread_ts else {}),
    }
    text = json.dumps(metadata, separators=(",", ":"), ensure_ascii=False)
    if len(text) > MAX_METADATA_LENGTH:
        raise ValueError(f"a form's state takes {len(text)} of {MAX_METADATA_LENGTH} characters")
    return {**view, "private_metadata": text}


def _read_metadata(payload: Payload) -> dict[str, Any]:
    view = payload.get("view")
    text = view.get("private_metadata", "") if isinstance(view, dict) else ""
    try:
        metadata = json.loads(text or "{}")
    except ValueError:
        return {}
    return metadata if isinstance(metadata, dict) else {}


def read_values(payload: Payload) -> dict[str, str]:
    """Return the value of each input by its block_id, without files.

    Several chosen options are joined by commas.
    """
    return {
        block: read_element_value(next(iter(elements.values())))
        for block, elements in _iter_state_entries(payload)
    }


def read_files(payload: Payload) -> dict[str, tuple[UploadedFile, ...]]:
    """Return the chosen files by block_id. The payload must be well formed."""
    chosen = {
        block: tuple(_parse_uploaded_file(file) for file in files or () if file.get("id"))
        for block, files in _iter_file_inputs(payload)
    }
    return {block: found for block, found in chosen.items() if found}


def _parse_uploaded_file(payload: Mapping[str, Any]) -> UploadedFile:
    size = payload.get("size")
    return UploadedFile(
        id=payload["id"],
        name=payload.get("name") or "",
        mimetype=payload.get("mimetype") or "",
        size=size if type(size) is int and size >= 0 else None,
    )


def _iter_file_inputs(payload: Payload) -> Iterator[tuple[str, Any]]:
    for block, elements in _iter_state_entries(payload):
        element = next(iter(elements.values()))
        if isinstance(element, dict) and "files" in element:
            yield block, element["files"]


def list_field_ids(payload: Payload) -> frozenset[str]:
    """Return the block_ids of the form's fields: the only ones that can show an error."""
    return frozenset(block["block_id"] for block in iter_input_blocks(payload.get("view")))


def _iter_state_entries(payload: Payload) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each block_id with its elements, of which there is at least one.

    A form's fields are all there, whatever the state leaves out.
    """
    view = payload.get("view")
    holder = view if isinstance(view, dict) else payload
    state = holder.get("state")
    blocks = state.get("values") if isinstance(state, dict) else None
    entries = {
        str(block): elements
        for block, elements in (blocks if isinstance(blocks, dict) else {}).items()
        if isinstance(elements, dict) and elements
    }
    yield from complete_state(entries, view, _find_used_element(payload)).items()


def _find_used_element(payload: Payload) -> Mapping[str, Any]:
    actions = payload.get("actions")
    used = actions[0] if isinstance(actions, list) and actions else None
    return used if isinstance(used, dict) else {}


_SINGLE_VALUE_KEYS = (
    "value",
    "selected_user",
    "selected_conversation",
    "selected_channel",
    "selected_date",
    "selected_time",
    "selected_date_time",
)
TYPED_TEXT = "plain_text_input"
_MULTI_VALUE_KEYS = ("selected_users", "selected_conversations", "selected_channels")


def read_element_value(element: object) -> str:
    """Return the value of an action or of a state entry, whatever its element type is.

    Typed texts have emoji, where Slack has their names.
    """
    if not isinstance(element, dict):
        return ""
    chosen = element.get("selected_option")
    if isinstance(chosen, dict):
        return str(chosen.get("value", ""))
    several = element.get("selected_options")
    if isinstance(several, list):
        return ",".join(
            str(option.get("value", "")) for option in several if isinstance(option, dict)
        )
    for key in _MULTI_VALUE_KEYS:
        if isinstance(element.get(key), list):
            return ",".join(str(item) for item in element[key])
    value = next(
        (str(element[key]) for key in _SINGLE_VALUE_KEYS if element.get(key) is not None), ""
    )
    return replace_emoji_names(value) if element.get("type") == TYPED_TEXT else value
