"""The plan of a bulk upload: what would be sent, what would be skipped, and what can be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.bulk.choices import (
    TELL_CHANNEL,
    TELL_FIELD,
    TELL_ME,
    build_column_field,
    resolve_choices,
    to_state,
)
from bot.bulk.file_form import render_empty_table_button, render_kind_field, render_procedure_menu
from bot.bulk.plan import SKIP_COLUMN, BulkPlan, PlanChoices
from bot.bulk.reading import render_reading, render_sheet_menu, render_times
from bot.bulk.upload import Upload
from bot.sheets.columns import ColumnMatch, ColumnRole, Purpose, UnmatchedColumn
from bot.sheets.problems import group_problems
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.reply import Block, Choice, UpdateForm, View

CONFIRM_FORM, PROBLEMS_ACTION = "bulk.confirm", "bulk.problems"
"""The ``callback_id`` of the form, and the button for the rows with problems."""
_TITLES = {Purpose.CREATE: "Create in bulk", Purpose.UPDATE: "Change in bulk"}
IDENTIFIER_LABELS = {Purpose.CREATE: "the key", Purpose.UPDATE: "identifies the record"}
UNMATCHED_COLUMNS_TEXT = "*These columns don't match a Chakra field.* Map or skip them."
MAX_COLUMN_MENUS = 20
"""Columns with a menu; the others are skipped, and named."""
MAX_PROBLEM_GROUPS = 8
MAX_REPEATS = 8
"""Repeated phone numbers whose rows the plan lists."""
MAX_REPEATED_ROWS = 10
MAX_MATCHED_COLUMNS = 40
MAX_LISTED_FIELDS = 60
MAX_NAME_LENGTH = 60
MAX_SAMPLE_LENGTH = 40


@dataclass(frozen=True, slots=True)
class ReportChannel:
    """The channel that the outcome can be posted in; ``outsiders`` are others who read there."""

    name: str
    outsiders: str = ""


def render_plan_form(
    plan: BulkPlan, choices: PlanChoices, channel: ReportChannel | None, *, note: str = ""
) -> UpdateForm:
    """Return the plan; without a ``channel`` the outcome is reported in direct messages only."""
    shown = resolve_choices(plan, choices)
    view = _render_plan_view(plan, shown, channel, note)
    return UpdateForm(view, state=to_state(plan.upload.id, shown))


def render_sheet_form(
    upload: Upload, sheets: Sequence[tuple[int, str]], choices: PlanChoices, error: str
) -> UpdateForm:
    """Return the choice of a sheet, after one that can't be used."""
    content = [
        blocks.section(markup(bold(blocks.clip(upload.filename, MAX_NAME_LENGTH)))),
        blocks.section(markup(":no_entry: ", error)),
        render_sheet_menu(sheets, choices.sheet),
    ]
    title = _TITLES[Purpose(upload.kind)]
    return UpdateForm(
        blocks.form_modal(CONFIRM_FORM, title, "Update preview", content),
        state=to_state(upload.id, choices),
    )


def _render_plan_view(
    plan: BulkPlan, choices: PlanChoices, channel: ReportChannel | None, note: str
) -> View:
    content: list[Block] = [blocks.section(note)] if note else []
    content.append(blocks.section(_render_file_summary(plan)))
    content += render_reading(plan, choices)
    content += [blocks.section(markup(":no_entry: ", error)) for error in plan.matches.errors]
    if plan.matches.errors:
        content += [blocks.section(_render_known_fields(plan)), render_empty_table_button()]
    if plan.matches.matched and plan.sheet.rows:
        content.append(blocks.section(_render_matched_columns(plan)))
        if times := render_times(plan):
            content.append(blocks.section(times))
    content += _render_problems(plan)
    content += _render_repeated_phones(plan)
    content += _render_former_phones(plan)
    menus = _render_column_menus(plan, choices)
    if menus:
        content += [blocks.divider(), blocks.section(Markup(UNMATCHED_COLUMNS_TEXT)), *menus]
    if not (plan.valid_count or menus or _has_reading_menus(plan)):
        content.append(
            blocks.section(
                markup("Fix the table, then choose it again with ", _render_command(plan))
            )
        )
    content += [blocks.divider(), *_render_setting_fields(plan, choices, channel)]
    return blocks.form_modal(CONFIRM_FORM, _render_title(plan), _submit_label(plan), content)


def _render_setting_fields(
    plan: BulkPlan, choices: PlanChoices, channel: ReportChannel | None
) -> list[Block]:
    """Return the action, the record type, and where the outcome is reported."""
    fields = [render_kind_field(plan.matches.purpose, dispatch_action=True)]
    if plan.procedures:
        fields.append(
            render_procedure_menu(plan.procedures, plan.upload.procedure, dispatch_action=True)
        )
    if channel is not None:
        name = f"In #{channel.name}" if channel.name else "In this channel"
        outsiders = f"It has {channel.outsiders}" if channel.outsiders else ""
        fields.append(
            _render_radio_field(
                TELL_FIELD,
                "Tell me",
                action="bulk.tell",
                choices=[
                    Choice("In my messages", TELL_ME),
                    Choice(name, TELL_CHANNEL, outsiders),
                ],
                initial=TELL_CHANNEL if choices.posts_in_channel else TELL_ME,
            )
        )
    return fields


def _render_radio_field(
    block_id: str, label: str, *, action: str, choices: Sequence[Choice], initial: str
) -> Block:
    """Return radio buttons as a form field; ``initial`` is the value of the chosen one."""
    made = [blocks.option(choice) for choice in choices]
    chosen = next(option for option in made if option["value"] == initial)
    return {
        "type": "input",
        "block_id": block_id,
        "label": blocks.plain_text(label, MAX_NAME_LENGTH),
        "element": {
            "type": "radio_buttons",
            "action_id": action,
            "options": made,
            "initial_option": chosen,
        },
    }


def _render_known_fields(plan: BulkPlan) -> Markup:
    """Return the names that columns may have."""
    names = [target.name or target.short_id for target in plan.targets]
    shown = ", ".join(blocks.clip(name, MAX_NAME_LENGTH) for name in names[:MAX_LISTED_FIELDS])
    more = len(names) - MAX_LISTED_FIELDS
    text = markup(bold("Column names that Chakra knows"), ": ", shown or "none")
    if more > 0:
        text = markup(text, f" and {more:,} more")
    return Markup(blocks.clip(text, blocks.MAX_SECTION_TEXT_LENGTH))


def _has_reading_menus(plan: BulkPlan) -> bool:
    source = plan.sheet.source
    return len(source.sheets) > 1 or source.is_guess or plan.hidden_count > 0


def _render_command(plan: BulkPlan) -> Markup:
    return code(f"/chakra bulk {plan.upload.kind} {plan.upload.procedure}")


def _render_title(plan: BulkPlan) -> str:
    return _TITLES[plan.matches.purpose]


def _submit_label(plan: BulkPlan) -> str:
    """Return the label of the button: at most 24 characters, so large numbers stand alone."""
    if plan.checked is None or not plan.valid_count:
        return "Update preview"
    if not plan.checked.invalid_count:
        return f"Send {plan.valid_count:,} rows" if plan.valid_count != 1 else "Send 1 row"
    return f"Send {plan.valid_count:,} of {plan.checked.total:,}"


def _render_file_summary(plan: BulkPlan) -> Markup:
    file = blocks.clip(plan.upload.filename, MAX_NAME_LENGTH)
    rows = len(plan.sheet.rows)
    size = "1 row" if rows == 1 else f"{rows:,} rows"
    verb = "create" if plan.matches.purpose is Purpose.CREATE else "change"
    return markup(bold(file), f" · {size}, to {verb} ", code(plan.upload.procedure), " records")


def _render_matched_columns(plan: BulkPlan) -> Markup:
    first = plan.sheet.rows[0]
    purpose = plan.matches.purpose
    columns = [
        _render_matched_column(match, first, purpose)
        for match in plan.matches.matched[:MAX_MATCHED_COLUMNS]
    ]
    more = len(plan.matches.matched) - len(columns)
    text = [markup(bold("Column mapping"), ", with your first row as an example"), *columns]
    if more:
        text.append(markup(f"and {more} more columns"))
    return Markup(blocks.clip(lines(text), blocks.MAX_SECTION_TEXT_LENGTH))


def _render_matched_column(
    match: ColumnMatch, first_row: Sequence[str], purpose: Purpose
) -> Markup:
    sample = blocks.clip(first_row[match.index].strip(), MAX_SAMPLE_LENGTH)
    header = blocks.clip(match.header, MAX_NAME_LENGTH)
    label = f" ({IDENTIFIER_LABELS[purpose]})" if match.role is ColumnRole.IDENTIFIER else ""
    value = markup("  _", sample.replace("_", " "), "_") if sample else markup("")
    return markup("• ", header, " → ", code(match.key), label, value)


def _render_problems(plan: BulkPlan) -> list[Block]:
    checked = plan.checked
    if checked is None or not checked.invalid_count:
        return []
    groups = group_problems(checked.problems)
    problems = [markup("• ", group.summary) for group in groups[:MAX_PROBLEM_GROUPS]]
    if len(groups) > MAX_PROBLEM_GROUPS:
        problems.append(markup(f"and {len(groups) - MAX_PROBLEM_GROUPS} other problems"))
    effect = " and will be skipped." if plan.valid_count else ". Nothing can be sent."
    rows = (
        "1 row has a problem"
        if checked.invalid_count == 1
        else f"{checked.invalid_count:,} rows have problems"
    )
    head = markup(":warning: ", bold(rows), effect)
    return [
        blocks.section(lines([head, *problems])),
        blocks.actions(
            blocks.button("Download skipped rows", PROBLEMS_ACTION, str(plan.upload.id))
        ),
    ]


def _render_repeated_phones(plan: BulkPlan) -> list[Block]:
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


def _render_former_phones(plan: BulkPlan) -> list[Block]:
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


def _render_column_menus(plan: BulkPlan, choices: PlanChoices) -> list[Block]:
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
        _render_column_menu(plan, column, choices.columns.get(column.index, SKIP_COLUMN))
        for column in columns[:MAX_COLUMN_MENUS]
    ]
    rest = [blocks.clip(column.header, MAX_NAME_LENGTH) for column in columns[MAX_COLUMN_MENUS:]]
    if rest:
        menus.append(blocks.context(markup("Skipped as well: ", ", ".join(rest))))
    return menus


def _render_column_menu(plan: BulkPlan, column: UnmatchedColumn, initial: str) -> Block:
    near = {key: place for place, key in enumerate(column.suggestions)}
    free = sorted(plan.targets, key=lambda target: near.get(target.short_id, len(near)))
    options = [
        Choice("Skip this column", SKIP_COLUMN),
        *(
            Choice(target.name or target.short_id, target.short_id, target.short_id)
            for target in free
        ),
    ]
    hint = f"Similar: {', '.join(column.suggestions)}." if column.suggestions else ""
    return blocks.select_field(
        build_column_field(plan, column.index),
        blocks.clip(column.header, MAX_NAME_LENGTH),
        action="bulk.column",
        placeholder="Choose",
        choices=options,
        initial=initial,
        hint=hint,
    )
