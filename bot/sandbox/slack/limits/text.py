"""Text objects, options and confirmation dialogs: Slack's composition objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.validation_report import Json, ValidationReport

_TEXT_TYPES = ("plain_text", "mrkdwn")
_CONFIRM_PARTS = (("title", True), ("text", False), ("confirm", True), ("deny", True))


def check_text(
    report: ValidationReport,
    value: object,
    pointer: str,
    *,
    bounds: str = "text",
    plain: bool = False,
) -> None:
    """Check a text object against the named bounds and Slack's general 3,000 characters."""
    text = report.require_object(value, pointer)
    if text is None:
        return
    kind = text.get("type")
    if kind not in _TEXT_TYPES:
        report.add("text.object", pointer, "failed to match all allowed schemas")
    elif plain and kind != "plain_text":
        report.add("text.plain", f"{pointer}/type", "must be plain_text")
    report.check_length("text", text.get("text"), f"{pointer}/text")
    if bounds != "text" and isinstance(text.get("text"), str):
        report.check_length(bounds, text["text"], f"{pointer}/text")


def check_confirm(report: ValidationReport, value: object, pointer: str) -> None:
    confirm = report.require_object(value, pointer)
    if confirm is None:
        return
    for part, plain in _CONFIRM_PARTS:
        if part not in confirm:
            report.add_missing("confirm", pointer, part)
        else:
            check_text(
                report, confirm[part], f"{pointer}/{part}", bounds=f"confirm.{part}", plain=plain
            )


def check_option(
    report: ValidationReport, value: object, pointer: str, *, plain: bool = True
) -> None:
    """Check one option; radio buttons and checkboxes may use mrkdwn (``plain=False``)."""
    option = report.require_object(value, pointer)
    if option is None:
        return
    check_text(report, option.get("text"), f"{pointer}/text", bounds="option.text", plain=plain)
    report.check_length("option.value", option.get("value"), f"{pointer}/value")
    if isinstance(option.get("value"), str):
        report.check_length("option.value.75", option["value"], f"{pointer}/value")
    if "description" in option:
        where = f"{pointer}/description"
        check_text(report, option["description"], where, bounds="option.description", plain=plain)
    if "url" in option:
        report.add("option", f"{pointer}/url", "url is only available in overflow menus")


def check_options(
    report: ValidationReport, values: Sequence[Any], pointer: str, *, plain: bool = True
) -> None:
    """Check each option, and warn of a value used twice."""
    seen: set[str] = set()
    for index, option in enumerate(values):
        check_option(report, option, f"{pointer}/{index}", plain=plain)
        value = option.get("value") if isinstance(option, dict) else None
        if isinstance(value, str) and value in seen:
            report.add("option.value.duplicate", f"{pointer}/{index}/value", "value is used twice")
        elif isinstance(value, str):
            seen.add(value)


def check_option_groups(report: ValidationReport, values: Sequence[Any], pointer: str) -> None:
    for index, value in enumerate(values):
        where = f"{pointer}/{index}"
        group = report.require_object(value, where)
        if group is None:
            continue
        label = group.get("label")
        check_text(report, label, f"{where}/label", bounds="select.group.label", plain=True)
        options = report.require_array(group.get("options"), f"{where}/options")
        if options is not None:
            report.check_count("select.group.options", len(options), f"{where}/options")
            check_options(report, options, f"{where}/options")


def list_options(element: Json) -> list[Any]:
    """Return a menu's options, including those in groups, however malformed it is."""
    found = _as_list(element.get("options"))
    for group in _as_list(element.get("option_groups")):
        if isinstance(group, dict):
            found.extend(_as_list(group.get("options")))
    return found


def is_same_option(one: object, other: object) -> bool:
    """Return whether two options are equal, apart from what Slack adds to stored text objects."""
    return _remove_defaults(one) == _remove_defaults(other)


def _as_list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _remove_defaults(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: _remove_defaults(v) for key, v in value.items() if key not in ("emoji", "verbatim")
        }
    return value
