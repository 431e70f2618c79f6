"""``/chakra photo``: show a photo from Chakra, or upload one, for a record or on its own."""

from __future__ import annotations

from itertools import dropwhile
from typing import Final
from uuid import UUID

from bot.chakra.models import is_uuid
from bot.context import Context
from bot.errors import (
    ChakraError,
    InvalidFile,
    NotFound,
    OutcomeUnknown,
    Rejected,
    UsageError,
)
from bot.media import photo_form as forms
from bot.media.photo_form import EXAMPLE, PhotoUpload
from bot.media.photos import LoadedPhoto, SecondPhotoPossible, build_photo_id
from bot.processes import editor
from bot.processes.directory import Record
from bot.processes.photo_fields import ADD_PHOTO, SHOW_PHOTO, record_photos
from bot.processes.search import RecordType
from bot.processes.typed_line import read_line
from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    SubmitRequest,
    UploadedFile,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import (
    CloseForm,
    FieldErrors,
    Message,
    OpenForm,
    Reply,
    UpdateForm,
)
from bot.slack.commands.tokens import Mention, Token
from bot.writes.ledger import DuplicateWrite, WriteIntent
from bot.writes.notices import ask_again, read_confirmed_id

UPLOAD_WORDS: Final = frozenset({"upload", "add", "new", "send", "attach"})
FILLERS: Final = frozenset(
    {"show", "get", "view", "open", "me", "of", "for", "to", "the", "a", "photo", "photos"}
)
"""Words before an ID or a record that don't matter."""
SHARE_WORDS: Final = frozenset({"share", "here", "public"})
NOT_SHARED: Final = "A photo is shown only to you. Share it from your DM with Chakra."
MAX_NAMED: Final = 5


async def run(request: CommandRequest, context: Context) -> Reply:
    """Show a photo by its ID, or those of a record; else open the form."""
    tokens = request.arguments.tokens
    first = tokens[0].text.casefold() if tokens else ""
    if not tokens or first in UPLOAD_WORDS:
        request.access.authorize(Permission.EDIT)
        named = _remove_fillers(tokens[1:])
        found = await _find_record(context, named) if named else None
        return forms.render_file_form(record=found[0] if found else None)
    rest = _remove_fillers(tokens) or tokens
    if rest[-1].text.casefold() in SHARE_WORDS:
        raise UsageError(NOT_SHARED, example=EXAMPLE)
    if isinstance(rest[0], Mention) or rest[0].text.casefold() in ("me", "my"):
        raise UsageError("A colleague's picture is on their card.", example="/chakra user me")
    if len(rest) == 1 and is_uuid(rest[0].text):
        return await context.photos.show(rest[0].text, request.actor.id)
    record, record_type = await _find_record(context, rest)
    photos = record_photos(record, record_type)
    if len(photos) == 1:
        return await context.photos.show(photos[0].photo_id, request.actor.id)
    may_edit = request.access.allows(Permission.EDIT)
    return forms.render_photos(record, record_type, may_edit=may_edit)


def _remove_fillers(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    return tuple(dropwhile(lambda token: token.text.casefold() in FILLERS, tokens))


async def _find_record(context: Context, tokens: tuple[Token, ...]) -> tuple[Record, RecordType]:
    """Return the one record that a line names. Raise ``UsageError``, ``NotFound``."""
    line = read_line(tokens, await context.records.list_types())
    typed = " ".join(token.text for token in line.tokens)
    if not typed:
        raise UsageError("Which record? Add its key.", example=EXAMPLE)
    named = line.record_type.name if len(line.tokens) < len(tokens) else ""
    found = await context.records.find(typed, named)
    if not found:
        raise NotFound(line.record_type.name, typed)
    if len(found) > 1:
        keys = ", ".join(record.key for record in found[:MAX_NAMED])
        raise UsageError(f'Several records match "{typed}": {keys}.', example=EXAMPLE)
    return await context.records.load(found[0].handle)


async def show(request: ActionRequest, context: Context) -> Message:
    return await context.photos.show(request.value, request.actor.id)


# --- uploading -----------------------------------------------------------------------------------


async def add(request: ActionRequest, context: Context) -> OpenForm:
    """Open the form for the record of a card."""
    record, _ = await context.records.load(request.value)
    return forms.render_file_form(record=record)


async def check(request: SubmitRequest, context: Context) -> Reply:
    """Check the file and the record, and show what would be uploaded."""
    files = request.files.get(forms.FILE_FIELD, ())
    message_file = request.values.get(forms.FILE_FIELD, "")
    if not files and not message_file:
        return FieldErrors({forms.FILE_FIELD: "Choose a photo."})
    file = files[0] if files else UploadedFile(message_file)
    typed = request.values.get(forms.RECORD_FIELD, "").strip()
    record, record_type = await _load_record(context, request.state.get("record", ""))
    if typed and record is None:
        try:
            record, record_type = await _find_record(context, parse_arguments(typed).tokens)
        except UsageError as error:
            return FieldErrors({forms.RECORD_FIELD: error.message})
        except NotFound:
            sentence = f'There\'s no record "{typed}". Use its type and key: lead LEAD-004038.'
            return FieldErrors({forms.RECORD_FIELD: sentence})
        if not record_type.photo_attributes:
            sentence = f"{record_type.plural} have no field for photos in Chakra."
            return FieldErrors({forms.RECORD_FIELD: sentence})
    try:
        async with context.photos.load(file) as photo:
            view = forms.render_check_view(photo, record, record_type)
    except InvalidFile as error:
        return FieldErrors({forms.FILE_FIELD: error.message})
    return UpdateForm(view, {"file": file.id, "name": photo.name, **_record_state(record)})


async def save(request: SubmitRequest, context: Context) -> Reply:
    """Upload the checked photo, unless its record has changed since the check."""
    record, record_type = await _load_record(context, request.state.get("record", ""))
    file_id = request.state.get("file", "")
    upload = PhotoUpload(
        file_id=file_id,
        photo_id=build_photo_id(request.interaction_key, file_id),
        record=record.handle if record else "",
        attribute=_choose_attribute(record_type, request.values.get(forms.ATTRIBUTE_FIELD, "")),
    )
    try:
        return await _save(request, context, upload, record, record_type)
    except InvalidFile as error:  # deleted since the check, or too large for Chakra
        form = forms.render_file_form(record=record, note=error.message)
        return UpdateForm(form.view, form.state)


async def _save(
    request: SubmitRequest,
    context: Context,
    upload: PhotoUpload,
    record: Record | None,
    record_type: RecordType | None,
) -> Reply:
    file = UploadedFile(upload.file_id, request.state.get("name", ""))
    async with context.photos.load(file) as photo:
        warning = "" if _is_as_checked(request, record) else editor.CHANGED_WARNING
        view = forms.render_check_view(
            photo, record, record_type, attribute=upload.attribute, warning=warning
        )
        if warning:
            return UpdateForm(view, {**request.state, **_record_state(record)})
        try:
            stored = await _store(request, context, upload, photo)
        except OutcomeUnknown as error:
            message = _explain_unknown(upload, error)
            unknown = "We don't know whether Chakra has it."
            return CloseForm(unknown, follow_up=message, title="Not confirmed")
    if isinstance(stored, DuplicateWrite):
        return ask_again(view, request, stored.write)
    return CloseForm("Uploaded.", follow_up=await _attach(request, context, upload, stored))


def _is_as_checked(request: SubmitRequest, record: Record | None) -> bool:
    return _record_state(record).get("updated_at") == request.state.get("updated_at")


async def retry(request: ActionRequest, context: Context) -> Message:
    """Upload the photo again under the same ID, or set it in its record again."""
    upload = PhotoUpload.from_value(request.value)
    if upload.is_stored:
        return await _attach(request, context, upload, str(upload.photo_id))
    async with context.photos.load(UploadedFile(upload.file_id)) as photo:
        try:
            stored = await _store(request, context, upload, photo)
            if (
                isinstance(stored, DuplicateWrite) and not stored.write.result
            ):  # the upload that this one repeats
                earlier = stored.write.id
                stored = await _store(request, context, upload, photo, confirmed=earlier)
        except OutcomeUnknown as error:
            return _explain_unknown(upload, error)
    photo_id = stored.write.result if isinstance(stored, DuplicateWrite) else stored
    return await _attach(request, context, upload, photo_id or str(upload.photo_id))


def _explain_unknown(upload: PhotoUpload, error: OutcomeUnknown) -> Message:
    if isinstance(error, SecondPhotoPossible):
        return forms.render_uncertain()
    return forms.render_unknown(upload)


async def _store(
    request: ActionRequest | SubmitRequest,
    context: Context,
    upload: PhotoUpload,
    photo: LoadedPhoto,
    *,
    confirmed: int = 0,
) -> str | DuplicateWrite:
    """Upload a photo once; return its ID, or the same upload of a moment ago."""

    async def perform() -> str:
        return await context.photos.upload(photo, upload.photo_id)

    content = {"photo": photo.digest, "record": upload.record, "attribute": upload.attribute}
    state = request.state if isinstance(request, SubmitRequest) else {}
    intent = WriteIntent(
        key=request.interaction_key,
        member=request.actor.id,
        verb="photo.upload",
        subject=upload.record or "photo",
        content=content,
        confirmed_id=confirmed or read_confirmed_id(state),
    )
    outcome = await context.writes.run(intent, perform)
    return (
        outcome if isinstance(outcome, DuplicateWrite) else outcome.result or str(upload.photo_id)
    )


async def _attach(
    request: ActionRequest | SubmitRequest, context: Context, upload: PhotoUpload, photo_id: str
) -> Message:
    """Set a stored photo in its record, if there is one; return the outcome."""
    if not upload.record:
        return forms.render_uploaded(photo_id)
    again = upload.model_copy(update={"photo_id": UUID(photo_id), "is_stored": True})
    try:
        record, record_type = await context.records.load(upload.record)
        await _set_attribute(request, context, record, upload.attribute, photo_id)
    except OutcomeUnknown:
        return forms.render_record_problem(again, "we don't know whether the record has it.")
    except ChakraError as error:
        reason = f" Chakra's reason: {error.message}" if isinstance(error, Rejected) else ""
        return forms.render_record_problem(again, f"the record doesn't have it.{reason}")
    labels = (known.label for known in record_type.attributes if known.name == upload.attribute)
    return forms.render_uploaded(photo_id, record, next(labels, upload.attribute))


async def _set_attribute(
    request: ActionRequest | SubmitRequest,
    context: Context,
    record: Record,
    attribute: str,
    photo_id: str,
) -> None:
    update = {"data": {attribute: photo_id}}

    async def perform() -> str:
        await context.records.update(record, update)
        return ""

    def build_intent(confirmed: int = 0) -> WriteIntent:
        return WriteIntent(
            key=f"{request.interaction_key} record",
            member=request.actor.id,
            verb="process.update",
            subject=record.handle,
            content=update,
            confirmed_id=confirmed,
        )

    outcome = await context.writes.run(build_intent(), perform)
    if isinstance(outcome, DuplicateWrite):  # an attempt without an answer: the ID is the same
        await context.writes.run(build_intent(outcome.write.id), perform)


async def _load_record(context: Context, reference: str) -> tuple[Record | None, RecordType | None]:
    return await context.records.load(reference) if reference else (None, None)


def _record_state(record: Record | None) -> dict[str, str]:
    """Return a record as a form's state carries it."""
    if record is None:
        return {}
    return {"record": record.handle, "updated_at": editor.compute_version(record.process)}


def _choose_attribute(record_type: RecordType | None, chosen: str) -> str:
    """Return the photo field that was chosen, else the only one."""
    names = [known.name for known in record_type.photo_attributes] if record_type else []
    return chosen if chosen in names else next(iter(names), "")


PHOTO: Command[Context] = Command(
    name="photo",
    aliases=("photos", "picture", "pictures"),
    summary="see a photo from Chakra, or upload one",
    usage="photo [ID or record]",
    example=EXAMPLE,
    details=(
        "/chakra photo opens the form. With a record's key you see its photos.",
        "A photo comes to your DM with Chakra, where only you see it.",
        "Also under ⋮ on any message with a picture: Upload to Chakra.",
    ),
    phrases={
        **dict.fromkeys(
            (
                "upload photo",
                "upload a photo",
                "add photo",
                "add a photo",
                "upload picture",
                "upload a picture",
                "new photo",
                "attach photo",
                "attach a photo",
            ),
            "upload",
        ),
        **dict.fromkeys(("show photo", "show picture", "photo of", "photos of"), "show"),
    },
    run=run,
    actions=(
        Action(SHOW_PHOTO, show),
        Action(ADD_PHOTO, add, needs=Permission.EDIT, only_looks=True),
        Action(forms.RETRY, retry, needs=Permission.EDIT),
    ),
    forms=(
        Form(forms.FILE_FORM, check, needs=Permission.EDIT),
        Form(forms.CHECK_FORM, save, needs=Permission.EDIT),
    ),
)
