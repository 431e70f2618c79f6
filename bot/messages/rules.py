"""What Meta asks of the values for a template, checked before anything is sent: field -> sentence.

Sources: developers.facebook.com/docs/whatsapp/business-management-api/message-templates/components
for the lengths, …/cloud-api/reference/media for the files, and the error 132018 for what a value
may not hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.chakra.outgoing import unfit
from bot.chakra.template import Template, filled
from bot.chakra.text import visible
from bot.slack.blocks import MAX_FORM_FILE_BYTES
from bot.slack.commands.command import UploadedFile
from bot.templates import variables as asked
from bot.templates.variables import Field, Kind, fields

HEADER, BODY = 60, 1024
"""Characters of the whole text with its variables filled in."""
LONGEST: Mapping[Kind, int] = {
    Kind.TEXT: BODY,
    Kind.SUFFIX: 2000,
    Kind.COUPON: 15,
    Kind.CODE: 15,
    Kind.LINK: 2000,
}
"""Characters of one value."""
MOST_DEGREES = {asked.LATITUDE: 90.0, asked.LONGITUDE: 180.0}

UNFIT: Mapping[str, str] = {
    "empty": "Fill this in: WhatsApp takes no empty variable.",
    "line break": "WhatsApp takes no line breaks here. Write it on one line.",
    "tab": "WhatsApp takes no tabs here. Use spaces.",
    "spaces": "WhatsApp takes at most four spaces in a row here.",
}
"""By the words of ``bot.chakra.outgoing.unfit``."""

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileRule:
    """``most`` in bytes; ``types`` are media types, ``endings`` those of the files' names, ``said``
    the same for people."""

    most: int
    types: frozenset[str]
    endings: tuple[str, ...]
    said: str


_OFFICE = "application/vnd.openxmlformats-officedocument."
FILES: Mapping[str, FileRule] = {
    "IMAGE": FileRule(
        5 * MEGABYTE,
        frozenset({"image/jpeg", "image/png"}),
        ("jpg", "jpeg", "png"),
        "a JPEG or PNG",
    ),
    "VIDEO": FileRule(
        16 * MEGABYTE, frozenset({"video/mp4", "video/3gpp"}), ("mp4", "3gp"), "an MP4 or 3GP"
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
                _OFFICE + "wordprocessingml.document",
                _OFFICE + "spreadsheetml.sheet",
                _OFFICE + "presentationml.presentation",
            }
        ),
        ("pdf", "txt", "doc", "docx", "xls", "xlsx", "ppt", "pptx"),
        "a PDF, text, Word, Excel or PowerPoint file",
    ),
}
"""By the header's format."""


def problems(
    template: Template, values: Mapping[str, str], files: Sequence[UploadedFile] = ()
) -> dict[str, str]:
    """Field's key -> what is wrong with its value; none where WhatsApp will take them all.

    ``file`` of the values stands for an upload: anything but "" says that there is one. ``files``
    are what was chosen there.
    """
    wanted = fields(template)
    found = {field.key: told for field in wanted if (told := _wrong(field, values))}
    if any(field.kind is Kind.FILE for field in wanted):
        if asked.MEDIA not in found:
            found |= _link_or_file(values)
        if told := upload_problem(template.media, files):
            found[asked.FILE] = told
    for part, most in (("header", HEADER), ("body", BODY)):
        found |= {key: told for key, told in _too_long(template, part, most, values) if not found}
    return found


def file_problem(media: str, content_type: str, size: int) -> str:
    """Of an upload for a header of the format ``media``; ``size`` in bytes. "" where it is fit."""
    return _of_another_type(media, content_type) or _of_another_size(media, size)


def upload_problem(media: str, files: Sequence[UploadedFile]) -> str:
    """Of what was chosen in a form, as far as the form tells; "" where nothing is wrong, or
    nothing chosen. What is larger than a form takes goes by a link."""
    if len(files) > 1:
        return "Choose one file only."
    if not files:
        return ""
    [file] = files
    if file.mimetype and (told := _of_another_type(media, file.mimetype)):
        return told
    if file.size is None:
        return ""
    if MAX_FORM_FILE_BYTES < file.size <= FILES[media].most:
        most = _written(MAX_FORM_FILE_BYTES)
        return f"This file has {_written(file.size)}; a form takes up to {most}. Give a link to it."
    return _of_another_size(media, file.size)


def _of_another_type(media: str, content_type: str) -> str:
    rule = FILES[media]
    fits = content_type.partition(";")[0].strip().lower() in rule.types
    return "" if fits else f"WhatsApp takes {rule.said} here."


def _of_another_size(media: str, size: int) -> str:
    rule = FILES[media]
    if not size:
        return "This file is empty."
    if size > rule.most:
        return (
            f"This file has {_written(size)}; WhatsApp takes up to {_written(rule.most)} here. "
            "Choose a smaller one."
        )
    return ""


def most_bytes(media: str) -> int:
    """Of an upload for a header of the format ``media``."""
    return min(FILES[media].most, MAX_FORM_FILE_BYTES)


def upload_hint(media: str) -> str:
    said = FILES[media].said
    return (
        f"{said[0].upper()}{said[1:]} of up to {_written(most_bytes(media))}. "
        "Once it is sent, anyone who has its link can open it."
    )


def _written(size: int) -> str:
    """Rounded up, so that what is too large never looks as large as what is not."""
    return f"{math.ceil(size * 10 / MEGABYTE) / 10:g} MB"


def _wrong(field: Field, values: Mapping[str, str]) -> str:
    value = values.get(field.key, "")
    if field.kind is Kind.FILE or (field.optional and not value.strip()):
        return ""
    reason = unfit(value.strip()) if visible(value) else "empty"
    if reason is not None:
        return UNFIT[reason]
    if field.kind is Kind.DEGREES:
        return _no_degrees(value, MOST_DEGREES[field.key])
    most = LONGEST[field.kind]
    if len(value.strip()) > most:
        return f"That is {len(value.strip()):,} characters; WhatsApp takes {most:,} here."
    if field.kind in (Kind.SUFFIX, Kind.LINK) and len(value.split()) > 1:
        return "There is a space in it, and a link has none."
    return _no_link(value) if field.kind is Kind.LINK else ""


def _no_degrees(value: str, most: float) -> str:
    try:
        degrees = float(value)
    except ValueError:
        return "Write it in degrees, as 12.9716."
    if not math.isfinite(degrees) or abs(degrees) > most:
        return f"This goes from -{most:g} to {most:g} degrees."
    return ""


def _no_link(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        usable = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        usable = False
    return "" if usable else "Give the whole address of the file, beginning with https://."


def _link_or_file(values: Mapping[str, str]) -> dict[str, str]:
    link, upload = values.get(asked.MEDIA, "").strip(), values.get(asked.FILE, "")
    if link and upload:
        return {asked.MEDIA: "Give a link or upload a file, not both."}
    if not link and not upload:
        return {
            asked.MEDIA: "Give the address of the file, beginning with https://, or choose a file."
        }
    return {}


def _too_long(
    template: Template, part: str, most: int, values: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Under the longest of the values that make it so. A text that is too long by itself is not
    theirs to mend."""
    component = template.header if part == "header" else template.body
    given = asked.of(template, part, values)
    if component is None or not given or template.one_time_code:
        return
    length = len(filled(component.text, {name: value.strip() for name, value in given.items()}))
    if length > most >= len(filled(component.text, dict.fromkeys(given, " "))):
        longest = max(given, key=lambda name: len(given[name]))
        said = f"With this the {part} has {length:,} characters; WhatsApp takes {most:,}."
        yield f"var_{part}_{longest}", said.replace("the header", "the heading")
