"""Text objects, options and confirmation dialogs: Slack's composition objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.report import Json, Report

_TEXT_TYPES = ("plain_text", "mrkdwn")
_CONFIRM_PARTS = (("title", True), ("text", False), ("confirm", True), ("deny", True))


def check_text(
    report: Report, value: object, at: str, *, bounds: str = "text", plain: bool = False
) -> None:
    """Check a text object against the named bounds and Slack's general 3,000 characters."""
    text = report.mapping(value, at)
    if text is None:
        return
    kind = text.get("type")
    if kind not in _TEXT_TYPES:
        report.add("text.object", at, "failed to match all allowed schemas")
    elif plain and kind != "plain_text":
        report.add("text.plain", f"{at}/type", "must be plain_text")
    report.length("text", text.get("text"), f"{at}/text")
    if bounds != "text" and isinstance(text.get("text"), str):
        report.length(bounds, text["text"], f"{at}/text")


def check_confirm(report: Report, value: object, at: str) -> None:
    confirm = report.mapping(value, at)
    if confirm is None:
        return
    for part, plain in _CONFIRM_PARTS:
        if part not in confirm:
            report.missing("confirm", at, part)
        else:
            check_text(report, confirm[part], f"{at}/{part}", bounds=f"confirm.{part}", plain=plain)


def check_option(report: Report, value: object, at: str, *, plain: bool = True) -> None:
    """Check one option; radio buttons and checkboxes may use mrkdwn (``plain=False``)."""
    option = report.mapping(value, at)
    if option is None:
        return
    check_text(report, option.get("text"), f"{at}/text", bounds="option.text", plain=plain)
    report.length("option.value", option.get("value"), f"{at}/value")
    if isinstance(option.get("value"), str):
        report.length("option.value.75", option["value"], f"{at}/value")
    if "description" in option:
        where = f"{at}/description"
        check_text(report, option["description"], where, bounds="option.description", plain=plain)
    if "url" in option:
        report.add("option", f"{at}/url", "url is only available in overflow menus")


def check_options(report: Report, values: Sequence[Any], at: str, *, plain: bool = True) -> None:
    """Check each option, and warn of a value used twice."""
    seen: set[str] = set()
    for index, option in enumerate(values):
        check_option(report, option, f"{at}/{index}", plain=plain)
        value = option.get("value") if isinstance(option, dict) else None
        if isinstance(value, str) and value in seen:
            report.add("option.value.duplicate", f"{at}/{index}/value", "value is used twice")
        elif isinstance(value, str):
            seen.add(value)


def check_groups(report: Report, values: Sequence[Any], at: str) -> None:
    for index, value in enumerate(values):
        where = f"{at}/{index}"
        group = report.mapping(value, where)
        if group is None:
            continue
        label = group.get("label")
        check_text(report, label, f"{where}/label", bounds="select.group.label", plain=True)
        options = report.array(group.get("options"), f"{where}/options")
        if options is not None:
            report.count("select.group.options", len(options), f"{where}/options")
            check_options(report, options, f"{where}/options")


def options_of(element: Json) -> list[Any]:
    """Return a menu's options, those in groups included, however malformed it is."""
    found = _array(element.get("options"))
    for group in _array(element.get("option_groups")):
        if isinstance(group, dict):
            found.extend(_array(group.get("options")))
    return found


def same_option(one: object, other: object) -> bool:
    """Return whether two options are equal, apart from what Slack adds to stored text objects."""
    return _bare(one) == _bare(other)


def _array(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _bare(value: object) -> object:
    if isinstance(value, dict):
        return {key: _bare(v) for key, v in value.items() if key not in ("emoji", "verbatim")}
    return value
