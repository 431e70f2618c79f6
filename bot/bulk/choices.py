"""Store in the plan's form what the person chose, and read it back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.bulk.plan import SKIP_COLUMN, BulkPlan, PlanChoices
from bot.sheets.columns import Purpose

COLUMN_FIELD_PREFIX = "column_"
"""The prefix of the fields of unmatched columns; the column's and the sheet's positions follow."""
KIND_FIELD, PROCEDURE_FIELD, TELL_FIELD = "kind", "procedure", "tell"
TELL_ME, TELL_CHANNEL = "me", "channel"
SHEET_FIELD, ENCODING_FIELD, HIDDEN_FIELD = "sheet", "encoding", "hidden"
INCLUDE_HIDDEN, SKIP_HIDDEN = "send", "skip"

_COLUMN_FIELD = re.compile(COLUMN_FIELD_PREFIX + r"(\d{1,4})(?:_.+)?")


def build_column_field(plan: BulkPlan, column: int) -> str:
    """Return the field's name.

    Columns of another sheet than the first, or for another procedure than the draft's, need other
    names: Slack fills a field with what was chosen in one of the same name.
    """
    source, procedure = plan.sheet.source, plan.upload.procedure
    is_first = not source.sheets or source.sheet == source.sheets[0][0]
    return (
        f"{COLUMN_FIELD_PREFIX}{column}"
        + ("" if is_first else f"_{source.sheet}")
        + ("" if procedure == plan.drafted_procedure else f"_{procedure}")
    )


def to_state(upload_id: int, choices: PlanChoices) -> dict[str, str]:
    stored = {
        "columns": {str(place): key for place, key in choices.columns.items()},
        "sheet": choices.sheet,
        "encoding": choices.encoding,
        "hidden": choices.include_hidden,
        "purpose": choices.purpose or "",
        "procedure": choices.procedure,
        "tell": choices.posts_in_channel,
    }
    return {"upload": str(upload_id), "chosen": json.dumps(stored, separators=(",", ":"))}


def from_state(state: Mapping[str, str]) -> tuple[int, PlanChoices]:
    number = state.get("upload", "")
    try:
        stored: Any = json.loads(state.get("chosen") or "{}")
    except ValueError:
        stored = {}
    columns = stored.get("columns") or {}
    sheet = stored.get("sheet")
    return (int(number) if number.isdigit() else 0), PlanChoices(
        {int(place): str(key) for place, key in columns.items() if str(place).isdigit()},
        sheet if isinstance(sheet, int) else None,
        str(stored.get("encoding") or ""),
        stored.get("hidden") is True,
        _parse_purpose(str(stored.get("purpose") or "")),
        str(stored.get("procedure") or ""),
        stored.get("tell") is True,
    )


def resolve_choices(plan: BulkPlan, choices: PlanChoices) -> PlanChoices:
    """Return the choices that the form of ``plan`` shows, with the menus' initial values."""
    source = plan.sheet.source
    return replace(
        choices,
        sheet=source.sheet if len(source.sheets) > 1 else None,
        encoding=source.encoding if source.is_guess else "",
        purpose=plan.matches.purpose,
        procedure=plan.upload.procedure,
    )


def apply_choices(previous: PlanChoices, values: Mapping[str, str]) -> PlanChoices:
    """Return the choices with what the form's fields say.

    Columns belong to one sheet and one procedure.
    """
    chosen_sheet = values.get(SHEET_FIELD, "")
    sheet = int(chosen_sheet) if chosen_sheet.isdecimal() else previous.sheet
    procedure = values.get(PROCEDURE_FIELD) or previous.procedure
    is_same = (sheet, procedure) == (previous.sheet, previous.procedure)
    columns = {**previous.columns, **_parse_columns(values)} if is_same else {}
    hidden, tell = values.get(HIDDEN_FIELD, ""), values.get(TELL_FIELD, "")
    return PlanChoices(
        columns,
        sheet,
        values.get(ENCODING_FIELD) or previous.encoding,
        hidden == INCLUDE_HIDDEN if hidden else previous.include_hidden,
        _parse_purpose(values.get(KIND_FIELD, "")) or previous.purpose,
        procedure,
        tell == TELL_CHANNEL if tell else previous.posts_in_channel,
    )


def _parse_purpose(value: str) -> Purpose | None:
    return Purpose(value) if value in list(Purpose) else None


def _parse_columns(values: Mapping[str, str]) -> dict[int, str]:
    return {
        int(found[1]): key
        for name, key in values.items()
        if key and (found := _COLUMN_FIELD.fullmatch(name))
    }


def is_changed(previous: PlanChoices, current: PlanChoices) -> bool:
    """Return whether the plan must be shown again; skipping an unmatched column changes nothing."""
    return _list_relevant(previous) != _list_relevant(current)


def _list_relevant(choices: PlanChoices) -> PlanChoices:
    columns = {place: key for place, key in choices.columns.items() if key != SKIP_COLUMN}
    return replace(choices, columns=columns, posts_in_channel=False)
