"""Layout blocks: their required fields, surfaces and IDs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.sandbox.slack.limits.charts import check_chart
from bot.sandbox.slack.limits.elements import check_element, check_image
from bot.sandbox.slack.limits.report import Json, Report
from bot.sandbox.slack.limits.text import check_text

MESSAGE_ONLY = frozenset({"data_visualization"})


def check_blocks(report: Report, blocks: Sequence[Any], at: str = "/blocks") -> None:
    """Check each block, and that ids are unique within the message or view."""
    block_ids: set[str] = set()
    for index, value in enumerate(blocks):
        where = f"{at}/{index}"
        block = report.mapping(value, where)
        if block is None:
            continue
        _check_id(report, block, where, block_ids)
        _check_block(report, block, where)


def _check_id(report: Report, block: Json, at: str, block_ids: set[str]) -> None:
    if "block_id" not in block:
        return
    block_id = block["block_id"]
    report.length("block.id", block_id, f"{at}/block_id")
    if isinstance(block_id, str) and block_id in block_ids:
        report.add("block.id.duplicate", f"{at}/block_id", "`block_id` must be unique")
    elif isinstance(block_id, str):
        block_ids.add(block_id)


def _check_block(report: Report, block: Json, at: str) -> None:
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in _CHECKS:
        report.add("block.unknown", f"{at}/type", f"unsupported type: {kind}")
        return
    if kind in MESSAGE_ONLY and report.surface != "message":
        report.add("surface", f"{at}/type", f"{kind} is not available in a {report.surface}")
    _CHECKS[kind](report, block, at)


def _section(report: Report, block: Json, at: str) -> None:
    if "text" not in block and "fields" not in block:
        report.missing("section", at, "text")
    if "text" in block:
        check_text(report, block["text"], f"{at}/text")
    if "fields" in block:
        fields = report.array(block["fields"], f"{at}/fields")
        if fields is not None:
            report.count("section.fields", len(fields), f"{at}/fields")
            for index, field in enumerate(fields):
                check_text(report, field, f"{at}/fields/{index}", bounds="section.field")
    if "accessory" in block:
        check_element(report, block["accessory"], f"{at}/accessory", place="section")


def _header(report: Report, block: Json, at: str) -> None:
    check_text(report, block.get("text"), f"{at}/text", bounds="header.text", plain=True)


def _context(report: Report, block: Json, at: str) -> None:
    for element, where in _elements(report, block, at, "context.elements"):
        if isinstance(element, dict) and element.get("type") in ("plain_text", "mrkdwn"):
            check_text(report, element, where)
        else:
            check_element(report, element, where, place="context")


def _actions(report: Report, block: Json, at: str) -> None:
    action_ids: set[str] = set()
    for element, where in _elements(report, block, at, "actions.elements"):
        check_element(report, element, where, place="actions")
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str) and action_id in action_ids:
            report.add("action.id.duplicate", f"{where}/action_id", "`action_id` must be unique")
        elif isinstance(action_id, str):
            action_ids.add(action_id)


def _elements(report: Report, block: Json, at: str, bounds: str) -> list[tuple[Any, str]]:
    elements = report.array(block.get("elements"), f"{at}/elements")
    if elements is None:
        return []
    report.count(bounds, len(elements), f"{at}/elements")
    return [(element, f"{at}/elements/{index}") for index, element in enumerate(elements)]


def _image(report: Report, block: Json, at: str) -> None:
    check_image(report, block, at)
    if "title" in block:
        check_text(report, block["title"], f"{at}/title", bounds="image.title", plain=True)


def _input(report: Report, block: Json, at: str) -> None:
    if "label" not in block:
        report.missing("input", at, "label")
    else:
        check_text(report, block["label"], f"{at}/label", bounds="input.label", plain=True)
    if "hint" in block:
        check_text(report, block["hint"], f"{at}/hint", bounds="input.hint", plain=True)
    if "block_id" not in block:
        report.add("input.id.missing", at, "no block_id: the answer cannot be read back")
    if "element" not in block:
        report.missing("input", at, "element")
        return
    element = block["element"]
    check_element(report, element, f"{at}/element", place="input")
    kind = element.get("type") if isinstance(element, dict) else None
    if kind == "file_input" and block.get("dispatch_action"):
        report.add("file_input", f"{at}/dispatch_action", "not available for file_input")


def _rich_text(report: Report, block: Json, at: str) -> None:
    report.array(block.get("elements"), f"{at}/elements")


def _nothing(report: Report, block: Json, at: str) -> None:
    """Accept a divider or a file: nothing in it can be too long."""


_CHECKS: Mapping[str, Callable[[Report, Json, str], None]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": _nothing,
    "file": _nothing,
    "image": _image,
    "input": _input,
    "rich_text": _rich_text,
    "data_visualization": check_chart,
}
