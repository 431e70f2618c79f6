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
    asked,
    bar,
    button,
    buttons,
    confirm,
    image,
    message,
    option,
    options,
    pie,
    section,
    select,
    text,
    view,
)

FORM = view(asked({"type": "plain_text_input"}))
ERRORS = {"response_action": "errors", "errors": {"b": "No."}}

Check = Callable[[Any], list[PayloadFinding]]


def in_message(*blocks: Json) -> tuple[Check, Json]:
    return check_message, message(*blocks)


def in_view(*blocks: Json) -> tuple[Check, Json]:
    return check_view, view(*blocks)


def answering(body: Any) -> list[PayloadFinding]:
    return check_view_response(body, FORM)


BROKEN: Mapping[str, list[tuple[Check, Any]]] = {
    "shape": [
        in_message("no block"),  # type: ignore[arg-type]
        (check_message, {"text": 7}),
        (check_message, {"text": "x", "blocks": {}}),
        (check_view, "no view"),
        (check_view, view(blocks="none")),
        in_message({**section(), "text": "bare"}),
        (check_options_response, []),
    ],
    "message.empty": [(check_message, {}), (check_message, {"text": "", "blocks": []})],
    "message.blocks": [in_message(*[{"type": "divider"}] * 51)],
    "message.text": [(check_message, {"text": "x" * 40_001})],
    "message.attachments": [(check_message, {"attachments": [{}] * 101})],
    "message.size": [in_message(*[section("x" * 3_000)] * 5)],
    "message.charts": [in_message(pie(), pie(), pie())],
    "respond.type": [(check_response_body, {"text": "x", "response_type": "public"})],
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
    "surface": [in_view(pie())],
    "surface.file_input": [in_message(asked({"type": "file_input"}))],
    "block.unknown": [
        in_message({"type": "sections"}),
        in_message({}),
        in_message({"type": "carousel", "elements": []}),
        in_view({"type": "alert", "text": text()}),
    ],
    "block.id": [in_message(section(block_id="")), in_message(section(block_id="x" * 256))],
    "block.id.duplicate": [
        in_message(section(block_id="b"), section(block_id="b")),
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
    "chart": [
        in_message(pie(7)),
        in_message(pie(0)),
        in_message(pie(title="x" * 51)),
        in_message(pie(chart={"type": "pie", "segments": [{"label": "a", "value": 0}]})),
        in_message(pie(chart={"type": "donut"})),
        in_message(bar(name="x" * 21)),
        in_message(bar(labels=("Tue",))),
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
        in_message(actions(select(options=[option(url="https://e.x")]))),
        (check_options_response, {"options": [option("x" * 151)]}),
    ],
    "choices": [
        in_message(actions({"type": kind, "action_id": "a", "options": options(11)}))
        for kind in ("checkboxes", "radio_buttons")
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
    "file_input": [
        in_view(asked({"type": "file_input", "max_files": 11})),
        in_view(asked({"type": "file_input"}, dispatch_action=True)),
    ],
    "element.place": [
        in_message(actions({"type": "plain_text_input", "action_id": "a"})),
        in_message(section(accessory={"type": "file_input", "action_id": "a"})),
        in_view(asked(button())),
        in_message(actions({"type": "multi_users_select", "action_id": "a"})),
        in_message(actions({"type": "overflow", "action_id": "a", "options": options(1)})),
        in_message(actions({"type": "datepicker", "action_id": "a"})),
    ],
    "options.count": [
        (check_options_response, {"options": options(101)}),
        (check_options_response, {"options": [], "option_groups": []}),
        (check_options_response, {}),
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
    in_message(pie(6), bar()),
    in_message({"type": "rich_text", "elements": []}),
    (check_message, {"attachments": [{"blocks": [section()]}] * 100}),
    (check_response_body, {"delete_original": True}),
    (check_response_body, {"text": "x", "response_type": "in_channel"}),
    in_view(*[{"type": "divider"}] * 100),
    in_view(asked({"type": "file_input", "max_files": 10})),
    (check_view, view(title=text("x" * 24), private_metadata="x" * 3_000)),
    (check_options_response, {"options": []}),
    (check_options_response, {"options": options(100)}),
    (answering, {}),
    (answering, ERRORS),
    (answering, {"response_action": "clear"}),
    (answering, {"response_action": "update", "view": view()}),
]
