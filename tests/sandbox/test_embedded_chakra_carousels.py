"""What Meta refuses of a carousel, an offer and a button that opens something."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.chakra.meta import MetaApiError
from bot.sandbox.chakra.template import EmbeddedTemplate, load_templates
from bot.sandbox.chakra.template_parameters import iter_media_links, render_body

NOW = 1_700_000_000.0
LINK = "https://acme.example/a.png"
SEED = {template.name: template for template in reversed(load_templates())}
Part = dict[str, Any]


def text(value: str, **more: str) -> Part:
    return {"type": "text", "text": value, **more}


def header(kind: str = "image") -> Part:
    return {"type": "header", "parameters": [{"type": kind, kind: {"link": LINK}}]}


def body(*values: str) -> Part:
    return {"type": "body", "parameters": [text(value) for value in values]}


def button(index: int, *parameters: Part, sub_type: str = "url") -> Part:
    return {
        "type": "button",
        "sub_type": sub_type,
        "index": str(index),
        "parameters": list(parameters),
    }


def card(index: int, *components: Part) -> Part:
    return {"card_index": index, "components": list(components or (header(), SUFFIX))}


def carousel(*cards: Any) -> Part:
    return {"type": "carousel", "cards": list(cards)}


def offer(moment: Any) -> Part:
    inner = {"expiration_time_ms": moment}
    parameter = {"type": "limited_time_offer", "limited_time_offer": inner}
    return {"type": "limited_time_offer", "parameters": [parameter]}


SUFFIX = button(1, text("hat"))
COUPON = button(0, {"type": "coupon_code", "coupon_code": "FLASH50"}, sub_type="copy_code")
LATER = int(NOW * 1000) + 1
CARDS = [card(0), card(1), card(2)]
FLOW = button(0, {"type": "action", "action": {"flow_token": "unused"}}, sub_type="flow")
NO_PRODUCT = {"parameters": [{"type": "action", "action": {}}]}
CATALOG = {"type": "button", "sub_type": "CATALOG", "index": "0"}


def replace_last_card(*components: Part) -> list[Part]:
    """Return a carousel whose third card has these components."""
    return [body("Mei"), carousel(*CARDS[:2], card(2, *components))]


@pytest.mark.parametrize(
    ("name", "components", "code"),
    [
        ("summer_carousel", [body("Mei"), carousel(*CARDS)], 0),
        ("summer_carousel", [body("Mei")], 132012),
        ("summer_carousel", [body("Mei"), carousel(*CARDS[:2])], 132012),
        ("summer_carousel", [body("Mei"), carousel(*CARDS, card(3))], 132012),
        ("summer_carousel", [body("Mei"), carousel(CARDS[0], CARDS[0], CARDS[2])], 131009),
        ("summer_carousel", replace_last_card(SUFFIX), 132012),
        ("summer_carousel", replace_last_card(header("video"), SUFFIX), 132012),
        ("summer_carousel", replace_last_card(header()), 131008),
        ("summer_carousel", replace_last_card(header(), SUFFIX, body("x")), 132000),
        ("summer_carousel", replace_last_card(header(), button(0, text("x")), SUFFIX), 131009),
        ("summer_carousel", [body("Mei"), carousel(*CARDS[:2], 7)], 100),
        ("summer_carousel", [body("Mei"), {"type": "carousel", "cards": "x"}], 100),
        ("summer_carousel", [carousel(*CARDS)], 132000),
        ("hello_world", [carousel(card(0))], 132012),
        ("flash_sale_24h", [header(), body("Mei"), offer(LATER), COUPON, SUFFIX], 0),
        ("flash_sale_24h", [header(), body("Mei"), COUPON, SUFFIX], 131008),
        ("flash_sale_24h", [header(), body("Mei"), offer(None), COUPON, SUFFIX], 131008),
        ("flash_sale_24h", [header(), body("Mei"), offer(int(NOW * 1000)), COUPON, SUFFIX], 131009),
        ("flash_sale_24h", [header(), body("Mei"), offer(str(LATER)), COUPON, SUFFIX], 131009),
        ("flash_sale_24h", [header(), body("M" * 600), offer(LATER), COUPON, SUFFIX], 132005),
        ("weekend_deal", [body("Mei"), COUPON], 0),
        ("weekend_deal", [body("Mei"), offer(LATER), COUPON], 132012),
        ("survey_nps", [body("Mei"), FLOW], 0),
        ("survey_nps", [body("Mei")], 131008),
        ("survey_nps", [body("Mei"), button(0, text("x"), sub_type="flow")], 132012),
        ("survey_nps", [body("Mei"), button(0, text("x"))], 131009),
        ("catalog_new_arrivals", [body("Mei"), CATALOG], 0),
        ("catalog_new_arrivals", [body("Mei")], 0),
        ("catalog_new_arrivals", [body("Mei"), {**CATALOG, **NO_PRODUCT}], 131008),
    ],
)  # fmt: skip
def test_metas_checks(name: str, components: list[Part], code: int) -> None:
    if code == 0:
        assert "Mei" in render_body(SEED[name], components, NOW)
        return
    with pytest.raises(MetaApiError) as refused:
        render_body(SEED[name], components, NOW)
    assert refused.value.code == code


def test_the_text_of_a_card_is_limited_with_its_values() -> None:
    parts = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "A hat for {{1}}"}]
    template = EmbeddedTemplate.model_validate(
        {
            "id": "1",
            "name": "hats",
            "language": "en",
            "category": "MARKETING",
            "components": [
                {"type": "BODY", "text": "Hats"},
                {"type": "CAROUSEL", "cards": [{"components": parts}] * 2},
            ],
        }
    )
    cards = [card(index, header(), body("Mei")) for index in range(2)]
    assert render_body(template, [carousel(*cards)], NOW) == "Hats"
    assert list(iter_media_links([carousel(*cards)])) == [("image", LINK)] * 2
    cards[1] = card(1, header(), body("M" * 160))
    with pytest.raises(MetaApiError) as refused:
        render_body(template, [carousel(*cards)], NOW)
    assert refused.value.code == 132005
