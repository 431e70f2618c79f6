"""Meta's rules for the values of a template, checked before anything is sent.

Sources: developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components
for the lengths, …/cloud-api/reference/media for the files, and error 132018 for what a value
must not contain.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.chakra.outgoing import explain_invalid_value
from bot.chakra.template import Template, Variable, fill_variables
from bot.chakra.text import has_visible_text
from bot.messages.compose import DOCUMENT_EXTENSIONS, MAX_FILENAME_LENGTH
from bot.slack.blocks import MAX_FORM_FILE_BYTES, clip
from bot.slack.commands.command import UploadedFile, UploadedFiles
from bot.templates import variables as asked
from bot.templates.field_values import is_other_link, list_link_beginnings, normalize_values
from bot.templates.variables import (
    FieldKind,
    TemplateField,
    build_field_key,
    list_media_pairs,
    list_template_fields,
)

MAX_HEADER_LENGTH, MAX_BODY_LENGTH = 60, 1024
MAX_OFFER_BODY_LENGTH, MAX_CARD_BODY_LENGTH = 600, 160
"""Characters of the text with its variables filled in. Sources: …/limited-time-offer-templates and
…/media-card-carousel-templates, too.
"""
MAX_SHOWN_LINK_LENGTH = 100
"""Characters of a link in a sentence."""
MAX_VALUE_LENGTHS: Mapping[FieldKind, int] = {
    FieldKind.TEXT: MAX_BODY_LENGTH,
    FieldKind.URL_SUFFIX: 2000,
    FieldKind.COUPON: 15,
    FieldKind.CODE: 15,
    FieldKind.LINK: 2000,
    FieldKind.FILENAME: MAX_FILENAME_LENGTH,
    FieldKind.PRODUCT: 100,
}
"""Characters of one value."""
MAX_DEGREES = {asked.LATITUDE: 90.0, asked.LONGITUDE: 180.0}

INVALID_VALUE_MESSAGES: Mapping[str, str] = {
    "empty": "Fill this in: WhatsApp doesn't accept empty variables.",
    "line break": "WhatsApp doesn't accept line breaks here. Put it on one line.",
    "tab": "WhatsApp doesn't accept tabs here. Use spaces.",
    "spaces": "WhatsApp accepts at most four spaces in a row here.",
}
"""Reason of ``bot.chakra.outgoing.explain_invalid_value`` -> sentence."""

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileRule:
    """The files that a header accepts; ``description`` names them for people."""

    max_bytes: int
    media_types: frozenset[str]
    extensions: tuple[str, ...]
    description: str


_OFFICE_TYPE_PREFIX = "application/vnd.openxmlformats-officedocument."
FILE_RULES: Mapping[str, FileRule] = {
    "IMAGE": FileRule(
        5 * MEGABYTE,
        frozenset({"image/jpeg", "image/png"}),
        ("jpg", "jpeg", "png"),
        "a JPEG or PNG",
    ),
    "VIDEO": FileRule(
        16 * MEGABYTE, frozenset({"video/mp4", "video/3gpp"}), ("mp4", "3gp"), "an MP4 or 3GP"
    ),
    "AUDIO": FileRule(
        16 * MEGABYTE,
        frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
        ("aac", "amr", "mp3", "m4a", "ogg"),
        "an AAC, AMR, MP3, M4A or OGG file",
    ),
    "DOCUMENT": FileRule(
        100 * MEGABYTE,
        frozenset(
            {
                "application/pdf",
                "text/plain",
                "application/msword",
                "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint",
                _OFFICE_TYPE_PREFIX + "wordprocessingml.document",
                _OFFICE_TYPE_PREFIX + "spreadsheetml.sheet",
                _OFFICE_TYPE_PREFIX + "presentationml.presentation",
            }
        ),
        DOCUMENT_EXTENSIONS,
        "a PDF, text, Word, Excel or PowerPoint file",
    ),
}
"""Format of the header -> its rule; audio is for replies only."""


def validate_values(
    template: Template,
    values: Mapping[str, str],
    files: UploadedFiles | None = None,
    *,
    now: float = 0.0,
) -> dict[str, str]:
    """Return a sentence for each field whose value WhatsApp would refuse, by the field's key.

    A non-empty value of a file field means that ``files`` were chosen there. An offer must end
    after ``now``, in epoch seconds.
    """
    wanted = list_template_fields(template)
    typed, values = values, normalize_values(template, values)
    found = {field.key: error for field in wanted if (error := _validate_value(field, values, now))}
    found |= _find_link_end_errors(template, values, typed, found)
    for link, file, media_format in list_media_pairs(template):
        if link not in found:
            found |= _validate_media_choice(link, file, values)
        if error := validate_upload(media_format, (files or {}).get(file, ())):
            found[file] = error
    for part in _iter_text_parts(template):
        found |= {
            key: error for key, error in _find_length_errors(template, part, values) if not found
        }
    return found


def _find_link_end_errors(
    template: Template, values: Mapping[str, str], typed: Mapping[str, str], found: Collection[str]
) -> dict[str, str]:
    """Return a sentence for each end of a link that is a whole link, or only its start."""
    errors: dict[str, str] = {}
    for key, beginning in list_link_beginnings(template).items():
        only_start = not values.get(key) and has_visible_text(typed.get(key, ""))
        if only_start or (key not in found and is_other_link(values.get(key, ""), beginning)):
            start = clip(beginning, MAX_SHOWN_LINK_LENGTH)
            errors[key] = f"This link already starts with {start}. Enter only what follows."
    return errors


def validate_file(header_format: str, content_type: str, size: int) -> str:
    """Return the problem with an uploaded file of ``size`` bytes; "" if there is none."""
    return _validate_type(header_format, content_type) or _validate_size(header_format, size)


def validate_upload(header_format: str, files: Sequence[UploadedFile]) -> str:
    """Return the problem with the files chosen in a form, as far as the form shows it; or ""."""
    if len(files) > 1:
        return "Choose one file only."
    if not files:
        return ""
    [file] = files
    if file.mimetype and (error := _validate_type(header_format, file.mimetype)):
        return error
    if file.size is None:
        return ""
    if MAX_FORM_FILE_BYTES < file.size <= FILE_RULES[header_format].max_bytes:
        limit = _format_megabytes(MAX_FORM_FILE_BYTES)
        size = _format_megabytes(file.size)
        return f"This file is {size}; forms accept up to {limit}. Use a link instead."
    return _validate_size(header_format, file.size)


def _validate_type(header_format: str, content_type: str) -> str:
    rule = FILE_RULES[header_format]
    fits = content_type.partition(";")[0].strip().lower() in rule.media_types
    return "" if fits else f"WhatsApp accepts {rule.description} here."


def _validate_size(header_format: str, size: int) -> str:
    rule = FILE_RULES[header_format]
    if not size:
        return "This file is empty."
    if size > rule.max_bytes:
        return (
            f"This file is {_format_megabytes(size)}; WhatsApp accepts up to "
            f"{_format_megabytes(rule.max_bytes)} here. Choose a smaller one."
        )
    return ""


def get_max_upload_bytes(header_format: str) -> int:
    """Return the largest upload that both WhatsApp and a Slack form accept."""
    return min(FILE_RULES[header_format].max_bytes, MAX_FORM_FILE_BYTES)


def format_upload_hint(header_format: str) -> str:
    """Return the hint below the file field."""
    description = FILE_RULES[header_format].description
    return (
        f"{description[0].upper()}{description[1:]} up to "
        f"{_format_megabytes(get_max_upload_bytes(header_format))}. "
        "After sending, anyone with the link can open the file."
    )


def _format_megabytes(size: int) -> str:
    """Return megabytes, rounded up so that a file over the limit never seems to be within it."""
    return f"{math.ceil(size * 10 / MEGABYTE) / 10:g} MB"


def _validate_value(field: TemplateField, values: Mapping[str, str], now: float) -> str:
    value = values.get(field.key, "")
    if field.kind is FieldKind.MOMENT:
        return _validate_moment(value, now)
    if field.kind is FieldKind.FILE or (field.optional and not value.strip()):
        return ""
    reason = explain_invalid_value(value.strip()) if has_visible_text(value) else "empty"
    if reason is not None:
        return INVALID_VALUE_MESSAGES[reason]
    if field.kind is FieldKind.FILENAME and "/" in value.replace("\\", "/"):
        return "A file name can't contain slashes."
    if field.kind is FieldKind.COORDINATE:
        return _validate_coordinate(value, MAX_DEGREES[field.key])
    max_length = MAX_VALUE_LENGTHS[field.kind]
    if len(value.strip()) > max_length:
        return f"This has {len(value.strip()):,} characters; WhatsApp accepts {max_length:,} here."
    if field.kind in (FieldKind.URL_SUFFIX, FieldKind.LINK) and len(value.split()) > 1:
        return "Links can't contain spaces."
    return _validate_url(value) if field.kind is FieldKind.LINK else ""


def _validate_coordinate(value: str, max_degrees: float) -> str:
    try:
        degrees = float(value)
    except ValueError:
        return "Enter degrees, like 12.9716."
    if not math.isfinite(degrees) or abs(degrees) > max_degrees:
        return f"Must be between -{max_degrees:g} and {max_degrees:g} degrees."
    return ""


def _validate_moment(value: str, now: float) -> str:
    if not (value.isascii() and value.isdecimal()):
        return "Choose a date and time."
    return "" if int(value) > now else "This is in the past. Choose a later date and time."


def _validate_url(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        usable = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        usable = False
    return "" if usable else "Enter the full link, starting with https://."


def _validate_media_choice(
    link_key: str, file_key: str, values: Mapping[str, str]
) -> dict[str, str]:
    link, upload = values.get(link_key, "").strip(), values.get(file_key, "")
    if link and upload:
        return {link_key: "Enter a link or upload a file, not both."}
    if not link and not upload:
        return {link_key: "Enter a link starting with https://, or choose a file."}
    return {}


@dataclass(frozen=True, slots=True)
class _TextPart:
    """A text whose length counts with its variables filled in; ``card`` is that of a carousel."""

    component: str
    text: str
    max_length: int
    card: int | None = None


def _iter_text_parts(template: Template) -> Iterator[_TextPart]:
    if template.is_one_time_code:
        return
    if template.header is not None:
        yield _TextPart("header", template.header.text, MAX_HEADER_LENGTH)
    if template.body is not None:
        most = MAX_OFFER_BODY_LENGTH if template.offer is not None else MAX_BODY_LENGTH
        yield _TextPart("body", template.body.text, most)
    for number, card in enumerate(template.cards):
        if card.body is not None:
            yield _TextPart("body", card.body.text, MAX_CARD_BODY_LENGTH, number)


def _find_length_errors(
    template: Template, part: _TextPart, values: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the error under the longest value, if the values make the text too long."""
    given = asked.get_component_values(template, part.component, values, part.card)
    if not given:
        return
    length = len(fill_variables(part.text, {name: value.strip() for name, value in given.items()}))
    if length > part.max_length >= len(fill_variables(part.text, dict.fromkeys(given, " "))):
        longest = max(given, key=lambda name: len(given[name]))
        place = part.component if part.card is None else "card"
        yield (
            build_field_key(Variable(part.component, longest, card=part.card)),
            f"This makes the {place} {length:,} characters; WhatsApp accepts {part.max_length:,}.",
        )
