"""Layout blocks: what each must hold, on which surface it may stand, and its ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.sandbox.slack.limits.elements import check_element, check_image
from bot.sandbox.slack.limits.newer_blocks import (
    CONTAINER_CHILDREN,
    check_alert,
    check_card,
    check_carousel,
    check_chart,
    check_container_head,
    check_plan,
    check_task_card,
)
from bot.sandbox.slack.limits.report import Json, Report
from bot.sandbox.slack.limits.tables import check_data_table, check_table
from bot.sandbox.slack.limits.text import check_text

MODAL_ONLY = frozenset({"alert"})
MESSAGE_ONLY = frozenset(
    {"context_actions", "data_visualization", "markdown", "plan", "table", "task_card"}
)


def check_blocks(report: Report, blocks: Sequence[Any], at: str = "/blocks") -> None:
    """Every block by itself, and the ids that must differ within one message or view."""
    _check_each(report, blocks, at, set(), allowed=None)


def _check_each(
    report: Report,
    blocks: Sequence[Any],
    at: str,
    block_ids: set[str],
    allowed: frozenset[str] | None,
) -> None:
    for index, value in enumerate(blocks):
        where = f"{at}/{index}"
        block = report.mapping(value, where)
        if block is None:
            continue
        _check_id(report, block, where, block_ids)
        if allowed is not None and str(block.get("type")) not in allowed:
            report.add("container", f"{where}/type", f"unsupported type: {block.get('type')}")
            continue
        _check_block(report, block, where)
        if block.get("type") == "container":
            children = report.array(block.get("child_blocks"), f"{where}/child_blocks")
            if children is not None:
                report.count("container.child_blocks", len(children), f"{where}/child_blocks")
                inner = f"{where}/child_blocks"
                _check_each(report, children, inner, block_ids, CONTAINER_CHILDREN)


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
    forbidden = MODAL_ONLY if report.surface == "message" else MESSAGE_ONLY
    if kind in forbidden:
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
    kind = str(block.get("type"))
    action_ids: set[str] = set()
    for element, where in _elements(report, block, at, f"{kind}.elements"):
        check_element(report, element, where, place=kind)
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


def _markdown(report: Report, block: Json, at: str) -> None:
    report.length("markdown.text", block.get("text"), f"{at}/text")


def _video(report: Report, block: Json, at: str) -> None:
    check_text(report, block.get("title"), f"{at}/title", bounds="video.title", plain=True)
    report.length("video.alt_text", block.get("alt_text"), f"{at}/alt_text")
    if "author_name" in block:
        report.length("video.author_name", block["author_name"], f"{at}/author_name")
    for field in ("video_url", "thumbnail_url"):
        if not str(block.get(field, "")).startswith("https://"):
            report.add("video", f"{at}/{field}", "must be an https URL")


def _rich_text(report: Report, block: Json, at: str) -> None:
    report.array(block.get("elements"), f"{at}/elements")


def _nothing(report: Report, block: Json, at: str) -> None:
    """A divider, a file: nothing in it can be too long."""


_CHECKS: Mapping[str, Callable[[Report, Json, str], None]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "context_actions": _actions,
    "divider": _nothing,
    "file": _nothing,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "video": _video,
    "table": check_table,
    "data_table": check_data_table,
    "data_visualization": check_chart,
    "alert": check_alert,
    "card": check_card,
    "carousel": check_carousel,
    "container": check_container_head,
    "task_card": check_task_card,
    "plan": check_plan,
}
