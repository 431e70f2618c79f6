"""Modals: opening in time, filling, submitting, and the effect of each ack."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.responses import JSONResponse, Response

from bot.sandbox.slack import ActionNotPossible, collect_text
from tests.sandbox.slack_harness import (
    Json,
    SlackHarness,
    build_actions_block,
    build_field_block,
    build_modal,
    build_plain_text,
    build_section_block,
    open_harness,
)

COLOURS = [{"text": build_plain_text(name), "value": name} for name in ("red", "blue")]
SELECT = {"type": "static_select", "options": COLOURS}
EXTERNAL = {"type": "external_select", "min_query_length": 2}


@pytest.fixture
async def harness() -> AsyncIterator[SlackHarness]:
    async with open_harness() as harness:
        yield harness


async def get_trigger(harness: SlackHarness) -> str:
    await harness.slack.type("U0JOHN", "C0SALES", "/chakra form")
    return str(harness.app.last_payload["trigger_id"])


async def test_a_trigger_opens_one_form_within_three_seconds(harness: SlackHarness) -> None:
    first = await get_trigger(harness)
    view = (await harness.web.views_open(trigger_id=first, view=build_modal()))["view"]
    assert view["id"].startswith("V")
    assert view["hash"]
    assert harness.slack.find_view("U0JOHN") == view
    assert harness.slack.find_view("U0MEI") is None
    again = await harness.call_rejected("views.open", trigger_id=first, view=build_modal())
    assert again["error"] == "exchanged_trigger_id"


async def test_a_trigger_is_too_old_after_three_seconds(harness: SlackHarness) -> None:
    old = await get_trigger(harness)
    await harness.clock.advance(3)
    answer = await harness.call_rejected("views.open", trigger_id=old, view=build_modal())
    assert answer["error"] == "expired_trigger_id"
    answer = await harness.call_rejected("views.open", trigger_id="123.456.abc", view=build_modal())
    assert answer["error"] == "invalid_trigger_id"


async def test_a_view_that_breaks_a_limit_does_not_use_up_the_trigger(
    harness: SlackHarness,
) -> None:
    good = await get_trigger(harness)
    wrong = build_modal(title=build_plain_text("x" * 25))
    answer = await harness.call_rejected("views.open", trigger_id=good, view=wrong)
    assert answer["error"] == "invalid_arguments"
    message = "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    assert answer["response_metadata"]["messages"] == [message]
    assert (await harness.web.views_open(trigger_id=good, view=build_modal()))["ok"]


async def test_a_submission_has_the_shape_of_slack(harness: SlackHarness) -> None:
    view = await harness.open_form(
        build_modal(build_field_block("name"), private_metadata="unchanged")
    )
    delivered = await harness.slack.submit("U0JOHN", {"name": "Asha"})
    sent = harness.app.last_payload
    assert delivered.status == 200
    assert sent["type"] == "view_submission"
    assert sent["user"] == {"id": "U0JOHN", "username": "john", "name": "john", "team_id": "T0ACME"}
    assert sent["view"]["id"] == view["id"]
    assert sent["view"]["private_metadata"] == "unchanged"
    assert sent["view"]["state"]["values"] == {
        "name": {"value": {"type": "plain_text_input", "value": "Asha"}}
    }
    assert sent["response_urls"] == []
    assert harness.slack.find_view("U0JOHN") is None


async def test_untouched_field_keeps_its_initial_value(harness: SlackHarness) -> None:
    name = {"type": "plain_text_input", "initial_value": "Asha"}
    colour = {**SELECT, "initial_option": COLOURS[0]}
    await harness.open_form(
        build_modal(build_field_block("name", name), build_field_block("colour", colour))
    )
    await harness.slack.submit("U0JOHN", {})
    values = harness.app.last_payload["view"]["state"]["values"]
    assert values["name"]["value"]["value"] == "Asha"
    assert values["colour"]["value"]["selected_option"]["value"] == "red"


@pytest.mark.parametrize(
    ("element", "raw", "sentence"),
    [
        ({"type": "plain_text_input"}, None, "required"),
        ({"type": "plain_text_input", "min_length": 3}, "ab", "at least 3"),
        ({"type": "plain_text_input", "max_length": 3}, "abcd", "3 characters or fewer"),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "whole number"),
        ({"type": "number_input", "is_decimal_allowed": True}, "one", "a number"),
        ({"type": "number_input", "is_decimal_allowed": True, "min_value": "2"}, "1", "at least 2"),
        ({"type": "number_input", "is_decimal_allowed": True, "max_value": "2"}, "3", "at most 2"),
        ({"type": "email_text_input"}, "asha", "email"),
        ({"type": "url_text_input"}, "asha", "URL"),
        (
            {"type": "multi_static_select", "options": COLOURS, "max_selected_items": 1},
            ["red", "blue"],
            "at most 1",
        ),
    ],
)
async def test_slack_rejects_invalid_input_itself(
    harness: SlackHarness, element: Json, raw: str | list[str] | None, sentence: str
) -> None:
    await harness.open_form(build_modal(build_field_block("field", element)))
    before = len(harness.app.received)
    delivered = await harness.slack.submit("U0JOHN", {"field": raw})
    assert sentence in delivered.errors["field"]
    assert len(harness.app.received) == before
    assert harness.slack.find_view("U0JOHN") is not None


async def test_an_optional_field_may_stay_empty(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(build_field_block("note", optional=True)))
    assert (await harness.slack.submit("U0JOHN")).errors == {}


async def test_errors_appear_under_their_fields(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(build_field_block("name")))
    harness.app.respond_with(
        {"response_action": "errors", "errors": {"name": "That name is unknown."}}
    )
    delivered = await harness.slack.submit("U0JOHN", {"name": "Asha"})
    assert delivered.errors == {"name": "That name is unknown."}
    view = harness.slack.find_view("U0JOHN")
    assert view is not None
    assert view["state"]["values"]["name"]["value"]["value"] == "Asha"


@pytest.mark.parametrize(
    "body",
    [
        {"response_action": "errors", "errors": {"other": "No such field."}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "shrug"},
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
        {"text": "thanks"},
    ],
)
async def test_unusable_response_keeps_the_form_open(harness: SlackHarness, body: Json) -> None:
    await harness.open_form(build_modal(build_field_block("name")))
    harness.app.respond_with(body)
    delivered = await harness.slack.submit("U0JOHN", {"name": "Asha"})
    assert delivered.errors == {}
    assert harness.slack.find_view("U0JOHN") is not None
    assert harness.slack.rejections[-1].source == "view_submission ack"
    assert harness.slack.notices[-1].text == "We had some trouble connecting. Try again?"


async def test_missing_ack_keeps_the_form_open_with_an_error(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(build_field_block("name")))
    harness.slack.set_request_url("http://127.0.0.1:1/")
    delivered = await harness.slack.submit("U0JOHN", {"name": "Asha"})
    assert delivered.status == 0
    assert harness.slack.find_view("U0JOHN") is not None
    assert "trouble connecting" in harness.slack.notices[-1].text


async def test_an_ack_may_update_push_or_clear(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(build_field_block("name")))
    harness.app.respond_with(
        {"response_action": "update", "view": build_modal(build_section_block("Sure?"))}
    )
    await harness.slack.submit("U0JOHN", {"name": "Asha"})
    top = harness.slack.find_view("U0JOHN")
    assert top is not None
    assert collect_text(top) == "A form\nSure?\nSend"
    harness.app.respond_with(
        {"response_action": "push", "view": build_modal(build_section_block("Second"))}
    )
    await harness.slack.submit("U0JOHN")
    assert len(harness.slack.list_views("U0JOHN")) == 2
    pushed = harness.slack.list_views("U0JOHN")[1]
    assert pushed["previous_view_id"] == top["id"] == pushed["root_view_id"]
    harness.app.respond_with({"response_action": "clear"})
    await harness.slack.submit("U0JOHN")
    assert harness.slack.list_views("U0JOHN") == []


async def test_an_empty_ack_closes_one_level(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(build_field_block("name")))
    harness.app.respond_with(
        {"response_action": "push", "view": build_modal(build_section_block("Second"))}
    )
    await harness.slack.submit("U0JOHN", {"name": "Asha"})
    harness.app.respond = None
    await harness.slack.submit("U0JOHN")
    assert len(harness.slack.list_views("U0JOHN")) == 1


async def test_a_stack_holds_three_views(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(build_actions_block()))
    for _ in range(2):
        await harness.slack.press("U0JOHN", "go")
        await harness.web.views_push(
            trigger_id=harness.app.last_payload["trigger_id"],
            view=build_modal(build_actions_block()),
        )
    await harness.slack.press("U0JOHN", "go")
    trigger_id = harness.app.last_payload["trigger_id"]
    answer = await harness.call_rejected("views.push", trigger_id=trigger_id, view=build_modal())
    assert answer["error"] == "push_limit_reached"


async def test_update_keeps_entered_values(harness: SlackHarness) -> None:
    view = await harness.open_form(
        build_modal(build_field_block("name"), build_field_block("note", optional=True))
    )
    harness.app.respond_with({"response_action": "errors", "errors": {"name": "No."}})
    await harness.slack.submit("U0JOHN", {"name": "Asha"})
    fresh = build_field_block("name", {"type": "plain_text_input", "initial_value": "other"})
    other = build_field_block("city", {"type": "plain_text_input", "initial_value": "Pune"})
    updated = (await harness.web.views_update(view_id=view["id"], view=build_modal(fresh, other)))[
        "view"
    ]
    values = updated["state"]["values"]
    assert values["name"]["value"]["value"] == "Asha"
    assert values["city"]["value"]["value"] == "Pune"
    assert "note" not in values


async def test_stale_update_is_rejected_by_its_hash(harness: SlackHarness) -> None:
    view = await harness.open_form(build_modal())
    args = {"view_id": view["id"], "hash": view["hash"]}
    assert (await harness.web.views_update(**args, view=build_modal(build_section_block("One"))))[
        "ok"
    ]
    answer = await harness.call_rejected(
        "views.update", **args, view=build_modal(build_section_block("Two"))
    )
    assert answer["error"] == "hash_conflict"


async def test_a_closed_view_cannot_be_updated(harness: SlackHarness) -> None:
    view = await harness.open_form(build_modal())
    await harness.slack.close_view("U0JOHN")
    answer = await harness.call_rejected("views.update", view_id=view["id"], view=build_modal())
    assert answer["error"] == "not_found"
    with pytest.raises(ActionNotPossible):
        await harness.slack.submit("U0JOHN")


async def test_an_external_id_is_used_once(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(external_id="form-1"))
    assert (
        await harness.web.views_update(external_id="form-1", view=build_modal(external_id="form-1"))
    )["ok"]
    again = await get_trigger(harness)
    view = build_modal(external_id="form-1")
    answer = await harness.call_rejected("views.open", trigger_id=again, view=view)
    assert answer["error"] == "duplicate_external_id"


@pytest.mark.parametrize("notify", [True, False])
async def test_view_closed_is_sent_only_with_notify_on_close(
    harness: SlackHarness, notify: bool
) -> None:
    view = await harness.open_form(build_modal(notify_on_close=notify))
    before = len(harness.app.received)
    await harness.slack.close_view("U0JOHN")
    requests = harness.app.received[before:]
    assert len(requests) == int(notify)
    if requests:
        assert requests[0].payload["type"] == "view_closed"
        assert requests[0].payload["view"]["id"] == view["id"]
        assert requests[0].payload["is_cleared"] is False


async def test_options_are_requested_once_the_query_is_long_enough(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(build_field_block("template", EXTERNAL)))
    before = len(harness.app.received)
    harness.app.respond_with({"options": COLOURS})
    assert await harness.slack.suggest("U0JOHN", "value", "r") == []
    assert len(harness.app.received) == before
    assert await harness.slack.suggest("U0JOHN", "value", "re") == COLOURS
    sent = harness.app.last_payload
    assert (sent["type"], sent["value"]) == ("block_suggestion", "re")
    assert (sent["block_id"], sent["action_id"]) == ("template", "value")
    assert sent["container"] == {"type": "view", "view_id": sent["view"]["id"]}
    harness.app.respond = None
    await harness.slack.submit("U0JOHN", {"template": "blue"})
    chosen = harness.app.last_payload["view"]["state"]["values"]["template"]["value"][
        "selected_option"
    ]
    assert chosen["value"] == "blue"


async def test_groups_of_options_are_options_too(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(build_field_block("template", EXTERNAL)))
    harness.app.respond_with(
        {"option_groups": [{"label": build_plain_text("Colours"), "options": COLOURS}]}
    )
    assert await harness.slack.suggest("U0JOHN", "value", "re") == COLOURS


async def test_unoffered_option_cannot_be_selected(harness: SlackHarness) -> None:
    await harness.open_form(build_modal(build_field_block("template", EXTERNAL)))
    with pytest.raises(ActionNotPossible, match="Ask for suggestions first"):
        await harness.slack.submit("U0JOHN", {"template": "blue"})


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response(),
        JSONResponse({"options": [{"text": build_plain_text("x" * 76), "value": "x"}]}),
        JSONResponse({"options": COLOURS * 51}),
        JSONResponse({"options": [], "option_groups": []}),
    ],
)
async def test_invalid_options_do_not_load(harness: SlackHarness, answer: Response) -> None:
    await harness.open_form(build_modal(build_field_block("template", EXTERNAL)))
    harness.app.respond = lambda _: answer
    with pytest.raises(ActionNotPossible, match="Couldn't load the options"):
        await harness.slack.suggest("U0JOHN", "value", "re")


async def test_response_channel_select_yields_a_response_url(harness: SlackHarness) -> None:
    where = {"type": "conversations_select", "response_url_enabled": True}
    await harness.open_form(build_modal(build_field_block("where", where)))
    await harness.slack.submit("U0JOHN", {"where": "C0SUPPORT"})
    given = harness.app.last_payload["response_urls"][0]
    assert (given["channel_id"], given["block_id"]) == ("C0SUPPORT", "where")
    await harness.post_response(
        given["response_url"], {"text": "Hi", "response_type": "in_channel"}
    )
    assert harness.slack.list_messages("U0MEI", "C0SUPPORT")[-1].text == "Hi"


async def test_every_kind_of_field_has_its_own_state(harness: SlackHarness) -> None:
    elements: list[tuple[Json, object, Json]] = [
        ({"type": "email_text_input"}, "asha@acme.com", {"value": "asha@acme.com"}),
        ({"type": "url_text_input"}, "https://acme.com", {"value": "https://acme.com"}),
        ({"type": "users_select"}, "U0MEI", {"selected_user": "U0MEI"}),
        ({"type": "multi_users_select"}, ["U0MEI"], {"selected_users": ["U0MEI"]}),
        ({"type": "number_input", "is_decimal_allowed": False}, "7", {"value": "7"}),
    ]
    blocks = [build_field_block(f"f{n}", element) for n, (element, _, _) in enumerate(elements)]
    await harness.open_form(build_modal(*blocks))
    raws = {f"f{n}": raw for n, (_, raw, _) in enumerate(elements)}
    await harness.slack.submit("U0JOHN", raws)  # type: ignore[arg-type]
    values = harness.app.last_payload["view"]["state"]["values"]
    for n, (element, _, state) in enumerate(elements):
        assert values[f"f{n}"]["value"] == {"type": element["type"], **state}
