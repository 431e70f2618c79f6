"""Stories of ``/chakra templates``: the list, the card, writing and changing one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.template import Template
from bot.errors import UsageError
from bot.sandbox.chakra.faults import Hang, NotJson, ResetAfter, Status
from bot.sandbox.demo import World
from bot.sandbox.slack import Shown, plain
from bot.sandbox.slack.limits import check_response
from bot.slack.client import response_body
from bot.slack.reply import Message
from bot.whatsapp.listing import Family
from commands import templates
from tests.clock import ManualClock
from tests.conftest import OpenWorld
from tests.whatsapp.samples import WILD_TEMPLATES

SALES = "C0SALES"
MEI, JOHN = "U0MEI", "U0JOHN"
ALL = "GET /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
CREATE = ALL.replace("GET", "POST")
UPDATE = "POST /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{whatsappMessageTemplateId}"
NUMBERS = "GET /v1/ext/whatsapp-phone-number"


async def typed(acme: World, text: str = "", *, by: str = MEI, where: str = SALES) -> Shown:
    await acme.slack.type(by, where, f"/chakra templates {text}".rstrip())
    await acme.settle()
    return seen(acme, by, where)


async def pressed(acme: World, action: str, *, by: str = MEI, value: Any = None) -> Shown:
    await acme.slack.press(by, action, value=value)
    await acme.settle()
    return seen(acme, by)


async def submitted(acme: World, by: str = JOHN, **values: str) -> dict[str, str]:
    """What stands under the fields afterwards."""
    delivered = await acme.slack.submit(by, values)
    await acme.settle()
    return delivered.errors


def seen(acme: World, by: str = MEI, where: str = SALES) -> Shown:
    return acme.slack.messages(by, where)[-1]


def rows(message: Shown) -> list[str]:
    """The name in each row."""
    return [
        block["text"]["text"].split("\n")[0].strip("*")
        for block in message.blocks or []
        if block.get("accessory", {}).get("action_id") == templates.SHOW
    ]


@pytest.fixture(autouse=True)
async def _slack_takes_everything(acme: World) -> Any:
    yield
    assert acme.slack.refusals == []
    assert acme.slack.warnings == []


# --- the list ------------------------------------------------------------------------------------


async def test_all_in_pages_that_stay_in_one_message(acme: World) -> None:
    page = await typed(acme)
    assert page.ephemeral
    total = len({one.name for one in acme.chakra.templates})
    assert f"{total} of {total} templates" in plain(page)
    names = rows(page)
    while "Next" in plain(seen(acme)):
        following = await pressed(acme, "templates.page:next")
        assert following.id == page.id
        names += rows(following)
    assert names == sorted({one.name for one in acme.chakra.templates})
    assert "Previous" in plain(seen(acme))


async def test_states_are_told_by_language(acme: World) -> None:
    page = plain(await typed(acme, "cart reminder category:marketing"))
    assert "Approved in en, " in page
    assert "In review in ar" in page
    assert "Disabled in es" in page


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("status:paused", "4 of"),
        ("status:“in review”", "in review"),
        ("status:PAUSED category:utility", "utility"),
        ("language:pt", "language pt"),
        ("language:pt_BR", "language pt_br"),
        ("promo", "christmas_promo_23"),
        ("zzzz", "No template matches. Try other or fewer words, or see all with"),
        ("zzzz language:hi", "other or fewer words or fewer filters"),
        ("oder_updat", "Close to it: `order_update`"),
        ("status:sleeping", "There are: approved, pending"),
        ("category:fun", "There are: authentication, marketing, utility"),
        ("language:xx", "No template has the language “xx”"),
        ("<@U0MEI|mei>", "filtered by words"),
        ("x" * 300, "too long"),
        ("<!channel>", "No template matches"),
    ],
)
async def test_filters_and_what_is_wrong_with_them(acme: World, text: str, told: str) -> None:
    assert told in plain(await typed(acme, text))


async def test_names_with_the_words_come_before_texts_with_them(acme: World) -> None:
    found = rows(await typed(acme, "order category:utility"))
    assert found
    assert all(name.startswith("order_") for name in found)


async def test_the_list_is_remembered_for_ten_minutes_and_says_its_age(
    acme: World, clock: ManualClock
) -> None:
    await typed(acme)
    asked = acme.chakra.count(ALL)
    await clock.advance(180)
    assert "3 minutes ago" in plain(await typed(acme))
    assert acme.chakra.count(ALL) == asked
    assert "just now" in plain(await pressed(acme, "templates.reload"))
    assert acme.chakra.count(ALL) > asked


async def test_a_row_opens_the_card_as_a_message_of_its_own(acme: World) -> None:
    listed = await typed(acme, "hello_world status:approved")
    shown = await pressed(acme, "templates.show")
    assert shown.id != listed.id
    assert shown.ephemeral
    assert "Welcome and congratulations" in plain(shown)


@pytest.mark.parametrize(
    "value",
    ["", "x", "{}", "7", "null", '["a"]', '["","","","","1"]', '["","","","",true]',
     f'["{"x" * 201}","","","",1]', '[1,"","","",1]', "[" * 9000],
)  # fmt: skip
def test_a_button_that_holds_anything_else_is_outdated(value: str) -> None:
    with pytest.raises(UsageError, match="older list"):
        templates._restored(value)


@pytest.mark.parametrize("page", [-5, 0, 1, 10**9])
def test_what_a_button_holds_is_read_back(page: int) -> None:
    asked = templates.Asked('“order” \\ "<&>" 🌻' * 5, "approved", "utility", "en", page)
    assert templates._restored(templates._written(asked)) == asked
    assert len(templates._written(asked)) < 2000


@given(st.lists(WILD_TEMPLATES, min_size=1, max_size=4))
def test_whatever_templates_hold_slack_takes_a_page_of_them(found: list[Template]) -> None:
    row = templates._row(Family(found[0].name, tuple(found)))
    message = Message("Templates", (row,) * templates.ROWS)
    assert check_response(response_body(message)) == []


# --- the card ------------------------------------------------------------------------------------


async def test_a_whole_name_shows_the_card(acme: World) -> None:
    shown = plain(await typed(acme, "order_delivery_update"))
    for part in (
        "Approved",
        "Utility",
        "English (US)",
        "Good news ‹1›! Your order #‹2› is on its way",
        "Stop Delivery Updates",
        "Examples: ‹1›: Mark",
    ):
        assert part in shown
    assert "Order delivery" not in shown
    assert "on its way" in plain(await typed(acme, "Order Delivery Update"))


async def test_another_language_takes_the_place_of_the_card(acme: World) -> None:
    shown = await typed(acme, "order_update")
    hindi = acme.chakra.template("order_update", "hi")
    again = await pressed(acme, "templates.choose", value=hindi.id)
    assert again.id == shown.id
    assert "ग्राहक" in plain(again) or "ऑर्डर" in plain(again)
    assert "Hindi" in plain(await typed(acme, "order_update language:hi"))


async def test_the_reason_of_a_refusal_in_words(acme: World) -> None:
    shown = plain(await typed(acme, "crypto_tip"))
    assert "Rejected." in shown
    assert "WhatsApp" in shown
    assert "TAG_CONTENT" not in shown


async def test_what_cannot_be_sent_from_here_says_why(acme: World) -> None:
    assert "a limited-time offer" in plain(await typed(acme, "flash_sale_24h"))
    assert "a carousel" in plain(await typed(acme, "summer_carousel"))


async def test_refresh_shows_what_meta_has_changed(acme: World) -> None:
    shown = await typed(acme, "hello_world")
    acme.chakra.change_template("hello_world", "en_US", status="PAUSED", quality="RED")
    again = await pressed(acme, "templates.refresh")
    assert again.id == shown.id
    assert "Paused" in plain(again)
    assert "Low: it may be paused soon" in plain(again)


async def test_share_posts_a_new_masked_message(acme: World) -> None:
    await typed(acme, "store_opening")
    shared = await pressed(acme, "templates.share")
    assert not shared.ephemeral
    assert f"Shared by <@{MEI}>" in plain(shared)
    assert "2025550190" not in json.dumps(shared.blocks)
    card = await typed(acme, "store_opening", where="D0MEI")
    assert "Share" not in plain(card)


# --- what goes wrong -----------------------------------------------------------------------------


async def test_without_an_account_the_setting_is_named(open_world: OpenWorld) -> None:
    async with open_world(other={"chakra_waba_id": None}) as made:
        made.chakra.without(NUMBERS)
        told = plain(await typed(made))
    assert "does not tell which WhatsApp Business Account" in told
    assert "CHAKRA_WABA_ID" in told


@pytest.mark.parametrize(
    ("fault", "told"),
    [(Status(401), "access token"), (Status(403), "does not let"), (NotJson(), "cannot read")],
)
async def test_each_way_of_chakra_to_fail_is_a_sentence(acme: World, fault: Any, told: str) -> None:
    acme.chakra.fail(ALL, fault)
    assert told in plain(await typed(acme))


async def test_a_hung_chakra_delays_no_ack(acme: World, clock: ManualClock) -> None:
    acme.chakra.fail(ALL, Hang())
    typing = asyncio.create_task(acme.slack.type(MEI, SALES, "/chakra templates hello_world"))
    await acme.chakra.until_asked(1, ALL)
    await clock.advance(0.3)
    assert (await typing).seconds < 0.5
    acme.chakra.clear_faults()
    acme.chakra.release()
    await acme.slack.until(lambda: "Welcome and congratulations" in plain(seen(acme)))


async def test_a_template_that_is_gone(acme: World) -> None:
    await typed(acme, "hello_world")
    acme.chakra.fail(ALL, Status(200, json={"data": []}))
    assert "not in the account any more" in plain(await pressed(acme, "templates.refresh"))
    assert "has no templates yet" in plain(await typed(acme))


# --- a new one -----------------------------------------------------------------------------------

NEW = {
    "name": "order_news",
    "language": "en",
    "category": "UTILITY",
    "header": "Order {{1}}",
    "header_example": "566701",
    "body": "Hi {{1}}, your order {{2}} is here.",
    "examples": "Mark\n566701",
    "footer": "Acme",
}


async def test_only_who_may_write_sees_the_buttons(acme: World) -> None:
    assert "New template" not in plain(await typed(acme))
    assert "Edit" not in plain(await typed(acme, "hello_world"))
    assert "New template" in plain(await typed(acme, by=JOHN))
    assert "Edit" in plain(await typed(acme, "hello_world", by=JOHN))


async def opened(acme: World) -> None:
    await typed(acme, by=JOHN)
    await acme.slack.press(JOHN, "templates.create")
    await acme.settle()


async def test_a_new_one_is_handed_in_and_meta_says_what_it_thinks(
    acme: World, clock: ManualClock
) -> None:
    await opened(acme)
    assert await submitted(acme, **NEW) == {}
    assert acme.slack.view(JOHN) is None
    card = plain(seen(acme, JOHN))
    assert "WhatsApp took it and looks at it now." in card
    assert "In review" in card
    assert "Hi ‹1›, your order ‹2› is here." in card
    await clock.advance(5)
    assert "Approved" in plain(await pressed(acme, "templates.refresh", by=JOHN))


async def test_a_refused_one_says_why(acme: World, clock: ManualClock) -> None:
    await opened(acme)
    await submitted(acme, **{**NEW, "body": "Hi {{1}}, 20 % off {{2}}, today only."})
    await clock.advance(5)
    card = plain(await pressed(acme, "templates.refresh", by=JOHN))
    assert "Rejected." in card
    assert "does not fit the category" in card


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"name": "Order News"}, "name", "order_news"),
        ({"body": "{{1}} is your order {{2}}."}, "body", "start or end"),
        ({"examples": "Mark"}, "examples", "2 lines"),
        ({"footer": "{{1}}"}, "footer", "no variables"),
    ],
)
async def test_what_is_wrong_is_told_under_its_field(
    acme: World, change: dict[str, str], field: str, told: str
) -> None:
    await opened(acme)
    errors = await submitted(acme, **{**NEW, **change})
    assert list(errors) == [field]
    assert told in errors[field]
    assert acme.chakra.count(CREATE) == 0


async def test_metas_refusal_keeps_the_form_with_all_that_was_entered(acme: World) -> None:
    await opened(acme)
    await submitted(acme, **{**NEW, "name": "hello_world", "language": "en_US"})
    form = acme.slack.view(JOHN)
    assert form is not None
    assert "There is already en_US content for this template" in plain(form)
    kept = {
        block["block_id"]: block["element"] for block in form["blocks"] if block["type"] == "input"
    }
    assert kept["body"]["initial_value"] == NEW["body"]
    assert kept["language"]["initial_option"]["value"] == "en_US"
    assert kept["category"]["initial_option"]["value"] == "UTILITY"
    assert await submitted(acme, **NEW) == {}
    assert acme.chakra.template("order_news").status == "PENDING"


async def test_an_unknown_outcome_is_told_and_not_repeated(acme: World) -> None:
    await opened(acme)
    acme.chakra.fail(CREATE, ResetAfter())
    await submitted(acme, **NEW)
    form = acme.slack.view(JOHN)
    assert form is not None
    assert "It may have been" in plain(form)
    assert acme.chakra.count(CREATE) == 1
    assert "In review" in plain(await typed(acme, "order_news", by=JOHN))


async def test_handed_in_is_said_even_when_the_card_cannot_be_shown(acme: World) -> None:
    await opened(acme)
    acme.chakra.fail(ALL, NotJson())
    await submitted(acme, **NEW)
    assert acme.slack.view(JOHN) is None
    assert "WhatsApp took it" in plain(seen(acme, JOHN))


async def test_meta_may_make_it_another_category(acme: World) -> None:
    await opened(acme)
    answer = {"id": "1", "status": "APPROVED", "category": "MARKETING"}
    acme.chakra.fail(CREATE, Status(200, json=answer))
    await submitted(acme, **NEW)
    told = plain(seen(acme, JOHN))
    assert "approved it at once" in told
    assert "It made it a marketing template." in told


# --- a change ------------------------------------------------------------------------------------


async def editing(acme: World, name: str = "hello_world") -> Any:
    await typed(acme, name, by=JOHN)
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    return acme.slack.view(JOHN)


async def test_a_change_keeps_what_the_form_does_not_show(acme: World) -> None:
    form = await editing(acme, "order_delivery_update")
    fields = [block["block_id"] for block in form["blocks"] if block["type"] == "input"]
    assert fields == ["body", "examples", "footer"]
    text = "Good news {{1}}! Order {{2}} has left."
    assert await submitted(acme, body=text) == {}
    [sent] = [asked.json for asked in acme.chakra.requests if asked.method == "POST"]
    place, body, footer, stop = sent["components"]
    assert place == {"type": "HEADER", "format": "LOCATION"}
    assert body["text"] == text
    assert body["example"] == {"body_text": [["Mark", "566701"]]}
    assert (footer["type"], stop["type"]) == ("FOOTER", "BUTTONS")
    assert "category" not in sent
    card = plain(seen(acme, JOHN))
    assert "WhatsApp took the change" in card
    assert "In review" in card


async def test_a_rejected_one_may_change_its_category(acme: World, clock: ManualClock) -> None:
    await typed(acme, "renewal_notice", by=JOHN)
    rejected = acme.chakra.template("renewal_notice", "en")
    await acme.slack.press(JOHN, "templates.choose", value=rejected.id)
    await acme.settle()
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    assert await submitted(acme, category="UTILITY") == {}
    await clock.advance(5)
    assert acme.chakra.template("renewal_notice", "en").category == "UTILITY"
    assert "Approved" in plain(await pressed(acme, "templates.refresh", by=JOHN))


async def test_nothing_changed_sends_nothing(acme: World) -> None:
    await editing(acme)
    assert await submitted(acme) == {}
    assert acme.chakra.count(UPDATE) == 0


async def test_opening_waits_for_no_chakra(acme: World, clock: ManualClock) -> None:
    await typed(acme, "hello_world", by=JOHN)
    await clock.advance(700)
    acme.chakra.fail("*", Hang())
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    assert "congratulations" in json.dumps(acme.slack.view(JOHN))


async def test_metas_refusal_of_a_change_is_told_in_the_form(acme: World) -> None:
    await editing(acme)
    assert await submitted(acme, body="Hello again.") == {}
    acme.chakra.change_template("hello_world", "en_US", status="APPROVED")
    await pressed(acme, "templates.refresh", by=JOHN)
    await acme.slack.press(JOHN, "templates.edit")
    await acme.settle()
    await submitted(acme, body="Hello once more.")
    assert "once in 24 hours" in plain(acme.slack.view(JOHN) or {})
