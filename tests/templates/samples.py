"""Templates for tests: made from Meta's own shape, the documented ones and wild ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from bot.chakra.template import Template
from bot.messages.recipients import Recipient, RecipientKind
from tests.sandbox.chakra_asked import example

Json = dict[str, Any]

PHONE = Recipient(RecipientKind.PHONE, "919999999999", "+91 99999 99999")
LEAD = Recipient(
    RecipientKind.PROCESS, "919876543210", "lead LEAD-004038", "", "lead", "LEAD-004038"
)


def template(*components: Json, name: str = "order_update", **fields: Any) -> Template:
    """Approved and in ``en_US`` unless ``fields`` say otherwise."""
    made = {
        "id": "1667192013751005",
        "name": name,
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": list(components),
        **fields,
    }
    return Template.model_validate(made)


def body(text: str, *examples: str) -> Json:
    return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}


def header(text: str = "", sort: str = "TEXT") -> Json:
    return {"type": "HEADER", "format": sort, "text": text}


def buttons(*made: Json) -> Json:
    return {"type": "BUTTONS", "buttons": list(made)}


def url(text: str = "Track", address: str = "https://acme.example/o/{{1}}") -> Json:
    return {"type": "URL", "text": text, "url": address, "example": [address]}


COUPON: Json = {"type": "COPY_CODE", "text": "Copy offer code", "example": ["SAVE20"]}
OTP: Json = {"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}


def one_time_code(**fields: Any) -> Template:
    return template(
        {"type": "BODY", "add_security_recommendation": True},
        {"type": "FOOTER", "code_expiration_minutes": 10},
        buttons(OTP),
        name="login_otp",
        category="AUTHENTICATION",
        **fields,
    )


def documented() -> tuple[Template, Template]:
    """Return the two documented templates: positional variables, and a rejected one with names."""
    first, second = example("list-message-templates.response")["data"]
    return Template.model_validate(first), Template.model_validate(second)


# --- wild ones -----------------------------------------------------------------------------------

MARKS = st.sampled_from(
    ["{{1}}", "{{2}}", "{{first_name}}", "{{", "*", "_", "~", "```", "`", "> ", "\n", "&<!channel>",
     "&amp;", ":smile:", "\u202e", "مرحبا", "\ud800", "https://x.example/?a=1&b=2"]
)  # fmt: skip
WILD = st.text(max_size=30) | st.lists(MARKS | st.text(max_size=8), max_size=8).map("".join)
LONG = WILD | st.text(min_size=1, max_size=3).map(lambda part: part * 1500)


def _either(*words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words) | WILD


WILD_BUTTONS = st.fixed_dictionaries(
    {},
    optional={
        "type": _either("URL", "COPY_CODE", "QUICK_REPLY", "PHONE_NUMBER", "OTP", "FLOW"),
        "text": LONG,
        "url": LONG,
        "phone_number": LONG,
        "example": LONG | st.lists(LONG, max_size=2),
    },
)
WILD_COMPONENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": _either("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER"),
        "format": _either("TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "GIF"),
        "text": LONG,
        "buttons": st.lists(WILD_BUTTONS, max_size=15),
        "example": st.just({"body_text": [["Mark", ""]]}) | st.none(),
        "code_expiration_minutes": st.integers() | st.none(),
        "add_security_recommendation": st.booleans(),
    },
)
WILD_TEMPLATES = st.builds(
    lambda parts, fields: template(*parts, **fields),
    st.lists(WILD_COMPONENTS, max_size=6),
    st.fixed_dictionaries(
        {},
        optional={
            "name": LONG.map(lambda name: f"n{name}"),
            "language": LONG,
            "status": _either("APPROVED", "REJECTED", "PAUSED"),
            "category": _either("MARKETING", "AUTHENTICATION"),
            "previous_category": LONG,
            "quality_score": LONG,
            "rejected_reason": LONG,
            "parameter_format": _either("NAMED", "POSITIONAL"),
        },
    ),
)
