"""Templates for tests: made from Meta's own shape, the documented ones and wild ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from bot.chakra.template import Template
from bot.messages.recipients import Recipient, RecipientKind
from tests.sandbox.chakra_client import read_doc

Json = dict[str, Any]

PHONE = Recipient(RecipientKind.PHONE, "919999999999", "+91 99999 99999")
LEAD = Recipient(
    RecipientKind.PROCESS, "919876543210", "lead LEAD-004038", "", "lead", "LEAD-004038"
)


def build_template(*components: Json, name: str = "order_update", **fields: Any) -> Template:
    """Approved and in ``en_US`` unless ``fields`` say otherwise."""
    template = {
        "id": "1667192013751005",
        "name": name,
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": list(components),
        **fields,
    }
    return Template.model_validate(template)


def build_body_component(text: str, *examples: str) -> Json:
    return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}


def build_header_component(text: str = "", media_format: str = "TEXT") -> Json:
    return {"type": "HEADER", "format": media_format, "text": text}


def build_buttons_component(*buttons: Json) -> Json:
    return {"type": "BUTTONS", "buttons": list(buttons)}


def build_url_button(text: str = "Track", address: str = "https://acme.example/o/{{1}}") -> Json:
    return {"type": "URL", "text": text, "url": address, "example": [address]}


COUPON: Json = {"type": "COPY_CODE", "text": "Copy offer code", "example": ["SAVE20"]}
OTP: Json = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}


OFFER_COMPONENT: Json = {
    "type": "LIMITED_TIME_OFFER",
    "limited_time_offer": {"text": "Flash sale!", "has_expiration": True},
}


def build_carousel(
    count: int,
    media_format: str = "IMAGE",
    text: str = "Straw hat",
    button: Json | None = None,
) -> Template:
    """Return a carousel of equal cards, each with a picture, a text and the end of a link."""
    card = [
        {"type": "HEADER", "format": media_format},
        build_body_component(text),
        build_buttons_component(
            {"type": "QUICK_REPLY", "text": "More"}, button or build_url_button("Buy")
        ),
    ]
    cards = [{"components": card} for _ in range(count)]
    return build_template(
        build_body_component("Summer, {{1}}!", "Mark"),
        {"type": "CAROUSEL", "cards": cards},
        name="summer_carousel",
        category="MARKETING",
    )


def build_authentication_template(**fields: Any) -> Template:
    return build_template(
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 10},
        build_buttons_component(OTP),
        name="login_otp",
        category="AUTHENTICATION",
        **fields,
    )


def build_documented_templates() -> tuple[Template, Template]:
    """Return the two documented templates: positional variables, and a rejected one with names."""
    first, second = read_doc("list-message-templates.response")["data"]
    return Template.model_validate(first), Template.model_validate(second)


OFFER = build_template(
    build_header_component(media_format="IMAGE"),
    OFFER_COMPONENT,
    build_body_component("Only today, {{1}}.", "Mark"),
    build_buttons_component(COUPON, build_url_button("Shop")),
    name="flash_sale_24h",
    category="MARKETING",
)


# --- wild ones -----------------------------------------------------------------------------------

MARKUP = st.sampled_from(
    ["{{1}}", "{{2}}", "{{first_name}}", "{{", "*", "_", "~", "```", "`", "> ", "\n", "&<!channel>",
     "&amp;", ":smile:", "\u202e", "مرحبا", "\ud800", "https://x.example/?a=1&b=2"]
)  # fmt: skip
WILD = st.text(max_size=30) | st.lists(MARKUP | st.text(max_size=8), max_size=8).map("".join)
LONG_TEXT = WILD | st.text(min_size=1, max_size=3).map(lambda part: part * 1500)


def _draw_from(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words) | WILD


WILD_BUTTONS = st.fixed_dictionaries(
    {},
    optional={
        "type": _draw_from("URL", "COPY_CODE", "QUICK_REPLY", "PHONE_NUMBER", "OTP", "FLOW"),
        "text": LONG_TEXT,
        "url": LONG_TEXT,
        "phone_number": LONG_TEXT,
        "example": LONG_TEXT | st.lists(LONG_TEXT, max_size=2),
    },
)
WILD_CARD_PARTS = st.fixed_dictionaries(
    {"type": _draw_from("HEADER", "BODY", "BUTTONS", "CAROUSEL")},
    optional={
        "format": _draw_from("IMAGE", "VIDEO", "PRODUCT"),
        "text": LONG_TEXT,
        "buttons": st.lists(WILD_BUTTONS, max_size=3),
    },
)
WILD_COMPONENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": _draw_from("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"),
        "format": _draw_from("TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "GIF"),
        "text": LONG_TEXT,
        "buttons": st.lists(WILD_BUTTONS, max_size=15),
        "example": st.just({"body_text": [["Mark", ""]]}) | st.none(),
        "code_expiration_minutes": st.integers() | st.none(),
        "limited_time_offer": st.just({"text": "Today", "has_expiration": True}) | LONG_TEXT,
        "cards": st.lists(
            st.fixed_dictionaries({"components": st.lists(WILD_CARD_PARTS, max_size=3)}),
            max_size=12,
        )
        | st.none(),
        "add_security_recommendation": st.booleans(),
    },
)
WILD_TEMPLATES = st.builds(
    lambda parts, fields: build_template(*parts, **fields),
    st.lists(WILD_COMPONENTS, max_size=6),
    st.fixed_dictionaries(
        {},
        optional={
            "name": LONG_TEXT.map(lambda name: f"n{name}"),
            "language": LONG_TEXT,
            "status": _draw_from("APPROVED", "REJECTED", "PAUSED"),
            "category": _draw_from("MARKETING", "AUTHENTICATION"),
            "previous_category": LONG_TEXT,
            "quality_score": LONG_TEXT,
            "rejected_reason": LONG_TEXT,
            "parameter_format": _draw_from("NAMED", "POSITIONAL"),
        },
    ),
)
