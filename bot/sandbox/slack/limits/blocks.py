"""Layout blocks: their required fields, surfaces and IDs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.sandbox.slack.limits.charts import check_chart
from bot.sandbox.slack.limits.elements import check_element, check_image
from bot.sandbox.slack.limits.tables import check_data_table
from bot.sandbox.slack.limits.text import check_text
from bot.sandbox.slack.limits.validation_report import Json, ValidationReport

MESSAGE_ONLY = frozenset({"data_visualization", "data_table"})


def check_blocks(report: ValidationReport, blocks: Sequence[Any], pointer: str = "/blocks") -> None:
    """Check each block, and that ids are unique within the message or view."""
    block_ids: set[str] = set()
    for index, value in enumerate(blocks):
        where = f"{pointer}/{index}"
        block = report.require_object(value, where)
        if block is None:
            continue
        _check_id(report, block, where, block_ids)
        _check_block(report, block, where)


def _check_id(report: ValidationReport, block: Json, pointer: str, block_ids: set[str]) -> None:
    if "block_id" not in block:
        return
    block_id = block["block_id"]
    report.check_length("block.id", block_id, f"{pointer}/block_id")
    if isinstance(block_id, str) and block_id in block_ids:
        report.add("block.id.duplicate", f"{pointer}/block_id", "`block_id` must be unique")
    elif isinstance(block_id, str):
        block_ids.add(block_id)


def _check_block(report: ValidationReport, block: Json, pointer: str) -> None:
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in _CHECKS:
        report.add("block.unknown", f"{pointer}/type", f"unsupported type: {kind}")
        return
    if kind in MESSAGE_ONLY and report.surface != "message":
        report.add("surface", f"{pointer}/type", f"{kind} is not available in a {report.surface}")
    _CHECKS[kind](report, block, pointer)


def _check_section(report: ValidationReport, block: Json, pointer: str) -> None:
    if "text" not in block and "fields" not in block:
        report.add_missing("section", pointer, "text")
    if "text" in block:
        check_text(report, block["text"], f"{pointer}/text")
    if "fields" in block:
        fields = report.require_array(block["fields"], f"{pointer}/fields")
        if fields is not None:
            report.check_count("section.fields", len(fields), f"{pointer}/fields")
            for index, field in enumerate(fields):
                check_text(report, field, f"{pointer}/fields/{index}", bounds="section.field")
    if "accessory" in block:
        check_element(report, block["accessory"], f"{pointer}/accessory", container="section")


def _check_header(report: ValidationReport, block: Json, pointer: str) -> None:
    check_text(report, block.get("text"), f"{pointer}/text", bounds="header.text", plain=True)


def _check_context(report: ValidationReport, block: Json, pointer: str) -> None:
    for element, where in _check_element_count(report, block, pointer, "context.elements"):
        if isinstance(element, dict) and element.get("type") in ("plain_text", "mrkdwn"):
            check_text(report, element, where)
        else:
            check_element(report, element, where, container="context")


def _check_actions(report: ValidationReport, block: Json, pointer: str) -> None:
    action_ids: set[str] = set()
    for element, where in _check_element_count(report, block, pointer, "actions.elements"):
        check_element(report, element, where, container="actions")
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str) and action_id in action_ids:
            report.add("action.id.duplicate", f"{where}/action_id", "`action_id` must be unique")
        elif isinstance(action_id, str):
            action_ids.add(action_id)


def _check_element_count(
    report: ValidationReport, block: Json, pointer: str, bounds: str
) -> list[tuple[Any, str]]:
    elements = report.require_array(block.get("elements"), f"{pointer}/elements")
    if elements is None:
        return []
    report.check_count(bounds, len(elements), f"{pointer}/elements")
    return [(element, f"{pointer}/elements/{index}") for index, element in enumerate(elements)]


def _check_image_block(report: ValidationReport, block: Json, pointer: str) -> None:
    check_image(report, block, pointer)
    if "title" in block:
        check_text(report, block["title"], f"{pointer}/title", bounds="image.title", plain=True)


def _check_input(report: ValidationReport, block: Json, pointer: str) -> None:
    if "label" not in block:
        report.add_missing("input", pointer, "label")
    else:
        check_text(report, block["label"], f"{pointer}/label", bounds="input.label", plain=True)
    if "hint" in block:
        check_text(report, block["hint"], f"{pointer}/hint", bounds="input.hint", plain=True)
    if "block_id" not in block:
        report.add("input.id.missing", pointer, "no block_id: the answer cannot be read back")
    if "element" not in block:
        report.add_missing("input", pointer, "element")
        return
    element = block["element"]
    check_element(report, element, f"{pointer}/element", container="input")
    kind = element.get("type") if isinstance(element, dict) else None
    if kind == "file_input" and block.get("dispatch_action"):
        report.add("file_input", f"{pointer}/dispatch_action", "not available for file_input")


def _check_rich_text(report: ValidationReport, block: Json, pointer: str) -> None:
    report.require_array(block.get("elements"), f"{pointer}/elements")


def _check_nothing(report: ValidationReport, block: Json, pointer: str) -> None:
    """Accept a divider or a file: nothing in it can be too long."""


_CHECKS: Mapping[str, Callable[[ValidationReport, Json, str], None]] = {
    "section": _check_section,
    "header": _check_header,
    "context": _check_context,
    "actions": _check_actions,
    "divider": _check_nothing,
    "file": _check_nothing,
    "image": _check_image_block,
    "input": _check_input,
    "rich_text": _check_rich_text,
    "data_visualization": check_chart,
    "data_table": check_data_table,
}
