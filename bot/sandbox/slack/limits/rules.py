"""Slack's payload limits in two tables: each rule with its source, each number with its rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

_KIT = "docs.slack.dev/reference/block-kit/"
_BLOCKS = _KIT + "blocks/"
_ELEMENTS = _KIT + "block-elements/"
_OBJECTS = _KIT + "composition-objects/"
_POST = "docs.slack.dev/reference/methods/chat.postMessage"
_VIEWS = "docs.slack.dev/reference/views, docs.slack.dev/surfaces/modals"
_VIEWS_OPEN = "docs.slack.dev/reference/methods/views.open"
_COMMANDS = "docs.slack.dev/interactivity/implementing-slash-commands"
_MODALS = "docs.slack.dev/surfaces/modals"
_MATRIX = "docs.slack.dev/blocks.json"
_LONG_BLOCKS = "observed: github.com/slackapi/bolt-js/issues/2509 and 2867"


class PayloadRule(NamedTuple):
    """A rule; ``code`` is Slack's error if the rule has its own, otherwise the surface's."""

    level: Literal["error", "warn"]
    source: str
    code: str = ""


class PayloadBounds(NamedTuple):
    rule: str
    low: int
    high: int


def _build_error_rule(source: str, code: str = "") -> PayloadRule:
    return PayloadRule("error", source, code)


def _warn(source: str) -> PayloadRule:
    return PayloadRule("warn", source)


RULES: Mapping[str, PayloadRule] = {
    "shape": _build_error_rule("a value has the wrong JSON type for any limit to be checked"),
    "message.empty": _build_error_rule(_POST, "no_text"),
    "message.blocks": _build_error_rule(_BLOCKS),
    "message.text": _build_error_rule(_POST),
    "message.text.long": _warn(_POST),
    "message.fallback": _warn(_POST),
    "message.attachments": _build_error_rule(_POST, "too_many_attachments"),
    "message.size": _build_error_rule(_LONG_BLOCKS, "msg_blocks_too_long"),
    "message.charts": _build_error_rule(_BLOCKS + "data-visualization-block"),
    "message.cells": _build_error_rule(_BLOCKS + "data-table-block"),
    "respond.type": _build_error_rule(_COMMANDS, "invalid_payload"),
    "view.type": _build_error_rule(_VIEWS),
    "view.blocks": _build_error_rule(_VIEWS),
    "view.title": _build_error_rule(_VIEWS),
    "view.buttons": _build_error_rule(_VIEWS),
    "view.submit": _build_error_rule(_VIEWS),
    "view.private_metadata": _build_error_rule(_VIEWS),
    "view.ids": _build_error_rule(_VIEWS),
    "view.size": _build_error_rule(_VIEWS_OPEN, "view_too_large"),
    "view.focus": _build_error_rule(_VIEWS),
    "view.callback": _warn(_VIEWS),
    "surface": _build_error_rule(_MATRIX),
    "surface.file_input": _build_error_rule(_ELEMENTS + "file-input-element"),
    "block.unknown": _build_error_rule(_BLOCKS),
    "block.id": _build_error_rule(_BLOCKS),
    "block.id.duplicate": _build_error_rule(_BLOCKS),
    "action.id": _build_error_rule(_ELEMENTS),
    "action.id.duplicate": _build_error_rule(_ELEMENTS),
    "action.id.missing": _warn(_ELEMENTS),
    "input.id.missing": _warn(_BLOCKS + "input-block"),
    "text.object": _build_error_rule(_OBJECTS + "text-object"),
    "text.plain": _build_error_rule(_KIT),
    "section": _build_error_rule(_BLOCKS + "section-block"),
    "section.field": _build_error_rule(_BLOCKS + "section-block"),
    "header": _build_error_rule(_BLOCKS + "header-block"),
    "context": _build_error_rule(_BLOCKS + "context-block"),
    "actions": _build_error_rule(_BLOCKS + "actions-block"),
    "image": _build_error_rule(_BLOCKS + "image-block"),
    "input": _build_error_rule(_BLOCKS + "input-block"),
    "chart": _build_error_rule(_BLOCKS + "data-visualization-block"),
    "data_table": _build_error_rule(_BLOCKS + "data-table-block"),
    "data_table.cells": _build_error_rule(_BLOCKS + "data-table-block"),
    "button": _build_error_rule(_ELEMENTS + "button-element"),
    "select": _build_error_rule(_ELEMENTS + "select-menu-element"),
    "select.group": _build_error_rule(_OBJECTS + "option-group-object"),
    "select.initial": _build_error_rule(_ELEMENTS + "select-menu-element"),
    "select.max": _build_error_rule(_ELEMENTS + "multi-select-menu-element"),
    "option": _build_error_rule(_OBJECTS + "option-object"),
    "option.value.75": _warn("@slack/types composition-objects.d.ts"),
    "option.value.duplicate": _warn(_OBJECTS + "option-object"),
    "choices": _build_error_rule(_ELEMENTS + "checkboxes-element"),
    "placeholder": _build_error_rule(_ELEMENTS),
    "confirm": _build_error_rule(_OBJECTS + "confirmation-dialog-object"),
    "plain_text_input": _build_error_rule(_ELEMENTS + "plain-text-input-element"),
    "number_input": _build_error_rule(_ELEMENTS + "number-input-element"),
    "picker": _build_error_rule(_ELEMENTS + "datetime-picker-element"),
    "file_input": _build_error_rule(_ELEMENTS + "file-input-element"),
    "element.place": _build_error_rule(_MATRIX),
    "options.count": _build_error_rule(_ELEMENTS + "select-menu-element"),
    "view_response": _build_error_rule(_MODALS),
    "view_response.id": _build_error_rule(_MODALS),
}
"""``message.size`` is reported as "about 12,000 to 13,000": the lower end applies here."""

BOUNDS: Mapping[str, PayloadBounds] = {
    "message.blocks": PayloadBounds("message.blocks", 0, 50),
    "message.text": PayloadBounds("message.text", 0, 40_000),
    "message.text.long": PayloadBounds("message.text.long", 0, 4_000),
    "message.attachments": PayloadBounds("message.attachments", 0, 100),
    "message.size": PayloadBounds("message.size", 0, 12_000),
    "message.charts": PayloadBounds("message.charts", 0, 2),
    "message.cells": PayloadBounds("message.cells", 0, 10_000),
    "view.blocks": PayloadBounds("view.blocks", 1, 100),
    "view.title": PayloadBounds("view.title", 1, 24),
    "view.buttons": PayloadBounds("view.buttons", 1, 24),
    "view.private_metadata": PayloadBounds("view.private_metadata", 0, 3_000),
    "view.ids": PayloadBounds("view.ids", 0, 255),
    "view.size": PayloadBounds("view.size", 0, 250_000),
    "view.focus": PayloadBounds("view.focus", 0, 1),
    "block.id": PayloadBounds("block.id", 1, 255),
    "action.id": PayloadBounds("action.id", 1, 255),
    "text": PayloadBounds("text.object", 1, 3_000),
    "section.fields": PayloadBounds("section", 1, 10),
    "section.field": PayloadBounds("section.field", 1, 2_000),
    "header.text": PayloadBounds("header", 1, 150),
    "context.elements": PayloadBounds("context", 1, 10),
    "actions.elements": PayloadBounds("actions", 1, 25),
    "image.alt_text": PayloadBounds("image", 1, 2_000),
    "image.image_url": PayloadBounds("image", 1, 3_000),
    "image.title": PayloadBounds("image", 1, 2_000),
    "input.label": PayloadBounds("input", 1, 2_000),
    "input.hint": PayloadBounds("input", 1, 2_000),
    "chart.title": PayloadBounds("chart", 1, 50),
    "chart.segments": PayloadBounds("chart", 1, 6),
    "chart.series": PayloadBounds("chart", 1, 6),
    "chart.categories": PayloadBounds("chart", 1, 20),
    "chart.label": PayloadBounds("chart", 1, 20),
    "chart.axis": PayloadBounds("chart", 1, 50),
    "data_table.caption": PayloadBounds("data_table", 1, 3_000),
    "data_table.page_size": PayloadBounds("data_table", 1, 100),
    "data_table.rows": PayloadBounds("data_table", 2, 101),
    "data_table.columns": PayloadBounds("data_table", 1, 20),
    "data_table.text": PayloadBounds("data_table", 1, 10_000),
    "data_table.cells": PayloadBounds("data_table.cells", 0, 10_000),
    "button.text": PayloadBounds("button", 1, 75),
    "button.value": PayloadBounds("button", 0, 2_000),
    "button.url": PayloadBounds("button", 1, 3_000),
    "button.accessibility_label": PayloadBounds("button", 1, 75),
    "select.options": PayloadBounds("select", 1, 100),
    "select.option_groups": PayloadBounds("select", 1, 100),
    "select.group.label": PayloadBounds("select.group", 1, 75),
    "select.group.options": PayloadBounds("select.group", 1, 100),
    "option.text": PayloadBounds("option", 1, 75),
    "option.value": PayloadBounds("option", 1, 150),
    "option.value.75": PayloadBounds("option.value.75", 0, 75),
    "option.description": PayloadBounds("option", 1, 75),
    "choices.options": PayloadBounds("choices", 1, 10),
    "placeholder": PayloadBounds("placeholder", 1, 150),
    "confirm.title": PayloadBounds("confirm", 1, 100),
    "confirm.text": PayloadBounds("confirm", 1, 300),
    "confirm.confirm": PayloadBounds("confirm", 1, 30),
    "confirm.deny": PayloadBounds("confirm", 1, 30),
    "input.min_length": PayloadBounds("plain_text_input", 0, 3_000),
    "input.max_length": PayloadBounds("plain_text_input", 1, 3_000),
    "file_input.max_files": PayloadBounds("file_input", 1, 10),
    "options.count": PayloadBounds("options.count", 0, 100),
}
"""Characters of a string, or items of an array, inclusive, from the rule's source."""
