"""Two hundred events, varied from the contract's examples, with names that say what they are.

A name is ``group/kind/number/country/template/category/member/words``, with "-" for what an event
doesn't have: ``failed/failed/sales/IN/order_update/utility/john/-``. The kind of a text is
"private" if its customer has no number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.notifications.facts import CATEGORIES, Facts, FactsReader
from bot.notifications.facts import RECORDS as RECORD_FILTER
from bot.webhooks.events import Customer
from bot.webhooks.parser import parse_events
from bot.webhooks.recorded_event import RecordedEvent

EXAMPLES = Path(__file__).parents[1] / "data" / "chakra"
NUMBERS = {"support": "111", "sales": "222"}
"""Our numbers, by name."""
PEOPLE = {"john": "U0JOHN", "mei": "U0MEI"}
PHONES = {"IN": "919876543210", "US": "12025550123", "BR": "5511987654321", "AE": "971501234567"}
PRIVATE = {"DE": "DE.13491208655302741918", "IN": "IN.24681357902468135790"}
"""Customers without a number: the country is that of their user ID."""
TEXTS = {
    "refund": "I want a REFUND, please",
    "late": "My order is a late  delivery!",
    "hello": "Hi",
    "cost": "¿Cuánto cuesta?",
    "thai": "ขอคืนเงินได้ไหม",
}
TEMPLATES = {"order_update": ("utility", "john"), "spring_sale": ("marketing", "mei")}
WAMIDS = {name: f"wamid.{name}" for name in TEMPLATES}
ACCOUNT_FIELDS = (
    "account_update",
    "account_alerts",
    "account_review_update",
    "business_capability_update",
    "business_status_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
)
RECORDS = {PHONES["IN"]: frozenset({"lead", "lead.city=pune"})}


@dataclass(frozen=True, slots=True)
class ExampleEvent:
    name: str
    recorded: RecordedEvent


def load_example(name: str) -> Any:
    """Return an example of the contract, without its envelope of entries and changes."""
    return json.loads((EXAMPLES / f"webhook-{name}.json").read_text())


def build_events() -> list[ExampleEvent]:
    """Return the events, as they are parsed from deliveries."""
    found: list[ExampleEvent] = []
    for name, body in _iter_deliveries():
        [event] = parse_events(json.dumps(body).encode())
        number = len(found) + 1
        found.append(ExampleEvent(name, RecordedEvent(number, f"key:{number}", event, 0, 0.0)))
    return found


async def read_facts(events: Sequence[RecordedEvent]) -> list[Facts]:
    """Return the facts, from the sends and records of the examples."""
    sends = {WAMIDS[name]: _build_send(name) for name in TEMPLATES}

    async def find_sends(_: Sequence[str]) -> Mapping[str, Send]:
        return sends

    async def find_records(customer: Customer) -> frozenset[str]:
        return RECORDS.get(customer.phone, frozenset())

    async def find_category(template: str, _: str) -> str:
        return TEMPLATES[template][0]

    async def find_sender(_: str) -> str:
        return ""

    return await FactsReader(find_sends, find_category, find_records, find_sender).read(
        events, filters=(CATEGORIES, RECORD_FILTER)
    )


def _build_send(template: str) -> Send:
    member = PEOPLE[TEMPLATES[template][1]]
    return Send(
        1, template, member, template, "en", "+91•••", True, "p", 0.0,
        SendStatus.SENT, 0.0, wamid=WAMIDS[template],
    )  # fmt: skip


def _iter_deliveries() -> Iterator[tuple[str, Any]]:
    yield from _iter_texts()
    yield from _iter_answers()
    yield from _iter_other_messages()
    yield from _iter_statuses()
    yield from _iter_changes()


def _iter_texts() -> Iterator[tuple[str, Any]]:
    for number, country, words in product(NUMBERS, PHONES, TEXTS):
        body = _build_message("text-message", number, PHONES[country])
        _unwrap(body)["messages"][0]["text"]["body"] = TEXTS[words]
        yield f"message/text/{number}/{country}/-/-/-/{words}", body
    for number, country, words in product(NUMBERS, PRIVATE, TEXTS):
        body = _build_message("text-message-without-number", number, "")
        value = _unwrap(body)
        value["contacts"][0]["user_id"] = PRIVATE[country]
        value["messages"][0] |= {"from_user_id": PRIVATE[country], "text": {"body": TEXTS[words]}}
        yield f"message/private/{number}/{country}/-/-/-/{words}", body
    for country, words in product(PHONES, TEXTS):  # Chakra's format doesn't say which number
        body = load_example("chakra.message")
        body["payload"]["message"] |= {"from": PHONES[country], "text": {"body": TEXTS[words]}}
        body["payload"]["contacts"][0]["wa_id"] = PHONES[country]
        yield f"message/text/-/{country}/-/-/-/{words}", body


def _iter_answers() -> Iterator[tuple[str, Any]]:
    for number, country, template in product(NUMBERS, PHONES, TEMPLATES):
        body = _build_message("button-reply", number, PHONES[country])
        _unwrap(body)["messages"][0]["context"]["id"] = WAMIDS[template]
        category, member = TEMPLATES[template]
        yield f"message/button/{number}/{country}/{template}/{category}/{member}/-", body


def _iter_other_messages() -> Iterator[tuple[str, Any]]:
    for number, country in product(NUMBERS, ("IN", "US", "BR")):
        image = _build_message("image-message", number, PHONES[country])
        _unwrap(image)["messages"][0]["image"]["caption"] = TEXTS["refund"]
        yield f"message/image/{number}/{country}/-/-/-/refund", image
        choice = _build_message("interactive-reply", number, PHONES[country])
        yield f"message/interactive/{number}/{country}/-/-/-/-", choice
        reaction = _build_message("reaction", number, PHONES[country])
        _unwrap(reaction)["messages"][0]["reaction"]["message_id"] = WAMIDS["order_update"]
        yield f"message/reaction/{number}/{country}/order_update/utility/john/-", reaction
    for number in NUMBERS:
        echo = load_example("meta.smb-message-echo")
        _unwrap(echo)["metadata"]["phone_number_id"] = NUMBERS[number]
        yield f"message/echo/{number}/IN/-/-/-/-", echo
        system = load_example("meta.user-changed-number")
        _unwrap(system)["metadata"]["phone_number_id"] = NUMBERS[number]
        yield f"message/system/{number}/IN/-/-/-/-", system


def _iter_statuses() -> Iterator[tuple[str, Any]]:
    for kind, number, country, template in product(
        ("failed", "delivered", "read", "sent"), NUMBERS, ("IN", "US"), TEMPLATES
    ):
        category, member = TEMPLATES[template]
        body = load_example(f"meta.status-{kind}")
        value = _unwrap(body)
        value["metadata"]["phone_number_id"] = NUMBERS[number]
        status = value["statuses"][0]
        status |= {"id": WAMIDS[template], "recipient_id": PHONES[country]}
        if "pricing" in status:
            status["pricing"]["category"] = category
        group = "failed" if kind == "failed" else "status"
        yield f"{group}/{kind}/{number}/{country}/{template}/{category}/{member}/-", body
    for country, word in product(PHONES, ("FAILED", "DELIVERED", "READ")):
        body = load_example("chakra.status-failed" if word == "FAILED" else "chakra.status")
        body["payload"] |= {"deliveryStatus": word, "recipientId": PHONES[country]}
        body["payload"]["externalId"] = WAMIDS["order_update"]
        group = "failed" if word == "FAILED" else "status"
        yield f"{group}/{word.lower()}/-/{country}/order_update/utility/john/-", body
    for country, word in product(PHONES, ("FAILED", "DELIVERED")):  # not sent from here
        body = load_example("chakra.status-failed" if word == "FAILED" else "chakra.status")
        body["payload"] |= {"deliveryStatus": word, "recipientId": PHONES[country]}
        body["payload"] |= {"externalId": "wamid.elsewhere", "id": "elsewhere"}
        yield f"{'failed' if word == 'FAILED' else 'all'}/{word.lower()}/-/{country}/-/-/-/-", body


def _iter_changes() -> Iterator[tuple[str, Any]]:
    for template in TEMPLATES:
        for event in ("APPROVED", "REJECTED", "PAUSED", "DISABLED", "PENDING"):
            body = load_example("meta.template-status")
            _unwrap(body).update(event=event, message_template_name=template)
            yield f"template/status/-/-/{template}/-/-/-", body
        for example, category in (
            ("category-impending", "marketing"), ("category-done", "marketing"),
            ("quality", "-"), ("components", "-"),
        ):  # fmt: skip
            body = load_example(f"meta.template-{example}")
            _unwrap(body)["message_template_name"] = template
            kind = example.partition("-")[0]
            yield f"template/{kind}/-/-/{template}/{category}/-/-", body
    for field in ACCOUNT_FIELDS:
        yield f"account/{field}/-/-/-/-/-/-", _change(field, {"event": "SOMETHING"})
    yield "account/user_preferences/-/IN/-/-/-/-", load_example("meta.user-preferences-stop")
    for field in ("history", "flows", "smb_app_state_sync"):
        yield f"all/{field}/-/-/-/-/-/-", _change(field, {})
    for field in ("group_lifecycle_update", "payment_configuration_update", "tomorrow"):
        yield f"all/{field}/-/-/-/-/-/-", _change(field, {})


def _build_message(example: str, number: str, phone: str) -> Any:
    body = load_example(f"meta.{example}")
    value = _unwrap(body)
    value["metadata"]["phone_number_id"] = NUMBERS[number]
    if phone:
        value["messages"][0]["from"] = phone
        value["contacts"][0]["wa_id"] = phone
    return body


def _unwrap(body: Any) -> Any:
    return body["entry"][0]["changes"][0]["value"]


def _change(field: str, value: Mapping[str, Any]) -> Any:
    change = {"field": field, "value": value}
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
