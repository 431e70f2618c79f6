"""Modals: opening in time, filling, submitting, and the effect of each ack."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.responses import JSONResponse, Response

from bot.sandbox.slack import ActionNotPossible, visible_text
from tests.sandbox.slack_stage import (
    Json,
    Stage,
    actions,
    field_block,
    modal,
    plain_text,
    section,
    staged,
)

COLOURS = [{"text": plain_text(name), "value": name} for name in ("red", "blue")]
SELECT = {"type": "static_select", "options": COLOURS}
EXTERNAL = {"type": "external_select", "min_query_length": 2}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


async def trigger(stage: Stage) -> str:
    await stage.slack.type("U0JOHN", "C0SALES", "/chakra form")
    return str(stage.app.last["trigger_id"])


async def test_a_trigger_opens_one_form_within_three_seconds(stage: Stage) -> None:
    first = await trigger(stage)
    view = (await stage.web.views_open(trigger_id=first, view=modal()))["view"]
    assert view["id"].startswith("V")
    assert view["hash"]
    assert stage.slack.view("U0JOHN") == view
    assert stage.slack.view("U0MEI") is None
    again = await stage.refusal("views.open", trigger_id=first, view=modal())
    assert again["error"] == "exchanged_trigger_id"


async def test_a_trigger_is_too_old_after_three_seconds(stage: Stage) -> None:
    old = await trigger(stage)
    await stage.clock.advance(3)
    answer = await stage.refusal("views.open", trigger_id=old, view=modal())
    assert answer["error"] == "expired_trigger_id"
    answer = await stage.refusal("views.open", trigger_id="123.456.abc", view=modal())
    assert answer["error"] == "invalid_trigger_id"


async def test_a_view_that_breaks_a_limit_does_not_use_up_the_trigger(stage: Stage) -> None:
    good = await trigger(stage)
    wrong = modal(title=plain_text("x" * 25))
    answer = await stage.refusal("views.open", trigger_id=good, view=wrong)
    assert answer["error"] == "invalid_arguments"
    message = "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    assert answer["response_metadata"]["messages"] == [message]
    assert (await stage.web.views_open(trigger_id=good, view=modal()))["ok"]


async def test_a_submission_has_the_shape_of_slack(stage: Stage) -> None:
    view = await stage.form(modal(field_block("name"), private_metadata="kept"))
    delivered = await stage.slack.submit("U0JOHN", {"name": "Asha"})
    sent = stage.app.last
    assert delivered.status == 200
    assert sent["type"] == "view_submission"
    assert sent["user"] == {"id": "U0JOHN", "username": "john", "name": "john", "team_id": "T0ACME"}
    assert sent["view"]["id"] == view["id"]
    assert sent["view"]["private_metadata"] == "kept"
    assert sent["view"]["state"]["values"] == {
        "name": {"value": {"type": "plain_text_input", "value": "Asha"}}
    }
    assert sent["response_urls"] == []
    assert stage.slack.view("U0JOHN") is None


async def test_what_was_not_touched_keeps_its_first_value(stage: Stage) -> None:
    name = {"type": "plain_text_input", "initial_value": "Asha"}
    colour = {**SELECT, "initial_option": COLOURS[0]}
    await stage.form(modal(field_block("name", name), field_block("colour", colour)))
    await stage.slack.submit("U0JOHN", {})
    values = stage.app.last["view"]["state"]["values"]
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
async def test_slack_itself_refuses_what_cannot_be_right(
    stage: Stage, element: Json, raw: str | list[str] | None, sentence: str
) -> None:
    await stage.form(modal(field_block("field", element)))
    before = len(stage.app.received)
    delivered = await stage.slack.submit("U0JOHN", {"field": raw})
    assert sentence in delivered.errors["field"]
    assert len(stage.app.received) == before
    assert stage.slack.view("U0JOHN") is not None


async def test_an_optional_field_may_stay_empty(stage: Stage) -> None:
    await stage.form(modal(field_block("note", optional=True)))
    assert (await stage.slack.submit("U0JOHN")).errors == {}


async def test_errors_stand_under_their_fields(stage: Stage) -> None:
    await stage.form(modal(field_block("name")))
    stage.app.says({"response_action": "errors", "errors": {"name": "Nobody has that name."}})
    delivered = await stage.slack.submit("U0JOHN", {"name": "Asha"})
    assert delivered.errors == {"name": "Nobody has that name."}
    view = stage.slack.view("U0JOHN")
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
async def test_an_answer_that_slack_cannot_use_keeps_the_form(stage: Stage, body: Json) -> None:
    await stage.form(modal(field_block("name")))
    stage.app.says(body)
    delivered = await stage.slack.submit("U0JOHN", {"name": "Asha"})
    assert delivered.errors == {}
    assert stage.slack.view("U0JOHN") is not None
    assert stage.slack.rejections[-1].source == "view_submission ack"
    assert stage.slack.notices[-1].text == "We had some trouble connecting. Try again?"


async def test_no_ack_keeps_the_form_and_says_so(stage: Stage) -> None:
    await stage.form(modal(field_block("name")))
    stage.slack.set_request_url("http://127.0.0.1:1/")
    delivered = await stage.slack.submit("U0JOHN", {"name": "Asha"})
    assert delivered.status == 0
    assert stage.slack.view("U0JOHN") is not None
    assert "trouble connecting" in stage.slack.notices[-1].text


async def test_an_ack_may_update_push_or_clear(stage: Stage) -> None:
    await stage.form(modal(field_block("name")))
    stage.app.says({"response_action": "update", "view": modal(section("Sure?"))})
    await stage.slack.submit("U0JOHN", {"name": "Asha"})
    top = stage.slack.view("U0JOHN")
    assert top is not None
    assert visible_text(top) == "A form\nSure?\nSend"
    stage.app.says({"response_action": "push", "view": modal(section("Second"))})
    await stage.slack.submit("U0JOHN")
    assert len(stage.slack.views("U0JOHN")) == 2
    pushed = stage.slack.views("U0JOHN")[1]
    assert pushed["previous_view_id"] == top["id"] == pushed["root_view_id"]
    stage.app.says({"response_action": "clear"})
    await stage.slack.submit("U0JOHN")
    assert stage.slack.views("U0JOHN") == []


async def test_an_empty_ack_closes_one_level(stage: Stage) -> None:
    await stage.form(modal(field_block("name")))
    stage.app.says({"response_action": "push", "view": modal(section("Second"))})
    await stage.slack.submit("U0JOHN", {"name": "Asha"})
    stage.app.answer = None
    await stage.slack.submit("U0JOHN")
    assert len(stage.slack.views("U0JOHN")) == 1


async def test_a_stack_holds_three_views(stage: Stage) -> None:
    await stage.form(modal(actions()))
    for _ in range(2):
        await stage.slack.press("U0JOHN", "go")
        await stage.web.views_push(trigger_id=stage.app.last["trigger_id"], view=modal(actions()))
    await stage.slack.press("U0JOHN", "go")
    trigger_id = stage.app.last["trigger_id"]
    answer = await stage.refusal("views.push", trigger_id=trigger_id, view=modal())
    assert answer["error"] == "push_limit_reached"


async def test_an_update_keeps_what_was_filled_in(stage: Stage) -> None:
    view = await stage.form(modal(field_block("name"), field_block("note", optional=True)))
    stage.app.says({"response_action": "errors", "errors": {"name": "No."}})
    await stage.slack.submit("U0JOHN", {"name": "Asha"})
    fresh = field_block("name", {"type": "plain_text_input", "initial_value": "other"})
    other = field_block("city", {"type": "plain_text_input", "initial_value": "Pune"})
    updated = (await stage.web.views_update(view_id=view["id"], view=modal(fresh, other)))["view"]
    values = updated["state"]["values"]
    assert values["name"]["value"]["value"] == "Asha"
    assert values["city"]["value"]["value"] == "Pune"
    assert "note" not in values


async def test_a_lost_update_is_refused_by_its_hash(stage: Stage) -> None:
    view = await stage.form(modal())
    args = {"view_id": view["id"], "hash": view["hash"]}
    assert (await stage.web.views_update(**args, view=modal(section("One"))))["ok"]
    answer = await stage.refusal("views.update", **args, view=modal(section("Two")))
    assert answer["error"] == "hash_conflict"


async def test_a_closed_view_cannot_be_updated(stage: Stage) -> None:
    view = await stage.form(modal())
    await stage.slack.close_view("U0JOHN")
    answer = await stage.refusal("views.update", view_id=view["id"], view=modal())
    assert answer["error"] == "not_found"
    with pytest.raises(ActionNotPossible):
        await stage.slack.submit("U0JOHN")


async def test_an_external_id_is_used_once(stage: Stage) -> None:
    await stage.form(modal(external_id="form-1"))
    assert (await stage.web.views_update(external_id="form-1", view=modal(external_id="form-1")))[
        "ok"
    ]
    again = await trigger(stage)
    view = modal(external_id="form-1")
    answer = await stage.refusal("views.open", trigger_id=again, view=view)
    assert answer["error"] == "duplicate_external_id"


@pytest.mark.parametrize("notify", [True, False])
async def test_closing_is_told_only_where_it_was_asked_for(stage: Stage, notify: bool) -> None:
    view = await stage.form(modal(notify_on_close=notify))
    before = len(stage.app.received)
    await stage.slack.close_view("U0JOHN")
    told = stage.app.received[before:]
    assert len(told) == int(notify)
    if told:
        assert told[0].payload["type"] == "view_closed"
        assert told[0].payload["view"]["id"] == view["id"]
        assert told[0].payload["is_cleared"] is False


async def test_options_are_asked_for_once_the_query_is_long_enough(stage: Stage) -> None:
    await stage.form(modal(field_block("template", EXTERNAL)))
    before = len(stage.app.received)
    stage.app.says({"options": COLOURS})
    assert await stage.slack.suggest("U0JOHN", "value", "r") == []
    assert len(stage.app.received) == before
    assert await stage.slack.suggest("U0JOHN", "value", "re") == COLOURS
    sent = stage.app.last
    assert (sent["type"], sent["value"]) == ("block_suggestion", "re")
    assert (sent["block_id"], sent["action_id"]) == ("template", "value")
    assert sent["container"] == {"type": "view", "view_id": sent["view"]["id"]}
    stage.app.answer = None
    await stage.slack.submit("U0JOHN", {"template": "blue"})
    chosen = stage.app.last["view"]["state"]["values"]["template"]["value"]["selected_option"]
    assert chosen["value"] == "blue"


async def test_groups_of_options_are_options_too(stage: Stage) -> None:
    await stage.form(modal(field_block("template", EXTERNAL)))
    stage.app.says({"option_groups": [{"label": plain_text("Colours"), "options": COLOURS}]})
    assert await stage.slack.suggest("U0JOHN", "value", "re") == COLOURS


async def test_what_was_never_offered_cannot_be_chosen(stage: Stage) -> None:
    await stage.form(modal(field_block("template", EXTERNAL)))
    with pytest.raises(ActionNotPossible, match="Ask for suggestions first"):
        await stage.slack.submit("U0JOHN", {"template": "blue"})


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response(),
        JSONResponse({"options": [{"text": plain_text("x" * 76), "value": "x"}]}),
        JSONResponse({"options": COLOURS * 51}),
        JSONResponse({"options": [], "option_groups": []}),
    ],
)
async def test_options_that_slack_cannot_take_do_not_load(stage: Stage, answer: Response) -> None:
    await stage.form(modal(field_block("template", EXTERNAL)))
    stage.app.answer = lambda _: answer
    with pytest.raises(ActionNotPossible, match="Couldn't load the options"):
        await stage.slack.suggest("U0JOHN", "value", "re")


async def test_a_channel_chosen_for_the_answer_brings_a_response_url(stage: Stage) -> None:
    where = {"type": "conversations_select", "response_url_enabled": True}
    await stage.form(modal(field_block("where", where)))
    await stage.slack.submit("U0JOHN", {"where": "C0SUPPORT"})
    given = stage.app.last["response_urls"][0]
    assert (given["channel_id"], given["block_id"]) == ("C0SUPPORT", "where")
    await stage.respond(given["response_url"], {"text": "Hi", "response_type": "in_channel"})
    assert stage.slack.messages("U0MEI", "C0SUPPORT")[-1].text == "Hi"


async def test_every_kind_of_field_has_its_own_state(stage: Stage) -> None:
    elements: list[tuple[Json, object, Json]] = [
        ({"type": "email_text_input"}, "asha@acme.com", {"value": "asha@acme.com"}),
        ({"type": "url_text_input"}, "https://acme.com", {"value": "https://acme.com"}),
        ({"type": "users_select"}, "U0MEI", {"selected_user": "U0MEI"}),
        ({"type": "multi_users_select"}, ["U0MEI"], {"selected_users": ["U0MEI"]}),
        ({"type": "number_input", "is_decimal_allowed": False}, "7", {"value": "7"}),
    ]
    blocks = [field_block(f"f{n}", element) for n, (element, _, _) in enumerate(elements)]
    await stage.form(modal(*blocks))
    raws = {f"f{n}": raw for n, (_, raw, _) in enumerate(elements)}
    await stage.slack.submit("U0JOHN", raws)  # type: ignore[arg-type]
    values = stage.app.last["view"]["state"]["values"]
    for n, (element, _, state) in enumerate(elements):
        assert values[f"f{n}"]["value"] == {"type": element["type"], **state}
