"""Modals and Home tabs, and the responses to a view submission and an options request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.blocks import check_blocks
from bot.sandbox.slack.limits.rules import BOUNDS
from bot.sandbox.slack.limits.text import check_option_groups, check_options, check_text
from bot.sandbox.slack.limits.traversal import iter_blocks
from bot.sandbox.slack.limits.validation_report import (
    Json,
    PayloadFinding,
    PayloadSurface,
    ValidationReport,
)

RESPONSE_ACTIONS = ("errors", "update", "push", "clear")
_MODAL_FIELDS = ("title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled")


def check_view(
    value: object, pointer: str = "/view", *, surface: PayloadSurface = "modal"
) -> list[PayloadFinding]:
    report = ValidationReport(surface)
    view = report.require_object(value, pointer)
    if view is None:
        return report.findings
    if view.get("type") != surface:
        report.add("view.type", f"{pointer}/type", f"unsupported type: {view.get('type')}")
    _check_view_fields(report, view, pointer)
    blocks = report.require_array(view.get("blocks"), f"{pointer}/blocks")
    if blocks is not None:
        report.check_count("view.blocks", len(blocks), f"{pointer}/blocks")
        check_blocks(report, blocks, f"{pointer}/blocks")
        _check_inputs(report, view, blocks, pointer)
    if len(json.dumps(dict(view), default=str).encode()) > BOUNDS["view.size"].high:
        report.add("view.size", pointer, "must be less than 250 KB")
    return report.findings


def check_view_response(body: Json, view: Json) -> list[PayloadFinding]:
    """Check the response to a submission of ``view``; an empty one closes the view."""
    report = ValidationReport("modal")
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


def check_options_response(body: object) -> list[PayloadFinding]:
    report = ValidationReport("modal")
    answer = report.require_object(body, "")
    if answer is None:
        return report.findings
    if ("options" in answer) == ("option_groups" in answer):
        report.add("options.count", "", "must have exactly one of options and option_groups")
        return report.findings
    field = "options" if "options" in answer else "option_groups"
    values = report.require_array(answer[field], f"/{field}")
    if values is not None:
        report.check_count("options.count", len(values), f"/{field}")
        check = check_options if field == "options" else check_option_groups
        check(report, values, f"/{field}")
    return report.findings


def _check_view_fields(report: ValidationReport, view: Json, pointer: str) -> None:
    if report.surface == "home":
        _check_home_fields(report, view, pointer)
    else:
        _check_modal_fields(report, view, pointer)
    if view.get("private_metadata") is not None:
        where = f"{pointer}/private_metadata"
        report.check_length("view.private_metadata", view["private_metadata"], where)
    for name in ("callback_id", "external_id"):
        if view.get(name) is not None:
            report.check_length("view.ids", view[name], f"{pointer}/{name}")


def _check_modal_fields(report: ValidationReport, view: Json, pointer: str) -> None:
    if "title" not in view:
        report.add_missing("view.title", pointer, "title")
    else:
        check_text(report, view["title"], f"{pointer}/title", bounds="view.title", plain=True)
    for button in ("submit", "close"):
        if view.get(button) is not None:
            check_text(
                report, view[button], f"{pointer}/{button}", bounds="view.buttons", plain=True
            )


def _check_home_fields(report: ValidationReport, view: Json, pointer: str) -> None:
    """Refuse what only modals have. docs.slack.dev/reference/views: the fields of a home view."""
    for name in _MODAL_FIELDS:
        if name in view:
            report.add("view.type", f"{pointer}/{name}", f"invalid additional property: {name}")


def _check_inputs(
    report: ValidationReport, view: Json, blocks: Sequence[Any], pointer: str
) -> None:
    inputs = [block for block in iter_blocks(blocks) if block.get("type") == "input"]
    if inputs and view.get("submit") is None and report.surface == "modal":
        report.add_missing("view.submit", pointer, "submit")
    if inputs and not view.get("callback_id") and report.surface == "modal":
        report.add("view.callback", pointer, "inputs but no callback_id: they can't be routed")
    elements = [block.get("element") for block in inputs]
    focused = [e for e in elements if isinstance(e, dict) and e.get("focus_on_load")]
    report.check_count("view.focus", len(focused), f"{pointer}/blocks")


def _check_errors(report: ValidationReport, body: Json, view: Json) -> None:
    errors = report.require_object(body.get("errors"), "/errors")
    if errors is None:
        return
    if not errors:
        report.add("view_response", "/errors", "must have at least one error")
    blocks = iter_blocks(view.get("blocks"))
    inputs = [block.get("block_id") for block in blocks if block.get("type") == "input"]
    for block_id, sentence in errors.items():
        if not isinstance(sentence, str) or not sentence:
            report.add("view_response", f"/errors/{block_id}", "must be a message")
        if block_id not in inputs:
            report.add(
                "view_response.id", f"/errors/{block_id}", "is not an input block of the view"
            )
