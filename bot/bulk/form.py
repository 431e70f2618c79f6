"""The two forms of a bulk upload: the choice of a file, and the plan that is confirmed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bot.bulk.plan import SKIP_COLUMN, BulkPlan, ColumnChoices
from bot.chakra.attributes import Procedure
from bot.sheets.columns import ColumnMatch, ColumnRole, Purpose, UnmatchedColumn
from bot.sheets.problems import group_problems
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.reply import Block, Choice, OpenForm, UpdateForm, View

FILE_FORM, CONFIRM_FORM, PROBLEMS_ACTION = "bulk.file", "bulk.confirm", "bulk.problems"
"""The ``callback_id``s of the forms, and the button for the rows with problems."""
KIND_FIELD, PROCEDURE_FIELD, UPLOAD_FIELD = "kind", "procedure", "file"
COLUMN_FIELD_PREFIX = "column_"
"""What the fields of unmatched columns begin with; the column's place follows."""
PURPOSE_LABELS = {Purpose.CREATE: "Create new records", Purpose.UPDATE: "Change existing records"}
IDENTIFIER_LABELS = {Purpose.CREATE: "the key", Purpose.UPDATE: "tells which record"}
UNMATCHED_COLUMNS_TEXT = (
    "*Chakra has no attribute with these names.* Choose one, or leave the column out. What you "
    "choose is shown to you before anything is sent."
)
FILE_TYPES = ("csv", "tsv", "txt", "xlsx")
MAX_COLUMN_MENUS = 20
"""Columns that the form asks about; the others are left out, and named."""
MAX_PROBLEM_GROUPS = 8
MAX_MATCHED_COLUMNS = 40
MAX_NAME_LENGTH = 60
MAX_SAMPLE_LENGTH = 40


def file_form(
    procedures: Sequence[Procedure], *, purpose: Purpose | None, procedure: str, note: str = ""
) -> OpenForm:
    """``procedures`` is empty where Chakra has not told of them yet: then one is typed."""
    made: list[Block] = [blocks.section(note)] if note else []
    made.append(
        blocks.select_field(
            KIND_FIELD,
            "What to do",
            action="bulk.kind",
            placeholder="Choose",
            choices=[Choice(said, one.value) for one, said in PURPOSE_LABELS.items()],
            initial=(purpose or Purpose.CREATE).value,
        )
    )
    made.append(_procedure_field(procedures, procedure))
    made.append(
        blocks.file_field(
            UPLOAD_FIELD,
            "Table",
            action="bulk.upload",
            filetypes=FILE_TYPES,
            hint="CSV or Excel (.xlsx), up to 10 MB. The first row names the columns.",
        )
    )
    made.append(blocks.context("Nothing is sent yet: you see first what would be."))
    return OpenForm(blocks.form_modal(FILE_FORM, "Bulk upload", "Check the table", made))


def _procedure_field(procedures: Sequence[Procedure], selected: str) -> Block:
    if not procedures:
        return blocks.text_field(
            PROCEDURE_FIELD,
            "Kind of record",
            action="bulk.procedure",
            initial=selected or "lead",
            hint="The short id in Chakra, as lead or ticket.",
            max_length=MAX_NAME_LENGTH,
        )
    return blocks.select_field(
        PROCEDURE_FIELD,
        "Kind of record",
        action="bulk.procedure",
        placeholder="Choose",
        choices=[Choice(one.label, one.short_id, one.short_id) for one in procedures],
        initial=selected or (procedures[0].short_id if len(procedures) == 1 else None),
    )


# --- the plan ------------------------------------------------------------------------------------


def plan_form(plan: BulkPlan, column_choices: ColumnChoices, *, note: str = "") -> UpdateForm:
    return UpdateForm(
        _plan_view(plan, column_choices, note), state=to_state(plan.upload.id, column_choices)
    )


def to_state(upload_id: int, column_choices: ColumnChoices) -> dict[str, str]:
    kept = json.dumps(
        {str(place): key for place, key in column_choices.items()}, separators=(",", ":")
    )
    return {"upload": str(upload_id), "chosen": kept}


def from_state(state: Mapping[str, str]) -> tuple[int, dict[int, str]]:
    number = state.get("upload", "")
    try:
        kept = json.loads(state.get("chosen") or "{}")
    except ValueError:
        kept = {}
    chosen = {int(place): str(key) for place, key in kept.items() if str(place).isdigit()}
    return (int(number) if number.isdigit() else 0), chosen


def parse_column_choices(values: Mapping[str, str]) -> dict[int, str]:
    """What stands in the fields of unmatched columns."""
    return {
        int(field.removeprefix(COLUMN_FIELD_PREFIX)): key
        for field, key in values.items()
        if field.startswith(COLUMN_FIELD_PREFIX)
        and field.removeprefix(COLUMN_FIELD_PREFIX).isdigit()
        and key
    }


def _plan_view(plan: BulkPlan, column_choices: ColumnChoices, note: str) -> View:
    made: list[Block] = [blocks.section(note)] if note else []
    made.append(blocks.section(_file_summary(plan)))
    made.append(blocks.context(markup("Read as ", plan.sheet.format_description)))
    made += [blocks.section(markup(":no_entry: ", one)) for one in plan.matches.errors]
    if plan.matches.matched:
        made.append(blocks.section(_matched_columns_text(plan)))
    made += _problem_blocks(plan)
    asked = _column_menus(plan, column_choices)
    if asked:
        made += [blocks.divider(), blocks.section(Markup(UNMATCHED_COLUMNS_TEXT)), *asked]
    if plan.valid_count or asked:
        return blocks.form_modal(CONFIRM_FORM, _title(plan), _submit_label(plan), made)
    made.append(
        blocks.section(markup("Repair the table, then choose it anew with ", _command_text(plan)))
    )
    return blocks.info_modal(_title(plan), made)


def _command_text(plan: BulkPlan) -> Markup:
    return code(f"/chakra bulk {plan.upload.kind} {plan.upload.procedure}")


def _title(plan: BulkPlan) -> str:
    return "Create in bulk" if plan.matches.purpose is Purpose.CREATE else "Change in bulk"


def _submit_label(plan: BulkPlan) -> str:
    """24 characters at the most, so that large numbers stand alone."""
    if plan.checked is None or not plan.valid_count:
        return "Check again"
    if not plan.checked.invalid_count:
        return f"Send {plan.valid_count:,} rows" if plan.valid_count != 1 else "Send 1 row"
    return f"Send {plan.valid_count:,} of {plan.checked.total:,}"


def _file_summary(plan: BulkPlan) -> Markup:
    file = blocks.clip(plan.upload.filename, MAX_NAME_LENGTH)
    rows = len(plan.sheet.rows)
    counted = "1 row" if rows == 1 else f"{rows:,} rows"
    to_do = "create" if plan.matches.purpose is Purpose.CREATE else "change"
    return markup(bold(file), f" · {counted}, to {to_do} ", code(plan.upload.procedure), " records")


def _matched_columns_text(plan: BulkPlan) -> Markup:
    first = plan.sheet.rows[0]
    purpose = plan.matches.purpose
    shown = [
        _matched_column_line(one, first, purpose)
        for one in plan.matches.matched[:MAX_MATCHED_COLUMNS]
    ]
    more = len(plan.matches.matched) - len(shown)
    told = [markup(bold("What goes to Chakra"), ", and what the first row has"), *shown]
    if more:
        told.append(markup(f"and {more} more columns"))
    return Markup(blocks.clip(lines(told), blocks.MAX_SECTION_TEXT_LENGTH))


def _matched_column_line(match: ColumnMatch, first_row: Sequence[str], purpose: Purpose) -> Markup:
    sample = blocks.clip(first_row[match.index].strip(), MAX_SAMPLE_LENGTH)
    header = blocks.clip(match.header, MAX_NAME_LENGTH)
    named = f" ({IDENTIFIER_LABELS[purpose]})" if match.role is ColumnRole.IDENTIFIER else ""
    shown = markup("  _", sample.replace("_", " "), "_") if sample else markup("")
    return markup("• ", header, " → ", code(match.key), named, shown)


def _problem_blocks(plan: BulkPlan) -> list[Block]:
    checked = plan.checked
    if checked is None or not checked.invalid_count:
        return []
    groups = group_problems(checked.problems)
    told = [markup("• ", one.summary) for one in groups[:MAX_PROBLEM_GROUPS]]
    if len(groups) > MAX_PROBLEM_GROUPS:
        told.append(markup(f"and {len(groups) - MAX_PROBLEM_GROUPS} other problems"))
    left = "They are left out." if plan.valid_count else "So nothing can be sent."
    bad = "1 row has" if checked.invalid_count == 1 else f"{checked.invalid_count:,} rows have"
    head = markup(":warning: ", bold(f"{bad} problems."), " ", left)
    return [
        blocks.section(lines([head, *told])),
        blocks.actions(
            blocks.button("Rows with problems as a file", PROBLEMS_ACTION, str(plan.upload.id))
        ),
    ]


def _column_menus(plan: BulkPlan, column_choices: ColumnChoices) -> list[Block]:
    """A menu for each column that is not understood, and for each that the person spoke of."""
    spoken = [
        UnmatchedColumn(place, plan.sheet.columns[place])
        for place in column_choices
        if 0 <= place < len(plan.sheet.columns)
    ]
    waiting = {one.index: one for one in (*spoken, *plan.matches.unmatched)}
    asked = sorted(waiting.values(), key=lambda one: one.index)
    made = [
        _column_menu(plan, one, column_choices.get(one.index, SKIP_COLUMN))
        for one in asked[:MAX_COLUMN_MENUS]
    ]
    rest = [blocks.clip(one.header, MAX_NAME_LENGTH) for one in asked[MAX_COLUMN_MENUS:]]
    if rest:
        made.append(blocks.context(markup("Left out as well: ", ", ".join(rest))))
    return made


def _column_menu(plan: BulkPlan, column: UnmatchedColumn, initial: str) -> Block:
    near = {key: place for place, key in enumerate(column.suggestions)}
    free = sorted(plan.targets, key=lambda target: near.get(target.short_id, len(near)))
    choices = [
        Choice("Leave this column out", SKIP_COLUMN),
        *(Choice(each.name or each.short_id, each.short_id, each.short_id) for each in free),
    ]
    hint = f"It looks like {', '.join(column.suggestions)}." if column.suggestions else ""
    return blocks.select_field(
        f"{COLUMN_FIELD_PREFIX}{column.index}",
        blocks.clip(column.header, MAX_NAME_LENGTH),
        action="bulk.column",
        placeholder="Choose",
        choices=choices,
        initial=initial,
        hint=hint,
    )
