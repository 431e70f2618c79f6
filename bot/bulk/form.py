"""The two forms of a bulk upload: the choice of a file, and the plan that is confirmed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bot.bulk.plan import LEAVE_OUT, Chosen, Plan
from bot.chakra.attributes import Procedure
from bot.sheets.columns import Match, Purpose, Role, Unmatched
from bot.sheets.problems import grouped
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.slack.commands.reply import Block, Choice, OpenForm, UpdateForm, View

FILE, CONFIRM, PROBLEMS = "bulk.file", "bulk.confirm", "bulk.problems"
"""The ``callback_id``s of the forms, and the button for the rows with problems."""
KIND, PROCEDURE, UPLOAD = "kind", "procedure", "file"
COLUMN = "column_"
"""What the fields of unmatched columns begin with; the column's place follows."""
PURPOSES = {Purpose.CREATE: "Create new records", Purpose.UPDATE: "Change existing records"}
KEYS = {Purpose.CREATE: "the key", Purpose.UPDATE: "tells which record"}
ASKING = (
    "*Chakra has no attribute with these names.* Choose one, or leave the column out. What you "
    "choose is shown to you before anything is sent."
)
FILETYPES = ("csv", "tsv", "txt", "xlsx")
MOST_ASKED = 20
"""Columns that the form asks about; the others are left out, and named."""
MOST_GROUPS = 8
MOST_MATCHED = 40
LONGEST_NAME = 60
LONGEST_SAMPLE = 40


def choose(
    procedures: Sequence[Procedure], *, purpose: Purpose | None, procedure: str, note: str = ""
) -> OpenForm:
    """``procedures`` is empty where Chakra has not told of them yet: then one is typed."""
    made: list[Block] = [blocks.section(note)] if note else []
    made.append(
        blocks.select_field(
            KIND,
            "What to do",
            action="bulk.kind",
            placeholder="Choose",
            choices=[Choice(said, one.value) for one, said in PURPOSES.items()],
            initial=(purpose or Purpose.CREATE).value,
        )
    )
    made.append(_procedure(procedures, procedure))
    made.append(
        blocks.file_field(
            UPLOAD,
            "Table",
            action="bulk.upload",
            filetypes=FILETYPES,
            hint="CSV or Excel (.xlsx), up to 10 MB. The first row names the columns.",
        )
    )
    made.append(blocks.context("Nothing is sent yet: you see first what would be."))
    return OpenForm(blocks.form_modal(FILE, "Bulk upload", "Check the table", made))


def _procedure(procedures: Sequence[Procedure], chosen: str) -> Block:
    if not procedures:
        return blocks.text_field(
            PROCEDURE,
            "Kind of record",
            action="bulk.procedure",
            initial=chosen or "lead",
            hint="The short id in Chakra, as lead or ticket.",
            max_length=LONGEST_NAME,
        )
    return blocks.select_field(
        PROCEDURE,
        "Kind of record",
        action="bulk.procedure",
        placeholder="Choose",
        choices=[Choice(one.label, one.short_id, one.short_id) for one in procedures],
        initial=chosen or (procedures[0].short_id if len(procedures) == 1 else None),
    )


# --- the plan ------------------------------------------------------------------------------------


def plan_form(plan: Plan, chosen: Chosen, *, note: str = "") -> UpdateForm:
    return UpdateForm(_view(plan, chosen, note), state=written(plan.upload.id, chosen))


def written(upload_id: int, chosen: Chosen) -> dict[str, str]:
    kept = json.dumps({str(place): key for place, key in chosen.items()}, separators=(",", ":"))
    return {"upload": str(upload_id), "chosen": kept}


def restored(state: Mapping[str, str]) -> tuple[int, dict[int, str]]:
    number = state.get("upload", "")
    try:
        kept = json.loads(state.get("chosen") or "{}")
    except ValueError:
        kept = {}
    chosen = {int(place): str(key) for place, key in kept.items() if str(place).isdigit()}
    return (int(number) if number.isdigit() else 0), chosen


def said(values: Mapping[str, str]) -> dict[int, str]:
    """What stands in the fields of unmatched columns."""
    return {
        int(field.removeprefix(COLUMN)): key
        for field, key in values.items()
        if field.startswith(COLUMN) and field.removeprefix(COLUMN).isdigit() and key
    }


def _view(plan: Plan, chosen: Chosen, note: str) -> View:
    made: list[Block] = [blocks.section(note)] if note else []
    made.append(blocks.section(_head(plan)))
    made.append(blocks.context(markup("Read as ", plan.sheet.read_as)))
    made += [blocks.section(markup(":no_entry: ", one)) for one in plan.matching.obstacles]
    if plan.matching.matched:
        made.append(blocks.section(_matched(plan)))
    made += _problems(plan)
    asked = _asked(plan, chosen)
    if asked:
        made += [blocks.divider(), blocks.section(Markup(ASKING)), *asked]
    if plan.good or asked:
        return blocks.form_modal(CONFIRM, _title(plan), _label(plan), made)
    made.append(blocks.section(markup("Repair the table, then choose it anew with ", _line(plan))))
    return blocks.info_modal(_title(plan), made)


def _line(plan: Plan) -> Markup:
    return code(f"/chakra bulk {plan.upload.kind} {plan.upload.procedure}")


def _title(plan: Plan) -> str:
    return "Create in bulk" if plan.matching.purpose is Purpose.CREATE else "Change in bulk"


def _label(plan: Plan) -> str:
    """24 characters at the most, so that large numbers stand alone."""
    if plan.checked is None or not plan.good:
        return "Check again"
    if not plan.checked.bad:
        return f"Send {plan.good:,} rows" if plan.good != 1 else "Send 1 row"
    return f"Send {plan.good:,} of {plan.checked.total:,}"


def _head(plan: Plan) -> Markup:
    file = blocks.clip(plan.upload.filename, LONGEST_NAME)
    rows = len(plan.sheet.rows)
    counted = "1 row" if rows == 1 else f"{rows:,} rows"
    to_do = "create" if plan.matching.purpose is Purpose.CREATE else "change"
    return markup(bold(file), f" · {counted}, to {to_do} ", code(plan.upload.procedure), " records")


def _matched(plan: Plan) -> Markup:
    first = plan.sheet.rows[0]
    purpose = plan.matching.purpose
    shown = [_column(one, first, purpose) for one in plan.matching.matched[:MOST_MATCHED]]
    more = len(plan.matching.matched) - len(shown)
    told = [markup(bold("What goes to Chakra"), ", and what the first row has"), *shown]
    if more:
        told.append(markup(f"and {more} more columns"))
    return Markup(blocks.clip(lines(told), blocks.MAX_SECTION_TEXT_LENGTH))


def _column(one: Match, first: Sequence[str], purpose: Purpose) -> Markup:
    sample = blocks.clip(first[one.place].strip(), LONGEST_SAMPLE)
    header = blocks.clip(one.header, LONGEST_NAME)
    named = f" ({KEYS[purpose]})" if one.role is Role.IDENTIFIER else ""
    shown = markup("  _", sample.replace("_", " "), "_") if sample else markup("")
    return markup("• ", header, " → ", code(one.key), named, shown)


def _problems(plan: Plan) -> list[Block]:
    checked = plan.checked
    if checked is None or not checked.bad:
        return []
    groups = grouped(checked.problems)
    told = [markup("• ", one.told) for one in groups[:MOST_GROUPS]]
    if len(groups) > MOST_GROUPS:
        told.append(markup(f"and {len(groups) - MOST_GROUPS} other problems"))
    left = "They are left out." if plan.good else "So nothing can be sent."
    bad = "1 row has" if checked.bad == 1 else f"{checked.bad:,} rows have"
    head = markup(":warning: ", bold(f"{bad} problems."), " ", left)
    return [
        blocks.section(Markup(blocks.clip(lines([head, *told]), blocks.MAX_SECTION_TEXT_LENGTH))),
        blocks.actions(
            blocks.button("Rows with problems as a file", PROBLEMS, str(plan.upload.id))
        ),
    ]


def _asked(plan: Plan, chosen: Chosen) -> list[Block]:
    """A menu for each column that is not understood, and for each that the person spoke of."""
    spoken = [
        Unmatched(place, plan.sheet.columns[place])
        for place in chosen
        if 0 <= place < len(plan.sheet.columns)
    ]
    waiting = {one.place: one for one in (*spoken, *plan.matching.unmatched)}
    asked = sorted(waiting.values(), key=lambda one: one.place)
    made = [_menu(plan, one, chosen.get(one.place, LEAVE_OUT)) for one in asked[:MOST_ASKED]]
    rest = [blocks.clip(one.header, LONGEST_NAME) for one in asked[MOST_ASKED:]]
    if rest:
        made.append(blocks.context(markup("Left out as well: ", ", ".join(rest))))
    return made


def _menu(plan: Plan, one: Unmatched, initial: str) -> Block:
    near = {key: place for place, key in enumerate(one.nearest)}
    free = sorted(plan.targets, key=lambda target: near.get(target.short_id, len(near)))
    choices = [
        Choice("Leave this column out", LEAVE_OUT),
        *(Choice(each.name or each.short_id, each.short_id, each.short_id) for each in free),
    ]
    hint = f"It looks like {', '.join(one.nearest)}." if one.nearest else ""
    return blocks.select_field(
        f"{COLUMN}{one.place}",
        blocks.clip(one.header, LONGEST_NAME),
        action="bulk.column",
        placeholder="Choose",
        choices=choices,
        initial=initial,
        hint=hint,
    )
