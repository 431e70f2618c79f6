"""Modals, and the responses to a view submission and an options request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.blocks import check_blocks
from bot.sandbox.slack.limits.report import Finding, Json, Report
from bot.sandbox.slack.limits.rules import BOUNDS
from bot.sandbox.slack.limits.text import check_groups, check_options, check_text
from bot.sandbox.slack.limits.walk import flat_blocks

RESPONSE_ACTIONS = ("errors", "update", "push", "clear")


def check_view(value: object, at: str = "/view") -> list[Finding]:
    report = Report("modal")
    view = report.mapping(value, at)
    if view is None:
        return report.findings
    if view.get("type") != "modal":
        report.add("view.type", f"{at}/type", f"unsupported type: {view.get('type')}")
    _check_frame(report, view, at)
    blocks = report.array(view.get("blocks"), f"{at}/blocks")
    if blocks is not None:
        report.count("view.blocks", len(blocks), f"{at}/blocks")
        check_blocks(report, blocks, f"{at}/blocks")
        _check_inputs(report, view, blocks, at)
    if len(json.dumps(dict(view), default=str).encode()) > BOUNDS["view.size"].high:
        report.add("view.size", at, "must be less than 250 KB")
    return report.findings


def check_view_response(body: Json, view: Json) -> list[Finding]:
    """Check the response to a submission of ``view``; an empty one closes the view."""
    report = Report("modal")
    action = body.get("response_action")
    if not body:
        return []
    if action not in RESPONSE_ACTIONS:
        report.add("view_response", "/response_action", f"unsupported response_action: {action}")
    elif action == "errors":
        _check_errors(report, body, view)
    elif action in ("update", "push"):
        return report.findings + check_view(body.get("view"))
    return report.findings


def check_options_answer(body: object) -> list[Finding]:
    report = Report("modal")
    answer = report.mapping(body, "")
    if answer is None:
        return report.findings
    if ("options" in answer) == ("option_groups" in answer):
        report.add("options.count", "", "must have exactly one of options and option_groups")
        return report.findings
    field = "options" if "options" in answer else "option_groups"
    values = report.array(answer[field], f"/{field}")
    if values is not None:
        report.count("options.count", len(values), f"/{field}")
        check = check_options if field == "options" else check_groups
        check(report, values, f"/{field}")
    return report.findings


def _check_frame(report: Report, view: Json, at: str) -> None:
    if "title" not in view:
        report.missing("view.title", at, "title")
    else:
        check_text(report, view["title"], f"{at}/title", bounds="view.title", plain=True)
    for button in ("submit", "close"):
        if view.get(button) is not None:
            check_text(report, view[button], f"{at}/{button}", bounds="view.buttons", plain=True)
    if view.get("private_metadata") is not None:
        where = f"{at}/private_metadata"
        report.length("view.private_metadata", view["private_metadata"], where)
    for name in ("callback_id", "external_id"):
        if view.get(name) is not None:
            report.length("view.ids", view[name], f"{at}/{name}")


def _check_inputs(report: Report, view: Json, blocks: Sequence[Any], at: str) -> None:
    inputs = [block for block in flat_blocks(blocks) if block.get("type") == "input"]
    if inputs and view.get("submit") is None:
        report.missing("view.submit", at, "submit")
    if inputs and not view.get("callback_id"):
        report.add("view.callback", at, "inputs but no callback_id: nobody can route them")
    elements = [block.get("element") for block in inputs]
    focused = [e for e in elements if isinstance(e, dict) and e.get("focus_on_load")]
    report.count("view.focus", len(focused), f"{at}/blocks")


def _check_errors(report: Report, body: Json, view: Json) -> None:
    errors = report.mapping(body.get("errors"), "/errors")
    if errors is None:
        return
    if not errors:
        report.add("view_response", "/errors", "must have at least one error")
    blocks = flat_blocks(view.get("blocks"))
    inputs = [block.get("block_id") for block in blocks if block.get("type") == "input"]
    for block_id, sentence in errors.items():
        if not isinstance(sentence, str) or not sentence:
            report.add("view_response", f"/errors/{block_id}", "must be a message")
        if block_id not in inputs:
            report.add("view_response.id", f"/errors/{block_id}", "is no input block of the view")
