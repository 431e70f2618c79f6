"""The form to choose a table: from the person's device, or among several in a message."""

from __future__ import annotations

from collections.abc import Sequence

from bot.bulk.choices import KIND_FIELD, PROCEDURE_FIELD
from bot.bulk.line import BulkLine
from bot.bulk.message_files import FILE_TYPES
from bot.chakra.attributes import Procedure
from bot.sheets.columns import Purpose
from bot.slack import blocks
from bot.slack.blocks import markup
from bot.slack.commands.command import UploadedFile
from bot.slack.commands.reply import Block, Choice, OpenForm, View

FILE_FORM, EMPTY_TABLE_ACTION = "bulk.file", "bulk.empty"
"""The ``callback_id`` of the form, and the button for an empty table."""
UPLOAD_FIELD = "file"
KIND_ACTION, PROCEDURE_ACTION = "bulk.kind", "bulk.procedure"
PURPOSE_LABELS = {Purpose.CREATE: "Create new records", Purpose.UPDATE: "Change existing records"}
MAX_PROCEDURE_LENGTH = 60
MAX_FILES = 100
_FORM_TITLE = "Bulk upload"


def render_file_form(procedures: Sequence[Procedure], line: BulkLine) -> OpenForm:
    """Return the choice of a file. Without ``procedures`` the record type is typed."""
    return OpenForm(render_file_view(procedures, line))


def render_file_view(procedures: Sequence[Procedure], line: BulkLine) -> View:
    content = [blocks.section(markup(note)) for note in line.notes]
    content.append(render_kind_field(line.purpose or Purpose.CREATE))
    content.append(_render_procedure_field(procedures, line.procedure))
    content.append(
        blocks.file_field(
            UPLOAD_FIELD,
            "File",
            action="bulk.upload",
            filetypes=FILE_TYPES,
            hint="CSV or Excel (.xlsx), up to 10 MB. The first row has the column names.",
        )
    )
    content.append(blocks.context("You'll see a preview before anything is sent."))
    content.append(render_empty_table_button())
    return blocks.form_modal(FILE_FORM, _FORM_TITLE, "Continue", content)


def render_message_files_form(files: Sequence[UploadedFile]) -> OpenForm:
    """Return the choice between several files of a message."""
    choices = [
        Choice(file.name or f"File {number}", file.id)
        for number, file in enumerate(files[:MAX_FILES], 1)
    ]
    content = [
        blocks.select_field(
            UPLOAD_FIELD,
            "File",
            action="bulk.message_file",
            placeholder="Choose",
            choices=choices,
            hint="This message has several files. Each is uploaded separately.",
        ),
        blocks.context("You'll see a preview before anything is sent."),
    ]
    return OpenForm(blocks.form_modal(FILE_FORM, _FORM_TITLE, "Continue", content))


def render_empty_table_button() -> Block:
    return blocks.actions(blocks.button("Download an empty table", EMPTY_TABLE_ACTION, "empty"))


def render_kind_field(selected: Purpose, *, dispatch_action: bool = False) -> Block:
    return blocks.select_field(
        KIND_FIELD,
        "What to do",
        action=KIND_ACTION,
        placeholder="Choose",
        choices=[Choice(label, purpose.value) for purpose, label in PURPOSE_LABELS.items()],
        initial=selected.value,
        dispatch_action=dispatch_action,
    )


def render_procedure_menu(
    procedures: Sequence[Procedure], selected: str, *, dispatch_action: bool = False
) -> Block:
    return blocks.select_field(
        PROCEDURE_FIELD,
        "Record type",
        action=PROCEDURE_ACTION,
        placeholder="Choose",
        choices=[
            Choice(procedure.label, procedure.short_id, procedure.short_id)
            for procedure in procedures
        ],
        initial=selected or None,
        dispatch_action=dispatch_action,
    )


def _render_procedure_field(procedures: Sequence[Procedure], selected: str) -> Block:
    if procedures:
        return render_procedure_menu(procedures, selected)
    return blocks.text_field(
        PROCEDURE_FIELD,
        "Record type",
        action=PROCEDURE_ACTION,
        initial=selected or "lead",
        hint="Its name or short ID in Chakra, such as lead or ticket.",
        max_length=MAX_PROCEDURE_LENGTH,
    )
