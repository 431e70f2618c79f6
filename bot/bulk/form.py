"""The two forms of a bulk upload: the choice of a file, and the plan that is confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.bulk.choices import column_field, resolve_choices, to_state
from bot.bulk.plan import SKIP_COLUMN, BulkPlan, PlanChoices
from bot.bulk.reading import reading_blocks, sheet_menu, times_text
from bot.bulk.upload import Upload
from bot.chakra.attributes import Procedure
from bot.sheets.columns import ColumnMatch, ColumnRole, Purpose, UnmatchedColumn
from bot.sheets.problems import group_problems
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.reply import Block, Choice, OpenForm, UpdateForm, View

FILE_FORM, CONFIRM_FORM, PROBLEMS_ACTION = "bulk.file", "bulk.confirm", "bulk.problems"
"""The ``callback_id``s of the forms, and the button for the rows with problems."""
KIND_FIELD, PROCEDURE_FIELD, UPLOAD_FIELD = "kind", "procedure", "file"
PURPOSE_LABELS = {Purpose.CREATE: "Create new records", Purpose.UPDATE: "Change existing records"}
_TITLES = {Purpose.CREATE: "Create in bulk", Purpose.UPDATE: "Change in bulk"}
IDENTIFIER_LABELS = {Purpose.CREATE: "the key", Purpose.UPDATE: "identifies the record"}
UNMATCHED_COLUMNS_TEXT = (
    "*Chakra has no attributes with these names.* Choose one, or leave the column out. You see "
    "the result before anything is sent."
)
FILE_TYPES = ("csv", "tsv", "txt", "xlsx", "xls")
MAX_COLUMN_MENUS = 20
"""Columns with a menu; the others are left out, and named."""
MAX_PROBLEM_GROUPS = 8
MAX_REPEATS = 8
"""Repeated phone numbers whose rows the plan lists."""
MAX_REPEATED_ROWS = 10
MAX_MATCHED_COLUMNS = 40
MAX_NAME_LENGTH = 60
MAX_SAMPLE_LENGTH = 40


def file_form(
    procedures: Sequence[Procedure], *, purpose: Purpose | None, procedure: str, note: str = ""
) -> OpenForm:
    """Return the choice of a file. Without ``procedures`` the record type is typed."""
    content: list[Block] = [blocks.section(note)] if note else []
    content.append(
        blocks.select_field(
            KIND_FIELD,
            "What to do",
            action="bulk.kind",
            placeholder="Choose",
            choices=[Choice(label, value.value) for value, label in PURPOSE_LABELS.items()],
            initial=(purpose or Purpose.CREATE).value,
        )
    )
    content.append(_procedure_field(procedures, procedure))
    content.append(
        blocks.file_field(
            UPLOAD_FIELD,
            "Table",
            action="bulk.upload",
            filetypes=FILE_TYPES,
            hint="CSV or Excel (.xlsx), up to 10 MB. The first row has the column names.",
        )
    )
    content.append(blocks.context("Nothing is sent yet. You see first what would be sent."))
    return OpenForm(blocks.form_modal(FILE_FORM, "Bulk upload", "Check the table", content))


def _procedure_field(procedures: Sequence[Procedure], selected: str) -> Block:
    if not procedures:
        return blocks.text_field(
            PROCEDURE_FIELD,
            "Record type",
            action="bulk.procedure",
            initial=selected or "lead",
            hint="Its short ID in Chakra, such as lead or ticket.",
            max_length=MAX_NAME_LENGTH,
        )
    return blocks.select_field(
        PROCEDURE_FIELD,
        "Record type",
        action="bulk.procedure",
        placeholder="Choose",
        choices=[
            Choice(procedure.label, procedure.short_id, procedure.short_id)
            for procedure in procedures
        ],
        initial=selected or (procedures[0].short_id if len(procedures) == 1 else None),
    )


# --- the plan ------------------------------------------------------------------------------------


def plan_form(plan: BulkPlan, choices: PlanChoices, *, note: str = "") -> UpdateForm:
    shown = resolve_choices(plan, choices)
    return UpdateForm(_plan_view(plan, shown, note), state=to_state(plan.upload.id, shown))


def sheet_form(
    upload: Upload, sheets: Sequence[tuple[int, str]], choices: PlanChoices, error: str
) -> UpdateForm:
    """Return the choice of a sheet, after one that can't be used."""
    content = [
        blocks.section(markup(bold(blocks.clip(upload.filename, MAX_NAME_LENGTH)))),
        blocks.section(markup(":no_entry: ", error)),
        sheet_menu(sheets, choices.sheet),
    ]
    title = _TITLES[Purpose(upload.kind)]
    return UpdateForm(
        blocks.form_modal(CONFIRM_FORM, title, "Check again", content),
        state=to_state(upload.id, choices),
    )


def _plan_view(plan: BulkPlan, choices: PlanChoices, note: str) -> View:
    content: list[Block] = [blocks.section(note)] if note else []
    content.append(blocks.section(_file_summary(plan)))
    content += reading_blocks(plan, choices)
    content += [blocks.section(markup(":no_entry: ", error)) for error in plan.matches.errors]
    if plan.matches.matched and plan.sheet.rows:
        content.append(blocks.section(_matched_columns_text(plan)))
        if times := times_text(plan):
            content.append(blocks.section(times))
    content += _problem_blocks(plan)
    content += _repeated_phone_blocks(plan)
    content += _former_phone_blocks(plan)
    menus = _column_menus(plan, choices)
    if menus:
        content += [blocks.divider(), blocks.section(Markup(UNMATCHED_COLUMNS_TEXT)), *menus]
    if plan.valid_count or menus or _has_reading_menus(plan):
        return blocks.form_modal(CONFIRM_FORM, _title(plan), _submit_label(plan), content)
    content.append(
        blocks.section(markup("Fix the table, then choose it again with ", _command_text(plan)))
    )
    return blocks.info_modal(_title(plan), content)


def _has_reading_menus(plan: BulkPlan) -> bool:
    source = plan.sheet.source
    return len(source.sheets) > 1 or source.is_guess or plan.hidden_count > 0


def _command_text(plan: BulkPlan) -> Markup:
    return code(f"/chakra bulk {plan.upload.kind} {plan.upload.procedure}")


def _title(plan: BulkPlan) -> str:
    return _TITLES[plan.matches.purpose]


def _submit_label(plan: BulkPlan) -> str:
    """Return the label of the button: at most 24 characters, so large numbers are alone."""
    if plan.checked is None or not plan.valid_count:
        return "Check again"
    if not plan.checked.invalid_count:
        return f"Send {plan.valid_count:,} rows" if plan.valid_count != 1 else "Send 1 row"
    return f"Send {plan.valid_count:,} of {plan.checked.total:,}"


def _file_summary(plan: BulkPlan) -> Markup:
    file = blocks.clip(plan.upload.filename, MAX_NAME_LENGTH)
    rows = len(plan.sheet.rows)
    size = "1 row" if rows == 1 else f"{rows:,} rows"
    verb = "create" if plan.matches.purpose is Purpose.CREATE else "change"
    return markup(bold(file), f" · {size}, to {verb} ", code(plan.upload.procedure), " records")


def _matched_columns_text(plan: BulkPlan) -> Markup:
    first = plan.sheet.rows[0]
    purpose = plan.matches.purpose
    columns = [
        _matched_column_line(match, first, purpose)
        for match in plan.matches.matched[:MAX_MATCHED_COLUMNS]
    ]
    more = len(plan.matches.matched) - len(columns)
    text = [markup(bold("What is sent to Chakra"), ", with the values of the first row"), *columns]
    if more:
        text.append(markup(f"and {more} more columns"))
    return Markup(blocks.clip(lines(text), blocks.MAX_SECTION_TEXT_LENGTH))


def _matched_column_line(match: ColumnMatch, first_row: Sequence[str], purpose: Purpose) -> Markup:
    sample = blocks.clip(first_row[match.index].strip(), MAX_SAMPLE_LENGTH)
    header = blocks.clip(match.header, MAX_NAME_LENGTH)
    label = f" ({IDENTIFIER_LABELS[purpose]})" if match.role is ColumnRole.IDENTIFIER else ""
    value = markup("  _", sample.replace("_", " "), "_") if sample else markup("")
    return markup("• ", header, " → ", code(match.key), label, value)


def _problem_blocks(plan: BulkPlan) -> list[Block]:
    checked = plan.checked
    if checked is None or not checked.invalid_count:
        return []
    groups = group_problems(checked.problems)
    problems = [markup("• ", group.summary) for group in groups[:MAX_PROBLEM_GROUPS]]
    if len(groups) > MAX_PROBLEM_GROUPS:
        problems.append(markup(f"and {len(groups) - MAX_PROBLEM_GROUPS} other problems"))
    effect = "They are left out." if plan.valid_count else "So nothing can be sent."
    rows = "1 row has" if checked.invalid_count == 1 else f"{checked.invalid_count:,} rows have"
    head = markup(":warning: ", bold(f"{rows} problems."), " ", effect)
    return [
        blocks.section(lines([head, *problems])),
        blocks.actions(
            blocks.button("Rows with problems as a file", PROBLEMS_ACTION, str(plan.upload.id))
        ),
    ]


def _repeated_phone_blocks(plan: BulkPlan) -> list[Block]:
    repeated = plan.checked.repeated_phones if plan.checked else ()
    if not repeated:
        return []
    count = len(repeated)
    phones = "1 phone number is" if count == 1 else f"{count:,} phone numbers are"
    lead = markup(
        ":information_source: ",
        bold(f"{phones} in several rows"),
        ", in one or more spellings. All of these rows are sent; to send one, delete the others.",
    )
    rows = [markup("• Rows ", _join_rows(group)) for group in repeated[:MAX_REPEATS]]
    if count > MAX_REPEATS:
        rows.append(markup(f"and {count - MAX_REPEATS:,} more numbers"))
    return [blocks.section(lines([lead, *rows]))]


def _former_phone_blocks(plan: BulkPlan) -> list[Block]:
    former = plan.checked.former_phones if plan.checked else ()
    if not former:
        return []
    rows = f"1 row has a number (row {former[0]})"
    if len(former) > 1:
        rows = f"{len(former):,} rows have a number (rows {_join_rows(former)})"
    lead = markup(":information_source: ", bold(f"{rows} in an older form."))
    return [blocks.section(markup(lead, " WhatsApp may still use it, so it is sent as it is."))]


def _join_rows(rows: Sequence[int]) -> str:
    shown = [str(row) for row in rows[:MAX_REPEATED_ROWS]]
    if len(rows) > MAX_REPEATED_ROWS:
        return f"{', '.join(shown)} and {len(rows) - MAX_REPEATED_ROWS:,} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _column_menus(plan: BulkPlan, choices: PlanChoices) -> list[Block]:
    """Return a menu for each column without a match, and for each with a choice."""
    chosen = [
        UnmatchedColumn(place, plan.sheet.columns[place])
        for place in choices.columns
        if 0 <= place < len(plan.sheet.columns)
    ]
    columns = sorted(
        {column.index: column for column in (*chosen, *plan.matches.unmatched)}.values(),
        key=lambda column: column.index,
    )
    menus = [
        _column_menu(plan, column, choices.columns.get(column.index, SKIP_COLUMN))
        for column in columns[:MAX_COLUMN_MENUS]
    ]
    rest = [blocks.clip(column.header, MAX_NAME_LENGTH) for column in columns[MAX_COLUMN_MENUS:]]
    if rest:
        menus.append(blocks.context(markup("Left out as well: ", ", ".join(rest))))
    return menus


def _column_menu(plan: BulkPlan, column: UnmatchedColumn, initial: str) -> Block:
    near = {key: place for place, key in enumerate(column.suggestions)}
    free = sorted(plan.targets, key=lambda target: near.get(target.short_id, len(near)))
    options = [
        Choice("Leave this column out", SKIP_COLUMN),
        *(
            Choice(target.name or target.short_id, target.short_id, target.short_id)
            for target in free
        ),
    ]
    hint = f"Similar: {', '.join(column.suggestions)}." if column.suggestions else ""
    return blocks.select_field(
        column_field(plan.sheet.source, column.index),
        blocks.clip(column.header, MAX_NAME_LENGTH),
        action="bulk.column",
        placeholder="Choose",
        choices=options,
        initial=initial,
        hint=hint,
    )
