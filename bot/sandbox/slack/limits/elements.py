"""Block elements: buttons, menus and inputs, and the blocks that may contain them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation

from bot.sandbox.slack.limits.text import (
    check_confirm,
    check_option_groups,
    check_options,
    check_text,
    is_same_option,
    list_options,
)
from bot.sandbox.slack.limits.validation_report import Json, ValidationReport

_LISTED_KINDS = ("users", "conversations", "channels")
_SINGLE = frozenset(
    {"static_select", "external_select", *(f"{name}_select" for name in _LISTED_KINDS)}
)
_MULTI = frozenset(f"multi_{name}" for name in _SINGLE)
_CHOICES = frozenset({"checkboxes", "radio_buttons"})
_PICKERS = frozenset({"datepicker", "timepicker"})
_TEXT_INPUTS = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})

ALLOWED_ELEMENTS: Mapping[str, frozenset[str]] = {
    "section": _CHOICES | _SINGLE | _MULTI | _PICKERS | {"button", "image"},
    "actions": _CHOICES | _SINGLE | _PICKERS | {"button", "datetimepicker"},
    "input": _CHOICES
    | _SINGLE
    | _MULTI
    | _PICKERS
    | _TEXT_INPUTS
    | {"file_input", "datetimepicker"},
    "context": frozenset({"image", "plain_text", "mrkdwn"}),
}
"""The elements that a block may contain (docs.slack.dev/blocks.json, and each element's page)."""

_STYLES = ("primary", "danger")
_WITHOUT_ACTION_ID = frozenset({"image", "plain_text", "mrkdwn"})


def check_element(report: ValidationReport, value: object, pointer: str, *, container: str) -> None:
    """Check an element; ``container`` is the type of its block."""
    element = report.require_object(value, pointer)
    if element is None:
        return
    kind = element.get("type")
    if not isinstance(kind, str) or kind not in ALLOWED_ELEMENTS[container]:
        report.add("element.place", f"{pointer}/type", f"unsupported type: {kind} in {container}")
        return
    if kind == "file_input" and report.surface != "modal":
        report.add("surface.file_input", pointer, "file_input is available in modals only")
    if kind not in _WITHOUT_ACTION_ID:
        _check_action_id(report, element, pointer)
    if "placeholder" in element:
        where = f"{pointer}/placeholder"
        check_text(report, element["placeholder"], where, bounds="placeholder", plain=True)
    if "confirm" in element:
        check_confirm(report, element["confirm"], f"{pointer}/confirm")
    check = _CHECKS.get(kind)
    if check is not None:
        check(report, element, pointer)


def _check_action_id(report: ValidationReport, element: Json, pointer: str) -> None:
    if "action_id" in element:
        report.check_length("action.id", element["action_id"], f"{pointer}/action_id")
    else:
        report.add("action.id.missing", pointer, "no action_id: what is done here cannot be routed")


def check_image(report: ValidationReport, image: Json, pointer: str) -> None:
    """Check an image block or an image element: both have the same limits."""
    report.check_length("image.alt_text", image.get("alt_text"), f"{pointer}/alt_text")
    if ("image_url" in image) == ("slack_file" in image):
        report.add("image", pointer, "must have exactly one of image_url and slack_file")
    elif "image_url" in image:
        report.check_length("image.image_url", image["image_url"], f"{pointer}/image_url")


def _check_button(report: ValidationReport, button: Json, pointer: str) -> None:
    check_text(report, button.get("text"), f"{pointer}/text", bounds="button.text", plain=True)
    for field in ("value", "url", "accessibility_label"):
        if field in button:
            report.check_length(f"button.{field}", button[field], f"{pointer}/{field}")
    if "style" in button:
        report.check_one_of("button", button["style"], _STYLES, f"{pointer}/style")


def _check_static_select(report: ValidationReport, select: Json, pointer: str) -> None:
    if ("options" in select) == ("option_groups" in select):
        report.add("select", pointer, "must have exactly one of options and option_groups")
    if "options" in select:
        options = report.require_array(select["options"], f"{pointer}/options")
        if options is not None:
            report.check_count("select.options", len(options), f"{pointer}/options")
            check_options(report, options, f"{pointer}/options")
    if "option_groups" in select:
        groups = report.require_array(select["option_groups"], f"{pointer}/option_groups")
        if groups is not None:
            report.check_count("select.option_groups", len(groups), f"{pointer}/option_groups")
            check_option_groups(report, groups, f"{pointer}/option_groups")
    _check_initial_options(report, select, pointer)
    _check_select_bounds(report, select, pointer)


def _check_dynamic_select(report: ValidationReport, select: Json, pointer: str) -> None:
    """Check a menu whose options come from Slack or the app when it is opened."""
    if "options" in select or "option_groups" in select:
        report.add("select", pointer, "options do not belong here")
    _check_select_bounds(report, select, pointer)


def _check_select_bounds(report: ValidationReport, select: Json, pointer: str) -> None:
    for field, least in (("max_selected_items", 1), ("min_query_length", 0)):
        if field not in select:
            continue
        value = select[field]
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            report.add("select.max", f"{pointer}/{field}", f"must be at least {least}")


def _check_initial_options(report: ValidationReport, element: Json, pointer: str) -> None:
    offered = list_options(element)
    initial: list[object] = []
    if "initial_option" in element:
        initial.append(element["initial_option"])
    if isinstance(element.get("initial_options"), list):
        initial.extend(element["initial_options"])
    for option in initial:
        if not any(is_same_option(option, other) for other in offered):
            report.add("select.initial", pointer, "initial option must be one of the options")


def _check_choices(report: ValidationReport, element: Json, pointer: str) -> None:
    options = report.require_array(element.get("options"), f"{pointer}/options")
    if options is None:
        return
    report.check_count("choices.options", len(options), f"{pointer}/options")
    check_options(report, options, f"{pointer}/options", plain=False)
    _check_initial_options(report, element, pointer)


def _check_plain_text_input(report: ValidationReport, element: Json, pointer: str) -> None:
    low, high = element.get("min_length"), element.get("max_length")
    for field in ("min_length", "max_length"):
        if field in element:
            report.check_integer(f"input.{field}", element[field], f"{pointer}/{field}")
    least = low if isinstance(low, int) else 0
    most = high if isinstance(high, int) else 3_000
    if least > most:
        report.add("plain_text_input", f"{pointer}/min_length", "must be at most max_length")
    if "initial_value" not in element:
        return
    value = element["initial_value"]
    if not isinstance(value, str):
        report.add("shape", f"{pointer}/initial_value", "must provide a string")
    elif not least <= len(value) <= most:
        report.add(
            "plain_text_input", f"{pointer}/initial_value", "must keep min_length and max_length"
        )


def _check_number_input(report: ValidationReport, element: Json, pointer: str) -> None:
    if not isinstance(element.get("is_decimal_allowed"), bool):
        report.add_missing("number_input", pointer, "is_decimal_allowed")
    fields = ("min_value", "initial_value", "max_value")
    numbers: list[Decimal] = []
    for field in fields:
        if field not in element:
            continue
        number = _parse_decimal(element[field])
        if number is None:
            report.add("number_input", f"{pointer}/{field}", "must be a number in a string")
        else:
            numbers.append(number)
    if numbers != sorted(numbers):
        report.add("number_input", pointer, "min_value <= initial_value <= max_value")


def _parse_decimal(value: object) -> Decimal | None:
    if not isinstance(value, str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _check_datetime_picker(report: ValidationReport, element: Json, pointer: str) -> None:
    """Check the initial moment: a Unix timestamp in seconds of ten digits, as an integer."""
    if "initial_date_time" not in element:
        return
    moment = element["initial_date_time"]
    if not isinstance(moment, int) or isinstance(moment, bool) or len(str(moment)) != 10:
        report.add("picker", f"{pointer}/initial_date_time", "must be 10 digits")


def _check_picker(report: ValidationReport, element: Json, pointer: str) -> None:
    """Check the initial date (``YYYY-MM-DD``) or time (``HH:mm``, 24 hours)."""
    kind = str(element["type"]).removesuffix("picker")
    field = f"initial_{kind}"
    if field in element and not is_date_or_time(kind, element[field]):
        report.add("picker", f"{pointer}/{field}", f"must be a {kind}, like {_EXAMPLES[kind]}")
    if kind == "time" and not isinstance(element.get("timezone", ""), str):
        report.add("shape", f"{pointer}/timezone", "must provide a string")


def is_date_or_time(kind: str, value: object) -> bool:
    """Return whether the text is a ``date`` or a ``time`` in the only form that Slack takes."""
    if not isinstance(value, str) or len(value) != len(_EXAMPLES[kind]):
        return False
    try:
        datetime.strptime(value, _FORMATS[kind])  # noqa: DTZ007 - without a zone, as Slack has it
    except ValueError:
        return False
    return True


_FORMATS: Mapping[str, str] = {"date": "%Y-%m-%d", "time": "%H:%M"}
_EXAMPLES: Mapping[str, str] = {"date": "1990-04-28", "time": "09:30"}


def _check_file_input(report: ValidationReport, element: Json, pointer: str) -> None:
    if "max_files" in element:
        report.check_integer("file_input.max_files", element["max_files"], f"{pointer}/max_files")


_CHECKS: Mapping[str, Callable[[ValidationReport, Json, str], None]] = {
    "button": _check_button,
    "image": check_image,
    "static_select": _check_static_select,
    "multi_static_select": _check_static_select,
    **dict.fromkeys(
        (_SINGLE | _MULTI) - {"static_select", "multi_static_select"}, _check_dynamic_select
    ),
    **dict.fromkeys(_CHOICES, _check_choices),
    "plain_text_input": _check_plain_text_input,
    "number_input": _check_number_input,
    "datetimepicker": _check_datetime_picker,
    **dict.fromkeys(_PICKERS, _check_picker),
    "file_input": _check_file_input,
}
