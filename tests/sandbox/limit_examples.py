"""Payloads for every rule: some that break it, and some that just keep it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.slack.limits import (
    Finding,
    check_message,
    check_options_answer,
    check_response,
    check_view,
    check_view_response,
)
from tests.sandbox.limit_payloads import (
    Json,
    actions,
    asked,
    bar,
    button,
    buttons,
    card,
    cells,
    confirm,
    container,
    data_table,
    image,
    message,
    option,
    options,
    overflow,
    pie,
    section,
    select,
    table,
    text,
    video,
    view,
)

FORM = view(asked({"type": "plain_text_input"}))
ERRORS = {"response_action": "errors", "errors": {"b": "No."}}

Check = Callable[[Any], list[Finding]]


def in_message(*blocks: Json) -> tuple[Check, Json]:
    return check_message, message(*blocks)


def in_view(*blocks: Json) -> tuple[Check, Json]:
    return check_view, view(*blocks)


def answering(body: Any) -> list[Finding]:
    return check_view_response(body, FORM)


BROKEN: Mapping[str, list[tuple[Check, Any]]] = {
    "shape": [
        in_message("no block"),  # type: ignore[arg-type]
        (check_message, {"text": 7}),
        (check_message, {"text": "x", "blocks": {}}),
        (check_view, "no view"),
        (check_view, view(blocks="none")),
        in_message({**section(), "text": "bare"}),
        (check_options_answer, []),
    ],
    "message.empty": [(check_message, {}), (check_message, {"text": "", "blocks": []})],
    "message.blocks": [in_message(*[{"type": "divider"}] * 51)],
    "message.text": [(check_message, {"text": "x" * 40_001})],
    "message.attachments": [(check_message, {"attachments": [{}] * 101})],
    "message.size": [in_message(*[section("x" * 3_000)] * 5)],
    "message.tables": [in_message(table(), table()), in_message(table(), container([table()]))],
    "message.markdown": [in_message(*[{"type": "markdown", "text": "x" * 6_001}] * 2)],
    "message.cells": [in_message(data_table(cell="x" * 4_000), table(cell="x" * 2_001))],
    "message.charts": [in_message(pie(), pie(), pie())],
    "respond.type": [(check_response, {"text": "x", "response_type": "public"})],
    "view.type": [(check_view, view(type="home")), (check_view, view(type=None))],
    "view.blocks": [(check_view, view(blocks=[])), in_view(*[{"type": "divider"}] * 101)],
    "view.title": [
        (check_view, view(title=text("x" * 25))),
        (check_view, {"type": "modal", "blocks": [section()]}),
    ],
    "view.buttons": [
        (check_view, view(submit=text("x" * 25))),
        (check_view, view(close=text("x" * 25))),
    ],
    "view.submit": [(check_view, view(asked({"type": "plain_text_input"}), submit=None))],
    "view.private_metadata": [(check_view, view(private_metadata="x" * 3_001))],
    "view.ids": [
        (check_view, view(callback_id="x" * 256)),
        (check_view, view(external_id="x" * 256)),
    ],
    "view.size": [in_view(*[section("x" * 3_000)] * 90)],
    "view.focus": [
        in_view(
            asked({"type": "plain_text_input", "focus_on_load": True}),
            asked({"type": "plain_text_input", "focus_on_load": True}, block_id="c"),
        )
    ],
    "surface": [
        in_message({"type": "alert", "text": text()}),
        in_view({"type": "markdown", "text": "x"}),
        in_view({"type": "context_actions", "elements": []}),
        in_view(table()),
    ],
    "surface.file_input": [in_message(asked({"type": "file_input"}))],
    "block.unknown": [in_message({"type": "sections"}), in_message({})],
    "block.id": [in_message(section(block_id="")), in_message(section(block_id="x" * 256))],
    "block.id.duplicate": [
        in_message(section(block_id="b"), section(block_id="b")),
        in_message(section(block_id="b"), container([section(block_id="b")])),
    ],
    "action.id": [in_message(actions(button(action_id="x" * 256)))],
    "action.id.duplicate": [in_message(actions(button(), button()))],
    "text.object": [
        in_message(section("")),
        in_message(section("x" * 3_001)),
        in_message({"type": "section", "text": {"type": "html", "text": "x"}}),
    ],
    "text.plain": [in_message({"type": "header", "text": text("x", "mrkdwn")})],
    "section": [
        in_message({"type": "section"}),
        in_message({"type": "section", "fields": [text()] * 11}),
    ],
    "section.field": [in_message({"type": "section", "fields": [text("x" * 2_001)]})],
    "header": [in_message({"type": "header", "text": text("x" * 151)})],
    "context": [in_message({"type": "context", "elements": [text()] * n}) for n in (0, 11)],
    "actions": [
        in_message(actions(*[button(action_id=str(i)) for i in range(n)])) for n in (0, 26)
    ],
    "context_actions": [in_message({"type": "context_actions", "elements": []})],
    "image": [
        in_message(image(alt_text="")),
        in_message(image(slack_file={"id": "F1"})),
        in_message({"type": "image", "alt_text": "A"}),
        in_message(image(image_url="https://e.x/" + "x" * 3_000)),
        in_message(image(title=text("x" * 2_001))),
    ],
    "input": [
        in_view({"type": "input", "element": {"type": "plain_text_input"}}),
        in_view({"type": "input", "label": text()}),
        in_view(asked({"type": "plain_text_input"}, label=text("x" * 2_001))),
        in_view(asked({"type": "plain_text_input"}, hint=text("x" * 2_001))),
    ],
    "markdown": [in_message({"type": "markdown", "text": "x" * 12_001})],
    "video": [
        in_message(video(title=text("x" * 200))),
        in_message(video(author_name="x" * 50)),
        in_message(video(video_url="http://example.com/v")),
        in_message(video(alt_text="")),
    ],
    "table": [
        in_message(table(rows=101)),
        in_message(table(columns=21)),
        in_message(table(rows=0)),
        in_message(table(column_settings=[{}] * 21)),
    ],
    "table.cells": [in_message(table(cell="x" * 10_001))],
    "data_table": [
        in_message(data_table(rows=1)),
        in_message(data_table(rows=102)),
        in_message(data_table(columns=21)),
        in_message(data_table(page_size=0)),
        in_message(data_table(caption="")),
        in_message(data_table(rows=2) | {"rows": [*cells(1, 1), *cells(1, 2)]}),
        in_message(data_table() | {"rows": [[{"type": "rich_text"}], *cells(1, 1)]}),
    ],
    "chart": [
        in_message(pie(7)),
        in_message(pie(0)),
        in_message(pie(title="x" * 51)),
        in_message(pie(chart={"type": "pie", "segments": [{"label": "a", "value": 0}]})),
        in_message(pie(chart={"type": "donut"})),
        in_message(bar(name="x" * 21)),
        in_message(bar(labels=("Tue",))),
    ],
    "alert": [in_view({"type": "alert"}), in_view({"type": "alert", "text": text(), "level": "x"})],
    "card": [
        in_message({"type": "card"}),
        in_message(card(title=text("x" * 151))),
        in_message(card(body=text("x" * 201))),
        in_message(card(actions=[button(action_id=str(n)) for n in range(3)])),
    ],
    "carousel": [in_message({"type": "carousel", "elements": [card()] * n}) for n in (0, 11)],
    "container": [
        in_message(container([])),
        in_message(container([section()] * 11)),
        in_message(container([card()])),
        in_message(container([section()], title=text("x" * 151))),
        in_message({"type": "container", "child_blocks": [section()]}),
    ],
    "task": [
        in_message({"type": "task_card", "title": "x"}),
        in_message({"type": "task_card", "task_id": "1", "title": "x", "status": "late"}),
    ],
    "button": [
        in_message(actions(button(text=text("x" * 76)))),
        in_message(actions(button(value="x" * 2_001))),
        in_message(actions(button(url="https://e.x/" + "x" * 3_000))),
        in_message(actions(button(accessibility_label="x" * 76))),
        in_message(actions(button(style="green"))),
    ],
    "select": [
        in_message(actions(select(options=[]))),
        in_message(actions(select(options=options(101)))),
        in_message(actions(select(option_groups=[]))),
        in_message(actions({"type": "static_select", "action_id": "a"})),
        in_message(actions({"type": "external_select", "action_id": "a", "options": options(1)})),
    ],
    "select.group": [
        in_message(actions({"type": "static_select", "action_id": "a", "option_groups": [group]}))
        for group in (
            {"label": text("x" * 76), "options": options(1)},
            {"label": text(), "options": []},
            {"label": text(), "options": options(101)},
        )
    ],
    "select.initial": [in_message(actions(select(initial_option=option("other"))))],
    "select.max": [
        in_view(asked({"type": "multi_users_select", "max_selected_items": 0})),
        in_view(asked({"type": "external_select", "min_query_length": -1})),
    ],
    "option": [
        in_message(actions(select(options=[option("x" * 151)]))),
        in_message(actions(select(options=[option("")]))),
        in_message(actions(select(options=[option(text=text("x" * 76))]))),
        in_message(actions(select(options=[option(description=text("x" * 76))]))),
        (check_options_answer, {"options": [option("x" * 151)]}),
    ],
    "option.url": [in_message(actions(select(options=[option(url="https://e.x")])))],
    "choices": [
        in_message(actions({"type": kind, "action_id": "a", "options": options(11)}))
        for kind in ("checkboxes", "radio_buttons")
    ],
    "overflow": [
        in_message(actions({"type": "overflow", "action_id": "a", "options": options(6)}))
    ],
    "placeholder": [in_message(actions(select(placeholder=text("x" * 151))))],
    "confirm": [
        in_message(actions(button(confirm=confirm(**{part: "x" * (length + 1)}))))
        for part, length in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30))
    ]
    + [in_message(actions(button(confirm={})))],
    "plain_text_input": [
        in_view(asked({"type": "plain_text_input", **bounds}))
        for bounds in (
            {"min_length": 3_001},
            {"max_length": 0},
            {"min_length": 5, "max_length": 4},
            {"max_length": 3, "initial_value": "four"},
        )
    ],
    "number_input": [
        in_view(asked({"type": "number_input"})),
        in_view(asked({"type": "number_input", "is_decimal_allowed": True, "min_value": 1})),
        in_view(
            asked(
                {
                    "type": "number_input",
                    "is_decimal_allowed": True,
                    "min_value": "5",
                    "max_value": "4",
                }
            )
        ),
    ],
    "picker": [
        in_view(asked({"type": "datepicker", "initial_date": "31.01.2026"})),
        in_view(asked({"type": "timepicker", "initial_time": "9:30"})),
        in_view(asked({"type": "datetimepicker", "initial_date_time": 1})),
    ],
    "file_input": [
        in_view(asked({"type": "file_input", "max_files": 11})),
        in_view(asked({"type": "file_input"}, dispatch_action=True)),
    ],
    "rich_text_input": [in_view(asked({"type": "rich_text_input", "max_lines": 101}))],
    "element.place": [
        in_message(actions({"type": "plain_text_input", "action_id": "a"})),
        in_message(section(accessory={"type": "datetimepicker", "action_id": "a"})),
        in_view(asked(button())),
        in_message(actions({"type": "multi_users_select", "action_id": "a"})),
    ],
    "options.count": [
        (check_options_answer, {"options": options(101)}),
        (check_options_answer, {"options": [], "option_groups": []}),
        (check_options_answer, {}),
    ],
    "view_response": [
        (answering, {"response_action": "shrug"}),
        (answering, {"response_action": "errors", "errors": {}}),
        (answering, {"response_action": "errors", "errors": {"b": ""}}),
    ],
    "view_response.id": [(answering, {"response_action": "errors", "errors": {"c": "No."}})],
}

WARNED: Mapping[str, tuple[Check, Any]] = {
    "message.text.long": (check_message, {"text": "x" * 4_001}),
    "message.fallback": (check_message, {"blocks": [section()]}),
    "view.callback": (check_view, view(asked({"type": "plain_text_input"}), callback_id=None)),
    "action.id.missing": in_message(actions({"type": "button", "text": text()})),
    "input.id.missing": in_view(
        {"type": "input", "label": text(), "element": {"type": "plain_text_input"}}
    ),
    "table.ragged": in_message(table() | {"rows": [*cells(1, 1), *cells(1, 2)]}),
    "option.value.75": in_message(actions(select(options=[option("x" * 76)]))),
    "option.value.duplicate": in_message(actions(select(options=[option(), option()]))),
}

FINE: list[tuple[Check, Any]] = [
    in_message(*[{"type": "divider"}] * 50),
    in_message(*[section("x" * 3_000)] * 4),
    in_message({"type": "header", "text": text("x" * 150)}),
    in_message({"type": "section", "fields": [text("x" * 100)] * 10}),
    in_message(section(accessory=image())),
    in_message({"type": "context", "elements": [image(), text("x", "mrkdwn")]}),
    in_message(actions(*buttons(25))),
    in_message(actions(button(text=text("x" * 75), value="x" * 2_000, confirm=confirm()))),
    in_message(actions(select(options=options(100), initial_option=option("7")))),
    in_message(actions(overflow(5))),
    in_message(table(rows=100, columns=20)),
    in_message(data_table(rows=101)),
    in_message(pie(6), bar()),
    in_message(card(actions=[button()]), {"type": "carousel", "elements": [card()] * 10}),
    in_message(container([section()] * 10)),
    in_message(video()),
    in_message({"type": "task_card", "task_id": "1", "title": "x", "status": "complete"}),
    in_message({"type": "plan", "title": "x", "tasks": []}),
    in_message({"type": "markdown", "text": "x" * 12_000}),
    in_message({"type": "rich_text", "elements": []}),
    (check_message, {"attachments": [{"blocks": [section()]}] * 100}),
    (check_response, {"delete_original": True}),
    (check_response, {"text": "x", "response_type": "in_channel"}),
    in_view(*[{"type": "divider"}] * 100),
    in_view(asked({"type": "file_input", "max_files": 10})),
    in_view({"type": "alert", "text": text(), "level": "warning"}),
    (check_view, view(title=text("x" * 24), private_metadata="x" * 3_000)),
    (check_options_answer, {"options": []}),
    (check_options_answer, {"options": options(100)}),
    (answering, {}),
    (answering, ERRORS),
    (answering, {"response_action": "clear"}),
    (answering, {"response_action": "update", "view": view()}),
]
