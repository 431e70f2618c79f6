"""The photos of a record: which fields have them, and the buttons that show and add them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.chakra.fields import to_text
from bot.processes.directory import Record
from bot.processes.search import RecordType
from bot.slack import blocks
from bot.slack.commands.reply import Block

SHOW_PHOTO: Final = "photo.show"
ADD_PHOTO: Final = "photo.add"
MAX_BUTTONS: Final = 8
MAX_ID_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class RecordPhoto:
    """A photo of a record: the label of its field, and its ID."""

    label: str
    photo_id: str


def record_photos(record: Record, record_type: RecordType) -> list[RecordPhoto]:
    """Return the photos of a record, in the order of the configuration."""
    values = record.process.attributes
    return [
        RecordPhoto(known.label, photo_id)
        for known in record_type.photo_attributes
        for photo_id in list_photo_ids(values.get(known.name))
    ]


def list_photo_ids(value: Any) -> tuple[str, ...]:
    """Return the IDs in the value of a photo field.

    CONFIRMED for one ID; objects and arrays of them are INFERRED. A web address isn't an ID.
    """
    return tuple(dict.fromkeys(_iter_ids(value)))


def _iter_ids(value: Any) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _iter_ids(item)
    elif isinstance(value, Mapping):
        yield from _iter_ids(value.get("id") or value.get("photoId"))
    elif isinstance(value, str):
        text = to_text(value).strip()
        if text and "/" not in text and " " not in text and len(text) <= MAX_ID_LENGTH:
            yield text


def render_photo_buttons(record: Record, record_type: RecordType, *, may_edit: bool) -> list[Block]:
    """Return the block of buttons for the photos of a card; nothing if its type has none."""
    photos = record_photos(record, record_type)
    buttons = [
        blocks.button(f"Show {photo.label}", f"{SHOW_PHOTO}:{number}", photo.photo_id)
        for number, photo in enumerate(photos[:MAX_BUTTONS], 1)
    ]
    if may_edit and record_type.photo_attributes:
        buttons.append(blocks.button("Add photo", ADD_PHOTO, record.handle))
    return [blocks.actions(*buttons)] if buttons else []
