"""Stories of ``/chakra send`` with carousels and limited-time offers."""

from __future__ import annotations

import pytest

from bot.sandbox.chakra.accepted_send import SEND_META_MESSAGE
from tests.clock import ManualClock
from tests.commands.send_file_scenarios import PICTURE, PNG, UPLOAD_ENDPOINT, fetch_public_file
from tests.commands.send_scenarios import (
    JOHN,
    READING_NUMBER,
    advance_until,
    count_sent,
    open_form,
    read_view_text,
    run_command,
)
from tests.shared_world import shared_world
from tests.templates.builders import (
    Json,
    build_body_component,
    build_buttons_component,
    build_url_button,
)
from tests.world import World

LINK = "https://acme.example/files/hat.png"
SALE = {
    "phone": READING_NUMBER,
    "var_body_1": "Mei",
    "media": LINK,
    "var_button_0_1": "FLASH50",
    "var_button_1_1": "today",
}


def build_cards(count: int, text: str) -> list[Json]:
    card = [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [LINK]}},
        build_body_component(text),
        build_buttons_component(build_url_button("Buy")),
    ]
    return [{"components": card} for _ in range(count)]


def create_carousel(acme: World, name: str, count: int, text: str) -> None:
    parts = (build_body_component("Hats!"), {"type": "CAROUSEL", "cards": build_cards(count, text)})
    acme.chakra.create_template(name=name, language="en", category="MARKETING", components=parts)


async def test_cards_are_filled_in_checked_and_sent(acme: World, clock: ManualClock) -> None:
    await open_form(acme, "summer_carousel")
    assert "Chakra doesn't document carousels." in read_view_text(acme)
    assert "Card 3 · Picture: or a file" in read_view_text(acme)
    values = {f"card_{card}_media": LINK for card in (0, 2)} | {"card_1_file": PICTURE}
    values |= {f"var_card_{card}_button_1_1": f"hat{card}" for card in range(3)}
    assert await acme.submit({"phone": READING_NUMBER, "var_body_1": "Mei", **values}) == {}
    shown = read_view_text(acme)
    for part in ("Card 1", LINK, "Straw hat", "hat0", "Card 2", "tree.png", "Card 3", "hat2"):
        assert part in shown, shown
    await acme.confirm()
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    carousel = acme.chakra.sends[0].body["template"]["components"][-1]
    links = [card["components"][0]["parameters"][0]["image"]["link"] for card in carousel["cards"]]
    assert (links[0], links[2]) == (LINK, LINK)
    assert await fetch_public_file(links[1]) == ("image/png", PNG)
    assert acme.chakra.count(UPLOAD_ENDPOINT) == acme.chakra.count(SEND_META_MESSAGE) == 1


@shared_world
async def test_a_card_without_a_picture_is_named_under_its_field(acme: World) -> None:
    await open_form(acme, "summer_carousel")
    values = {"card_0_media": LINK, "card_1_media": "hat.png"}
    values |= {f"var_card_{card}_button_1_1": "hat" for card in range(3)}
    errors = await acme.submit({"phone": READING_NUMBER, "var_body_1": "Mei", **values})
    assert errors == {
        "card_1_media": "Enter the full link, starting with https://.",
        "card_2_media": "Enter a link starting with https://, or choose a file.",
    }


async def test_ten_cards_fit_into_the_form(acme: World, clock: ManualClock) -> None:
    create_carousel(acme, "ten_hats", 10, "A hat for {{1}}")
    await open_form(acme, "ten_hats")
    values = {f"card_{card}_media": LINK for card in range(10)}
    values |= {f"var_card_{card}_body_1": "Mei" for card in range(10)}
    values |= {f"var_card_{card}_button_0_1": "hat" for card in range(10)}
    assert await acme.send({"phone": READING_NUMBER, **values}) == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    assert len(acme.chakra.sends[0].body["template"]["components"][-1]["cards"]) == 10


async def test_more_cards_than_a_form_holds_are_refused_with_the_reason(acme: World) -> None:
    create_carousel(acme, "many_hats", 10, "{{1}}, {{2}}, {{3}} and {{4}} hats")
    await run_command(acme)
    [option] = await acme.slack.suggest(JOHN, "send.template", "many hats")
    reason = "Can't be sent: carousel with 10 cards: too many fields for a form"
    assert option["description"]["text"] == reason
    await acme.press("send.template", value=option)
    assert "10 cards have more fields than a Slack form can hold" in read_view_text(acme)


async def test_an_offer_is_sent_with_its_end(acme: World, clock: ManualClock) -> None:
    await open_form(acme, "flash_sale_24h")
    assert "Chakra doesn't document limited-time offers." in read_view_text(acme)
    ends = int(clock.time()) + 3_600
    assert await acme.submit({**SALE, "expiration": ends}) == {}
    assert f"Flash sale!* · ends <!date^{ends}^" in read_view_text(acme)
    await acme.confirm()
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)


@shared_world
async def test_an_offer_that_has_ended_is_not_sent(acme: World, clock: ManualClock) -> None:
    await open_form(acme, "flash_sale_24h")
    errors = await acme.submit({**SALE, "expiration": int(clock.time()) - 1})
    assert errors == {"expiration": "This is in the past. Choose a later date and time."}
    assert await acme.submit({**SALE, "expiration": int(clock.time()) + 60}) == {}
    await clock.advance(120)  # the view waits while the offer ends
    await acme.confirm()
    assert "This is in the past" in read_view_text(acme)
    assert count_sent(acme) == 0


@shared_world
@pytest.mark.parametrize("name", ["summer_carousel", "flash_sale_24h"])
async def test_a_typed_line_opens_the_form_for_the_rest(acme: World, name: str) -> None:
    await run_command(acme, f"{name} {READING_NUMBER} 1=Mei")
    view = acme.slack.find_view(JOHN) or {}
    assert view.get("callback_id") == "send.submit"
    assert "Mei" in str(view["blocks"])
