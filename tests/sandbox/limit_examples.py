"""Payloads for every rule: some that break it, and some at its limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.slack.limits import (
    PayloadFinding,
    check_message,
    check_options_response,
    check_response_body,
    check_view,
    check_view_response,
)
from tests.sandbox.limit_payloads import (
    Json,
    actions,
    bar_chart,
    button,
    buttons,
    cells,
    confirm,
    data_table,
    home,
    image,
    input_block,
    message,
    option,
    options,
    pie_chart,
    section,
    select,
    text,
    view,
)

FORM = view(input_block({"type": "plain_text_input"}))
ERRORS = {"response_action": "errors", "errors": {"b": "No."}}

Check = Callable[[Any], list[PayloadFinding]]


def build_message_case(*blocks: Json) -> tuple[Check, Json]:
    return check_message, message(*blocks)


def build_view_case(*blocks: Json) -> tuple[Check, Json]:
    return check_view, view(*blocks)


def check_home(value: Any) -> list[PayloadFinding]:
    return check_view(value, surface="home")


def check_form_response(body: Any) -> list[PayloadFinding]:
    return check_view_response(body, FORM)


VIOLATIONS: Mapping[str, list[tuple[Check, Any]]] = {
    "shape": [
        build_message_case("no block"),  # type: ignore[arg-type]
        (check_message, {"text": 7}),
        (check_message, {"text": "x", "blocks": {}}),
        (check_view, "no view"),
        (check_view, view(blocks="none")),
        build_message_case({**section(), "text": "bare"}),
        (check_options_response, []),
    ],
    "message.empty": [(check_message, {}), (check_message, {"text": "", "blocks": []})],
    "message.blocks": [build_message_case(*[{"type": "divider"}] * 51)],
    "message.text": [(check_message, {"text": "x" * 40_001})],
    "message.attachments": [(check_message, {"attachments": [{}] * 101})],
    "message.size": [build_message_case(*[section("x" * 3_000)] * 5)],
    "message.charts": [build_message_case(pie_chart(), pie_chart(), pie_chart())],
    "message.cells": [
        build_message_case(data_table(cell="x" * 2_501), data_table(cell="x" * 2_501))
    ],
    "respond.type": [(check_response_body, {"text": "x", "response_type": "public"})],
    "view.type": [
        (check_view, view(type="home")),
        (check_view, view(type=None)),
        (check_home, view()),
        (check_home, home(title=text("Title"))),
    ],
    "view.blocks": [(check_view, view(blocks=[])), build_view_case(*[{"type": "divider"}] * 101)],
    "view.title": [
        (check_view, view(title=text("x" * 25))),
        (check_view, {"type": "modal", "blocks": [section()]}),
    ],
    "view.buttons": [
        (check_view, view(submit=text("x" * 25))),
        (check_view, view(close=text("x" * 25))),
    ],
    "view.submit": [(check_view, view(input_block({"type": "plain_text_input"}), submit=None))],
    "view.private_metadata": [(check_view, view(private_metadata="x" * 3_001))],
    "view.ids": [
        (check_view, view(callback_id="x" * 256)),
        (check_view, view(external_id="x" * 256)),
    ],
    "view.size": [build_view_case(*[section("x" * 3_000)] * 90)],
    "view.focus": [
        build_view_case(
            input_block({"type": "plain_text_input", "focus_on_load": True}),
            input_block({"type": "plain_text_input", "focus_on_load": True}, block_id="c"),
        )
    ],
    "surface": [build_view_case(pie_chart()), build_view_case(data_table())],
    "surface.file_input": [
        build_message_case(input_block({"type": "file_input"})),
        (check_home, home(input_block({"type": "file_input"}))),
    ],
    "block.unknown": [
        build_message_case({"type": "sections"}),
        build_message_case({}),
        build_message_case({"type": "carousel", "elements": []}),
        build_view_case({"type": "alert", "text": text()}),
    ],
    "block.id": [
        build_message_case(section(block_id="")),
        build_message_case(section(block_id="x" * 256)),
    ],
    "block.id.duplicate": [
        build_message_case(section(block_id="b"), section(block_id="b")),
    ],
    "action.id": [build_message_case(actions(button(action_id="x" * 256)))],
    "action.id.duplicate": [build_message_case(actions(button(), button()))],
    "text.object": [
        build_message_case(section("")),
        build_message_case(section("x" * 3_001)),
        build_message_case({"type": "section", "text": {"type": "html", "text": "x"}}),
    ],
    "text.plain": [build_message_case({"type": "header", "text": text("x", "mrkdwn")})],
    "section": [
        build_message_case({"type": "section"}),
        build_message_case({"type": "section", "fields": [text()] * 11}),
    ],
    "section.field": [build_message_case({"type": "section", "fields": [text("x" * 2_001)]})],
    "header": [build_message_case({"type": "header", "text": text("x" * 151)})],
    "context": [build_message_case({"type": "context", "elements": [text()] * n}) for n in (0, 11)],
    "actions": [
        build_message_case(actions(*[button(action_id=str(i)) for i in range(n)])) for n in (0, 26)
    ],
    "image": [
        build_message_case(image(alt_text="")),
        build_message_case(image(slack_file={"id": "F1"})),
        build_message_case({"type": "image", "alt_text": "A"}),
        build_message_case(image(image_url="https://e.x/" + "x" * 3_000)),
        build_message_case(image(title=text("x" * 2_001))),
    ],
    "input": [
        build_view_case({"type": "input", "element": {"type": "plain_text_input"}}),
        build_view_case({"type": "input", "label": text()}),
        build_view_case(input_block({"type": "plain_text_input"}, label=text("x" * 2_001))),
        build_view_case(input_block({"type": "plain_text_input"}, hint=text("x" * 2_001))),
    ],
    "data_table": [
        build_message_case(data_table(rows=1)),
        build_message_case(data_table(rows=102)),
        build_message_case(data_table(columns=21)),
        build_message_case(data_table(cell="")),
        build_message_case(data_table(page_size=0)),
        build_message_case(data_table(page_size=101)),
        build_message_case(data_table(caption="")),
        build_message_case(data_table(row_header_column_index=1)),
        build_message_case(data_table() | {"rows": [*cells(1, 1), *cells(1, 2)]}),
        build_message_case(data_table() | {"rows": [[{"type": "rich_text"}], *cells(1, 1)]}),
        build_message_case(
            data_table() | {"rows": [*cells(1, 1), [{"type": "raw_number", "text": "1"}]]}
        ),
        build_message_case(
            data_table() | {"rows": [*cells(1, 1), [{"type": "mrkdwn", "text": "x"}]]}
        ),
    ],
    "data_table.cells": [build_message_case(data_table(cell="x" * 5_001))],
    "chart": [
        build_message_case(pie_chart(7)),
        build_message_case(pie_chart(0)),
        build_message_case(pie_chart(title="x" * 51)),
        build_message_case(
            pie_chart(chart={"type": "pie", "segments": [{"label": "a", "value": 0}]})
        ),
        build_message_case(pie_chart(chart={"type": "donut"})),
        build_message_case(bar_chart(name="x" * 21)),
        build_message_case(bar_chart(labels=("Tue",))),
    ],
    "button": [
        build_message_case(actions(button(text=text("x" * 76)))),
        build_message_case(actions(button(value="x" * 2_001))),
        build_message_case(actions(button(url="https://e.x/" + "x" * 3_000))),
        build_message_case(actions(button(accessibility_label="x" * 76))),
        build_message_case(actions(button(style="green"))),
    ],
    "select": [
        build_message_case(actions(select(options=[]))),
        build_message_case(actions(select(options=options(101)))),
        build_message_case(actions(select(option_groups=[]))),
        build_message_case(actions({"type": "static_select", "action_id": "a"})),
        build_message_case(
            actions({"type": "external_select", "action_id": "a", "options": options(1)})
        ),
    ],
    "select.group": [
        build_message_case(
            actions({"type": "static_select", "action_id": "a", "option_groups": [group]})
        )
        for group in (
            {"label": text("x" * 76), "options": options(1)},
            {"label": text(), "options": []},
            {"label": text(), "options": options(101)},
        )
    ],
    "select.initial": [build_message_case(actions(select(initial_option=option("other"))))],
    "select.max": [
        build_view_case(input_block({"type": "multi_users_select", "max_selected_items": 0})),
        build_view_case(input_block({"type": "external_select", "min_query_length": -1})),
    ],
    "option": [
        build_message_case(actions(select(options=[option("x" * 151)]))),
        build_message_case(actions(select(options=[option("")]))),
        build_message_case(actions(select(options=[option(text=text("x" * 76))]))),
        build_message_case(actions(select(options=[option(description=text("x" * 76))]))),
        build_message_case(actions(select(options=[option(url="https://e.x")]))),
        (check_options_response, {"options": [option("x" * 151)]}),
    ],
    "choices": [
        build_message_case(actions({"type": kind, "action_id": "a", "options": options(11)}))
        for kind in ("checkboxes", "radio_buttons")
    ],
    "placeholder": [build_message_case(actions(select(placeholder=text("x" * 151))))],
    "confirm": [
        build_message_case(actions(button(confirm=confirm(**{part: "x" * (length + 1)}))))
        for part, length in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30))
    ]
    + [build_message_case(actions(button(confirm={})))],
    "plain_text_input": [
        build_view_case(input_block({"type": "plain_text_input", **bounds}))
        for bounds in (
            {"min_length": 3_001},
            {"max_length": 0},
            {"min_length": 5, "max_length": 4},
            {"max_length": 3, "initial_value": "four"},
        )
    ],
    "number_input": [
        build_view_case(input_block({"type": "number_input"})),
        build_view_case(
            input_block({"type": "number_input", "is_decimal_allowed": True, "min_value": 1})
        ),
        build_view_case(
            input_block(
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
        build_view_case(input_block({"type": "datetimepicker", "initial_date_time": "1700000000"})),
        build_view_case(input_block({"type": "datetimepicker", "initial_date_time": 17})),
        build_view_case(input_block({"type": "timepicker", "initial_time": "9:30"})),
        build_view_case(input_block({"type": "timepicker", "initial_time": "24:00"})),
        build_view_case(input_block({"type": "datepicker", "initial_date": "2026-02-30"})),
    ],
    "file_input": [
        build_view_case(input_block({"type": "file_input", "max_files": 11})),
        build_view_case(input_block({"type": "file_input"}, dispatch_action=True)),
    ],
    "element.place": [
        build_message_case(actions({"type": "plain_text_input", "action_id": "a"})),
        build_message_case(section(accessory={"type": "file_input", "action_id": "a"})),
        build_view_case(input_block(button())),
        build_message_case(actions({"type": "multi_users_select", "action_id": "a"})),
        build_message_case(actions({"type": "overflow", "action_id": "a", "options": options(1)})),
        build_message_case(actions({"type": "rich_text_input", "action_id": "a"})),
    ],
    "options.count": [
        (check_options_response, {"options": options(101)}),
        (check_options_response, {"options": [], "option_groups": []}),
        (check_options_response, {}),
    ],
    "view_response": [
        (check_form_response, {"response_action": "shrug"}),
        (check_form_response, {"response_action": "errors", "errors": {}}),
        (check_form_response, {"response_action": "errors", "errors": {"b": ""}}),
    ],
    "view_response.id": [
        (check_form_response, {"response_action": "errors", "errors": {"c": "No."}})
    ],
}

WARNINGS: Mapping[str, tuple[Check, Any]] = {
    "message.text.long": (check_message, {"text": "x" * 4_001}),
    "message.fallback": (check_message, {"blocks": [section()]}),
    "view.callback": (
        check_view,
        view(input_block({"type": "plain_text_input"}), callback_id=None),
    ),
    "action.id.missing": build_message_case(actions({"type": "button", "text": text()})),
    "input.id.missing": build_view_case(
        {"type": "input", "label": text(), "element": {"type": "plain_text_input"}}
    ),
    "option.value.75": build_message_case(actions(select(options=[option("x" * 76)]))),
    "option.value.duplicate": build_message_case(actions(select(options=[option(), option()]))),
}

VALID_PAYLOADS: list[tuple[Check, Any]] = [
    build_message_case(*[{"type": "divider"}] * 50),
    build_message_case(*[section("x" * 3_000)] * 4),
    build_message_case({"type": "header", "text": text("x" * 150)}),
    build_message_case({"type": "section", "fields": [text("x" * 100)] * 10}),
    build_message_case(section(accessory=image())),
    build_message_case({"type": "context", "elements": [image(), text("x", "mrkdwn")]}),
    build_message_case(actions(*buttons(25))),
    build_message_case(actions(button(text=text("x" * 75), value="x" * 2_000, confirm=confirm()))),
    build_message_case(actions(select(options=options(100), initial_option=option("7")))),
    build_message_case(pie_chart(6), bar_chart()),
    build_message_case(data_table(rows=101, page_size=100)),
    build_message_case(data_table(rows=2, columns=20), data_table(rows=2, cell="x" * 2_490)),
    build_message_case(data_table(cell="x" * 5_000)),
    build_message_case({"type": "rich_text", "elements": []}),
    (check_message, {"attachments": [{"blocks": [section()]}] * 100}),
    (check_response_body, {"delete_original": True}),
    (check_response_body, {"text": "x", "response_type": "in_channel"}),
    build_view_case(*[{"type": "divider"}] * 100),
    build_view_case(input_block({"type": "file_input", "max_files": 10})),
    build_view_case(input_block({"type": "datetimepicker", "initial_date_time": 1_700_000_000})),
    build_view_case(input_block({"type": "timepicker", "initial_time": "09:30"})),
    build_message_case(
        actions({"type": "datepicker", "action_id": "a", "initial_date": "2026-02-28"})
    ),
    (check_home, home(input_block({"type": "plain_text_input"}))),
    (check_home, home(*[{"type": "divider"}] * 100)),
    (check_view, view(title=text("x" * 24), private_metadata="x" * 3_000)),
    (check_options_response, {"options": []}),
    (check_options_response, {"options": options(100)}),
    (check_form_response, {}),
    (check_form_response, ERRORS),
    (check_form_response, {"response_action": "clear"}),
    (check_form_response, {"response_action": "update", "view": view()}),
]
