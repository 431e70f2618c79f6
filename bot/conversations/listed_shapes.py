"""Messages that list something: contacts, the items of an order, the answers of a form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from bot.privacy import mask_phone
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, lines, markup
from bot.webhooks.events import Json
from bot.webhooks.fields import as_object, find_first_text, iter_objects

MAX_LINES = 20
MAX_LINE_LENGTH = 200
FLOW_TOKEN = "flow_token"  # noqa: S105 - the name of our own field, not an answer
MAX_JSON_LENGTH = 100_000


@dataclass(frozen=True, slots=True)
class ListedContacts:
    """Contacts that a customer shared; ``has_numbers`` if any has a phone number."""

    body: Markup
    summary: Markup
    has_numbers: bool


def read_contacts(message: Json, *, is_private: bool) -> ListedContacts:
    """Return the contacts of a message, their numbers masked unless ``is_private``."""
    shared = list(iter_objects(message.get("contacts")))
    numbers = [_list_contact_numbers(contact) for contact in shared]
    names = [_find_contact_name(contact) for contact in shared]
    is_answer = find_first_text(message, "origin").startswith("contact_request")
    title = "Shared their number" if is_answer else "Contact" if len(shared) == 1 else "Contacts"
    rows = [
        markup(name, *(f" · {_show(number, is_private=is_private)}" for number in group))
        for name, group in zip(names, numbers, strict=True)
    ]
    body = lines((markup(f":bust_in_silhouette: {title}"), *_cut(rows)))
    summary = markup(f"{title}: ", blocks.clip(", ".join(names), MAX_LINE_LENGTH))
    return ListedContacts(body, summary if names else markup(title), any(numbers))


def render_order(content: Json) -> tuple[Markup, Markup]:
    """Return the items of an order as given, with the total of each currency."""
    items = list(iter_objects(content.get("product_items")))
    rows = [_render_order_line(item) for item in items]
    totals = _render_order_totals(items)
    count = f"{len(items)} {'item' if len(items) == 1 else 'items'}"
    title = markup(f":shopping_trolley: Order of {count}")
    note = find_first_text(content, "text")
    body = [title, *_cut(rows)]
    if totals:
        body.append(markup("Total: ", bold(totals)))
    if note:
        body.append(markup("“", note, "”"))
    return lines(body), markup(f"Order of {count}", f": {totals}" if totals else "")


def read_flow_answers(content: Json) -> tuple[Markup, Markup]:
    """Return the answers of a WhatsApp form (``nfm_reply``), one a line."""
    answers = as_object(_parse_json(content.get("response_json")))
    rows = [
        markup(bold(name.replace("_", " ")), ": ", _show_value(value))
        for name, value in answers.items()
        if name != FLOW_TOKEN
    ]
    name = find_first_text(content, "name")
    title = "Sent an address" if name == "address_message" else "Filled in a form"
    text = find_first_text(content, "body")
    heading = markup(f":memo: {title}", f": {text}" if text and text != "Sent" else "")
    return lines((heading, *_cut(rows))), markup(title)


def iter_raw_fields(content: Json) -> Iterator[Markup]:
    """Yield the fields of an unknown object, for one reader."""
    for name, value in list(content.items())[:MAX_LINES]:
        yield markup(code(blocks.clip(str(name), 60)), " ", _show_value(value))


# --- internal -------------------------------------------------------------------------------------


def _cut(rows: list[Markup]) -> list[Markup]:
    if len(rows) <= MAX_LINES:
        return rows
    return [*rows[:MAX_LINES], markup(f"… and {len(rows) - MAX_LINES} more")]


def _find_contact_name(contact: Json) -> str:
    name = as_object(contact.get("name"))
    company = find_first_text(as_object(contact.get("org")), "company")
    shown = find_first_text(name, "formatted_name", "first_name", "last_name") or company
    return blocks.clip(shown or "No name", 80)


def _list_contact_numbers(contact: Json) -> list[str]:
    phones = iter_objects(contact.get("phones"))
    numbers = (find_first_text(phone, "phone", "wa_id") for phone in phones)
    return list(dict.fromkeys(number for number in numbers if number))[:5]


def _show(number: str, *, is_private: bool) -> str:
    return number if is_private else mask_phone(number)


def _render_order_line(item: Json) -> Markup:
    product = find_first_text(item, "product_name", "product_retailer_id") or "Item"
    price, currency = _format_price(item), find_first_text(item, "currency")
    amount = f" · {price} {currency}".rstrip() if price else ""
    quantity = find_first_text(item, "quantity") or "1"
    return markup(f"{quantity} × ", blocks.clip(product, 80), amount)


def _format_price(item: Json) -> str:
    price = item.get("item_price")
    if isinstance(price, float):
        return f"{price:g}" if isfinite(price) else ""
    return find_first_text(item, "item_price")


def _render_order_totals(items: list[Json]) -> str:
    """Return the sum of each currency; "" if any item lacks a price or a quantity."""
    totals: dict[str, float] = {}
    for item in items:
        try:
            amount = float(item["item_price"]) * int(item["quantity"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return ""
        if not isfinite(amount):
            return ""
        currency = find_first_text(item, "currency")
        totals[currency] = totals.get(currency, 0.0) + amount
    return ", ".join(f"{amount:,.2f} {currency}".rstrip() for currency, amount in totals.items())


def _parse_json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value[:MAX_JSON_LENGTH])
    except (ValueError, RecursionError):
        return {"answer": value}


def _show_value(value: object) -> Markup:
    if isinstance(value, str):
        return blocks.escape(blocks.clip(value.strip(), MAX_LINE_LENGTH))
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return blocks.escape(blocks.clip(", ".join(map(str, value)), MAX_LINE_LENGTH))
    text = json.dumps(value, ensure_ascii=False, default=str)
    return code(blocks.clip(text, MAX_LINE_LENGTH))
