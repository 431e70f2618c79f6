"""Block elements: buttons, menus and inputs, and the blocks that may contain them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from bot.sandbox.slack.limits.report import Json, Report
from bot.sandbox.slack.limits.text import (
    check_confirm,
    check_groups,
    check_options,
    check_text,
    options_of,
    same_option,
)

_LISTS = ("users", "conversations", "channels")
_SINGLE = frozenset({"static_select", "external_select", *(f"{name}_select" for name in _LISTS)})
_MULTI = frozenset(f"multi_{name}" for name in _SINGLE)
_CHOICES = frozenset({"checkboxes", "radio_buttons"})
_TYPED = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})

PLACES: Mapping[str, frozenset[str]] = {
    "section": _CHOICES | _SINGLE | _MULTI | {"button", "image"},
    "actions": _CHOICES | _SINGLE | {"button"},
    "input": _CHOICES | _SINGLE | _MULTI | _TYPED | {"file_input"},
    "context": frozenset({"image", "plain_text", "mrkdwn"}),
}
"""The elements that a block may contain (docs.slack.dev/blocks.json, and each element's page)."""

_STYLES = ("primary", "danger")
_PASSIVE = frozenset({"image", "plain_text", "mrkdwn"})


def check_element(report: Report, value: object, at: str, *, place: str) -> None:
    """Check an element; ``place`` is the type of its block."""
    element = report.mapping(value, at)
    if element is None:
        return
    kind = element.get("type")
    if not isinstance(kind, str) or kind not in PLACES[place]:
        report.add("element.place", f"{at}/type", f"unsupported type: {kind} in {place}")
        return
    if kind == "file_input" and report.surface != "modal":
        report.add("surface.file_input", at, "file_input is available in modals only")
    if kind not in _PASSIVE:
        _check_action_id(report, element, at)
    if "placeholder" in element:
        where = f"{at}/placeholder"
        check_text(report, element["placeholder"], where, bounds="placeholder", plain=True)
    if "confirm" in element:
        check_confirm(report, element["confirm"], f"{at}/confirm")
    check = _CHECKS.get(kind)
    if check is not None:
        check(report, element, at)


def _check_action_id(report: Report, element: Json, at: str) -> None:
    if "action_id" in element:
        report.length("action.id", element["action_id"], f"{at}/action_id")
    else:
        report.add("action.id.missing", at, "no action_id: what is done here cannot be routed")


def check_image(report: Report, image: Json, at: str) -> None:
    """Check an image block or an image element: both have the same limits."""
    report.length("image.alt_text", image.get("alt_text"), f"{at}/alt_text")
    if ("image_url" in image) == ("slack_file" in image):
        report.add("image", at, "must have exactly one of image_url and slack_file")
    elif "image_url" in image:
        report.length("image.image_url", image["image_url"], f"{at}/image_url")


def _button(report: Report, button: Json, at: str) -> None:
    check_text(report, button.get("text"), f"{at}/text", bounds="button.text", plain=True)
    for field in ("value", "url", "accessibility_label"):
        if field in button:
            report.length(f"button.{field}", button[field], f"{at}/{field}")
    if "style" in button:
        report.one_of("button", button["style"], _STYLES, f"{at}/style")


def _static_select(report: Report, select: Json, at: str) -> None:
    if ("options" in select) == ("option_groups" in select):
        report.add("select", at, "must have exactly one of options and option_groups")
    if "options" in select:
        options = report.array(select["options"], f"{at}/options")
        if options is not None:
            report.count("select.options", len(options), f"{at}/options")
            check_options(report, options, f"{at}/options")
    if "option_groups" in select:
        groups = report.array(select["option_groups"], f"{at}/option_groups")
        if groups is not None:
            report.count("select.option_groups", len(groups), f"{at}/option_groups")
            check_groups(report, groups, f"{at}/option_groups")
    _initial_options(report, select, at)
    _select_bounds(report, select, at)


def _listed_select(report: Report, select: Json, at: str) -> None:
    """Check a menu whose options come from Slack or the app when it is opened."""
    if "options" in select or "option_groups" in select:
        report.add("select", at, "options do not belong here")
    _select_bounds(report, select, at)


def _select_bounds(report: Report, select: Json, at: str) -> None:
    for field, least in (("max_selected_items", 1), ("min_query_length", 0)):
        if field not in select:
            continue
        value = select[field]
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            report.add("select.max", f"{at}/{field}", f"must be at least {least}")


def _initial_options(report: Report, element: Json, at: str) -> None:
    offered = options_of(element)
    initial: list[object] = []
    if "initial_option" in element:
        initial.append(element["initial_option"])
    if isinstance(element.get("initial_options"), list):
        initial.extend(element["initial_options"])
    for option in initial:
        if not any(same_option(option, other) for other in offered):
            report.add("select.initial", at, "initial option must be one of the options")


def _choices(report: Report, element: Json, at: str) -> None:
    options = report.array(element.get("options"), f"{at}/options")
    if options is None:
        return
    report.count("choices.options", len(options), f"{at}/options")
    check_options(report, options, f"{at}/options", plain=False)
    _initial_options(report, element, at)


def _plain_text_input(report: Report, element: Json, at: str) -> None:
    low, high = element.get("min_length"), element.get("max_length")
    for field in ("min_length", "max_length"):
        if field in element:
            report.number(f"input.{field}", element[field], f"{at}/{field}")
    least = low if isinstance(low, int) else 0
    most = high if isinstance(high, int) else 3_000
    if least > most:
        report.add("plain_text_input", f"{at}/min_length", "must be at most max_length")
    if "initial_value" not in element:
        return
    value = element["initial_value"]
    if not isinstance(value, str):
        report.add("shape", f"{at}/initial_value", "must provide a string")
    elif not least <= len(value) <= most:
        report.add("plain_text_input", f"{at}/initial_value", "must keep min_length and max_length")


def _number_input(report: Report, element: Json, at: str) -> None:
    if not isinstance(element.get("is_decimal_allowed"), bool):
        report.missing("number_input", at, "is_decimal_allowed")
    fields = ("min_value", "initial_value", "max_value")
    numbers: list[Decimal] = []
    for field in fields:
        if field not in element:
            continue
        number = _decimal(element[field])
        if number is None:
            report.add("number_input", f"{at}/{field}", "must be a number in a string")
        else:
            numbers.append(number)
    if numbers != sorted(numbers):
        report.add("number_input", at, "min_value <= initial_value <= max_value")


def _decimal(value: object) -> Decimal | None:
    if not isinstance(value, str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _file_input(report: Report, element: Json, at: str) -> None:
    if "max_files" in element:
        report.number("file_input.max_files", element["max_files"], f"{at}/max_files")


_CHECKS: Mapping[str, Callable[[Report, Json, str], None]] = {
    "button": _button,
    "image": check_image,
    "static_select": _static_select,
    "multi_static_select": _static_select,
    **dict.fromkeys((_SINGLE | _MULTI) - {"static_select", "multi_static_select"}, _listed_select),
    **dict.fromkeys(_CHOICES, _choices),
    "plain_text_input": _plain_text_input,
    "number_input": _number_input,
    "file_input": _file_input,
}
