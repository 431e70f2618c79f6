"""The forms that upload a photo: its file and record, then what will be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from bot.media.photos import LoadedPhoto
from bot.media.picture import FILE_TYPES, FORMATS, MAX_PHOTO_BYTES, format_size
from bot.processes.directory import Record
from bot.processes.photo_fields import (
    SHOW_PHOTO,
    list_photo_ids,
    record_photos,
    render_photo_buttons,
)
from bot.processes.record_query import QueryField
from bot.processes.record_title import render_record_title
from bot.processes.search import RecordType
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.button_state import ButtonState
from bot.slack.commands.command import UploadedFile
from bot.slack.commands.reply import Block, Choice, Message, OpenForm, View

FILE_FORM: Final = "photo.file"
CHECK_FORM: Final = "photo.save"
RETRY: Final = "photo.retry"
FILE_FIELD, RECORD_FIELD, ATTRIBUTE_FIELD = "file", "record", "attribute"
EXAMPLE: Final = "/chakra photo LEAD-004038"
SHOW_RECORD: Final = "process.show"
MAX_FILES: Final = 20
_TITLE: Final = "Upload a photo"


class PhotoUpload(ButtonState):
    """A photo to upload again, or to set in its record again.

    ``is_stored``: it is in Chakra, and only the record lacks it.
    """

    command: ClassVar[str] = "/chakra photo"

    file_id: str
    photo_id: UUID
    record: str = ""
    attribute: str = ""
    is_stored: bool = False


def render_file_form(
    *, record: Record | None = None, files: Sequence[UploadedFile] = (), note: str = ""
) -> OpenForm:
    """Return the choice of a file, among those of a message if it has any, and of a record."""
    content: list[Block] = [blocks.section(note)] if note else []
    if files:
        choices = [
            Choice(file.name or f"Photo {number}", file.id)
            for number, file in enumerate(files[:MAX_FILES], 1)
        ]
        content.append(
            blocks.select_field(
                FILE_FIELD,
                "Photo",
                action="photo.message_file",
                placeholder="Choose",
                choices=choices,
                initial=choices[0].value,
            )
        )
    else:
        content.append(
            blocks.file_field(
                FILE_FIELD,
                "Photo",
                action="photo.upload",
                filetypes=FILE_TYPES,
                hint=f"{FORMATS}, up to {format_size(MAX_PHOTO_BYTES)}.",
            )
        )
    if record is None:
        content.append(
            blocks.text_field(
                RECORD_FIELD,
                "Lead or other record",
                action="photo.record",
                placeholder="lead LEAD-004038",
                hint="Leave it empty to upload the photo on its own.",
                optional=True,
                max_length=200,
            )
        )
    else:
        content.append(blocks.section(markup("For the record ", render_record_title(record), ".")))
    content.append(blocks.context("You'll see what is uploaded before anything is sent."))
    view = blocks.form_modal(FILE_FORM, _TITLE, "Continue", content)
    return OpenForm(view, {"record": record.handle} if record else {})


def render_check_view(
    photo: LoadedPhoto,
    record: Record | None,
    record_type: RecordType | None,
    *,
    attribute: str = "",
    warning: str = "",
) -> View:
    """Return what will be uploaded, and where it goes."""
    fields = record_type.photo_attributes if record_type else ()
    content: list[Block] = []
    if warning:
        content.append(blocks.section(markup(Markup(":warning: "), warning)))
    content.append(blocks.section(lines([bold(photo.name), photo.picture.describe()])))
    if record is None:
        content.append(blocks.section("It goes to Chakra, without a record."))
        return blocks.form_modal(CHECK_FORM, _TITLE, "Upload", content)
    place = markup("It goes to Chakra, and to the record ", render_record_title(record), ".")
    content.append(blocks.section(place))
    if len(fields) > 1:
        content.append(
            blocks.select_field(
                ATTRIBUTE_FIELD,
                "Field",
                action="photo.attribute",
                placeholder="Choose",
                choices=[Choice(known.label, known.name) for known in fields],
                initial=attribute or _find_first_empty(record, fields),
            )
        )
    replaced = [
        known.label for known in fields if list_photo_ids(record.process.attributes.get(known.name))
    ]
    if replaced:
        listed = ", ".join(replaced)
        content.append(blocks.context(f"This replaces the current photo: {listed}."))
    return blocks.form_modal(CHECK_FORM, _TITLE, "Upload", content)


def _find_first_empty(record: Record, fields: Sequence[QueryField]) -> str:
    values = record.process.attributes
    empty = (known.name for known in fields if not list_photo_ids(values.get(known.name)))
    return next(empty, fields[0].name)


def render_uploaded(photo_id: str, record: Record | None = None, label: str = "") -> Message:
    """Return the result of an upload: the photo's ID, and its record."""
    place = markup(" and in ", bold(label), " of ", bold(record.key)) if record else Markup("")
    text = markup("The photo is in Chakra", place, ". Its ID: ", code(photo_id))
    buttons = [blocks.button("Show photo", SHOW_PHOTO, photo_id)]
    if record:
        buttons.append(blocks.button("Show record", SHOW_RECORD, record.handle))
    return Message(text, (blocks.section(text), blocks.actions(*buttons)))


def render_unknown(upload: PhotoUpload) -> Message:
    """Return the message about an upload without a response: a retry is safe."""
    text = markup(
        Markup(":warning: "),
        bold("We don't know whether Chakra has the photo."),
        " Chakra didn't answer. Try again: the photo has the same ID each time, so it can't be "
        "there twice.",
    )
    return Message(text, (blocks.section(text), _retry(upload)))


def render_uncertain() -> Message:
    """Return the message about an upload without a response that a retry could duplicate."""
    text = markup(
        Markup(":warning: "),
        bold("We don't know whether Chakra has the photo."),
        " Chakra didn't answer. Look in Chakra before you upload it again: it could be there "
        "twice.",
    )
    return blocks.text_message(text)


def render_record_problem(upload: PhotoUpload, reason: str) -> Message:
    """Return the message about a stored photo that its record may lack."""
    text = markup(
        Markup(":warning: "),
        bold(f"The photo is in Chakra, but {reason}"),
        " Its ID: ",
        code(str(upload.photo_id)),
    )
    show = blocks.button("Show record", SHOW_RECORD, upload.record)
    return Message(text, (blocks.section(text), _retry(upload, show)))


def _retry(upload: PhotoUpload, *more: Block) -> Block:
    return blocks.actions(blocks.button("Try again", RETRY, upload.to_value()), *more)


def render_photos(record: Record, record_type: RecordType, *, may_edit: bool) -> Message:
    """Return the photos of a record, as buttons."""
    title = render_record_title(record)
    if not record_type.photo_attributes:
        note = f"{record_type.plural} have no field for photos in Chakra."
    elif not record_photos(record, record_type):
        note = "It has no photo yet."
    else:
        note = ""
    text = lines([title, note]) if note else title
    buttons = render_photo_buttons(record, record_type, may_edit=may_edit)
    return Message(text, (blocks.section(text), *buttons))


def find_pictures(
    message: Mapping[str, Any], tables: Sequence[UploadedFile]
) -> tuple[UploadedFile, ...]:
    """Return the pictures of a message and of those that it forwards, by type or name.

    ``tables`` are its files that may be tables, as the payload doesn't say what a file from another
    workspace is: if all of them are pictures by their names, they are returned.
    """
    if tables:
        return tuple(tables) if all(_has_picture_name(file.name) for file in tables) else ()
    attachments = message.get("attachments")
    holders = [message, *(attachments if isinstance(attachments, list) else ())]
    found: dict[str, UploadedFile] = {}
    for holder in holders:
        files = holder.get("files") if isinstance(holder, Mapping) else None
        for file in files if isinstance(files, list) else ():
            picture = _parse_picture(file)
            if picture is not None:
                found.setdefault(picture.id, picture)
    return tuple(found.values())


def _parse_picture(file: object) -> UploadedFile | None:
    if not isinstance(file, Mapping) or not isinstance(file.get("id"), str):
        return None
    name, mimetype = (str(file.get(key) or "") for key in ("name", "mimetype"))
    is_picture = mimetype.startswith("image/") or _has_picture_name(name)
    if file.get("mode") not in (None, "hosted") or not is_picture:
        return None
    size = file.get("size")
    return UploadedFile(file["id"], name, mimetype, size if type(size) is int else None)


def _has_picture_name(name: str) -> bool:
    return name.rpartition(".")[2].lower() in (*FILE_TYPES, "heic")
