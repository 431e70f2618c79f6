"""What a line about a task means, as the table of them has it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.chakra.config import Config
from bot.processes.task_line import read_task_line
from bot.processes.task_type import TaskType, list_task_types
from bot.processes.typed_task import TaskLine
from bot.sandbox.chakra.config import build_config
from bot.sandbox.chakra.team import load_team
from bot.slack.commands.arguments import parse_arguments

MONDAY = datetime(2026, 11, 30, 14, 0, tzinfo=ZoneInfo("Asia/Kolkata"))


def load_types() -> tuple[TaskType, ...]:
    """Return the kinds of tasks of the embedded Chakra's leads."""
    return list_task_types(Config.model_validate(build_config(load_team())), "lead")


def read(typed: str, types: tuple[TaskType, ...] | None = None) -> TaskLine:
    kinds = load_types() if types is None else types
    return read_task_line(parse_arguments(typed).tokens, kinds, ["lead"], MONDAY)


def describe(line: TaskLine) -> str:
    """Return a line's meaning: its parts with their names, in a fixed order."""
    moment = line.moment
    parts = {
        "record": f"{line.record_type} {line.record}".strip(),
        "names": ", ".join(f"[{line.get_name(span)}]" for span in line.spans),
        "task": line.kind.name if line.kind else "",
        "when": f"{moment.day or ''} {moment.time or ''}".strip() if moment else "",
        "who": ("@" if line.person.is_member_id else "") + line.person.text if line.person else "",
        "status": line.status,
        "values": ", ".join(f"{name}={value}" for name, value in line.values.items()),
        "words": " ".join(line.words),
        "note": " ".join(line.notes),
    }
    return " | ".join(f"{name} {text}" for name, text in parts.items() if text)
