"""What a customer's message shows in a channel, type by type."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.conversations.media import read_media
from bot.conversations.shapes import MAX_BODY_LENGTH, MAX_SUMMARY_LENGTH, read_shape
from bot.slack import blocks

PHONE = {"phone": "+91 98765 43210", "wa_id": "919876543210", "type": "CELL"}
PRIYA = {"name": {"formatted_name": "Priya Shah"}, "phones": [PHONE]}


def build_text(body: object) -> dict[str, Any]:
    return {"type": "text", "text": {"body": body}}


def build_interactive(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, kind: fields}}


def build_item(price: object = 450.0, quantity: object = 2, **other: Any) -> dict[str, Any]:
    named = {"product_retailer_id": "SKU-1", "currency": "INR", **other}
    return {**named, "item_price": price, "quantity": quantity}


@pytest.mark.parametrize(
    ("message", "body"),
    [
        (build_text("Hello"), "Hello"),
        (build_text("*Bold* _thin_ ~gone~ ```code```"), "*Bold* _thin_ ~gone~ ```code```"),
        (build_text("a < b & c"), "a &lt; b &amp; c"),
        (build_text("<!channel> <@U0JOHN> @here"), "&lt;!channel&gt; &lt;@U0JOHN&gt; @here"),
        (build_text("<https://evil.example|Acme>"), "&lt;https://evil.example|Acme&gt;"),
        (build_text("one\ntwo"), "one\ntwo"),
        (build_text("nul\x00byte"), "nul byte"),
        (build_text("\ud83d lone"), "� lone"),
        (build_text("\u202eevil"), "evil"),
        (build_text("مرحبا"), "مرحبا"),
        (build_text("👍🏽"), "👍🏽"),
        (build_text(":smile:"), ":\u2060smile:"),
        (build_text(""), "_Empty message_"),
        (build_text(" \n\t "), "_Empty message_"),
        (build_text("\u200b\u2060"), "_Empty message_"),
        (build_text(None), "_Empty message_"),
        (build_text(["a"]), "_Empty message_"),
        ({"type": "text"}, "_Empty message_"),
        ({"type": "text", "text": "bare"}, "_Empty message_"),
        ({"type": "image", "image": {"id": "1"}}, ":frame_with_picture: Picture"),
        (
            {"type": "image", "image": {"id": "1", "caption": "My <shoe>"}},
            ":frame_with_picture: Picture\nMy &lt;shoe&gt;",
        ),
        ({"type": "video", "video": {"id": "1", "caption": " "}}, ":film_frames: Video"),
        ({"type": "audio", "audio": {"id": "1"}}, ":headphones: Audio"),
        ({"type": "audio", "audio": {"voice": True}}, ":microphone: Voice message"),
        ({"type": "sticker", "sticker": {}}, ":star2: Sticker"),
        (
            {"type": "document", "document": {"filename": "bill <1>.pdf"}},
            ":page_facing_up: File: bill &lt;1&gt;.pdf",
        ),
        ({"type": "document", "document": None}, ":page_facing_up: File: file.bin"),
        (
            {
                "type": "location",
                "location": {"latitude": 12.971599, "longitude": 77.594566, "name": "Cubbon Park"},
            },
            (
                ":round_pushpin: Cubbon Park"
                " (<https://www.openstreetmap.org/?mlat=12.972&amp;mlon=77.595|Map>)"
            ),
        ),
        ({"type": "location", "location": {"latitude": "x"}}, ":round_pushpin: Location"),
        (
            {"type": "location", "location": {"latitude": 999, "longitude": 1}},
            ":round_pushpin: Location",
        ),
        (
            {"type": "contacts", "contacts": [PRIYA]},
            ":bust_in_silhouette: Contact\nPriya Shah · +91 •••••• 3210",
        ),
        (
            {"type": "contacts", "contacts": [{"name": {}}, {"org": {"company": "Acme"}}]},
            ":bust_in_silhouette: Contacts\nNo name\nAcme",
        ),
        (
            {"type": "contacts", "origin": "contact_request/other", "contacts": [PRIYA]},
            ":bust_in_silhouette: Shared their number\nPriya Shah · +91 •••••• 3210",
        ),
        ({"type": "contacts", "contacts": "x"}, ":bust_in_silhouette: Contacts"),
        ({"type": "button", "button": {"text": "Yes", "payload": "p"}}, ":radio_button: *Yes*"),
        ({"type": "button", "button": {"payload": "p"}}, ":radio_button: *p*"),
        (build_interactive("button_reply", id="1", title="Yes"), ":radio_button: *Yes*"),
        (
            build_interactive("list_reply", id="1", title="Blue", description="In stock"),
            ":radio_button: *Blue* · In stock",
        ),
        (
            build_interactive(
                "nfm_reply",
                name="flow",
                body="Sent",
                response_json=json.dumps(
                    {"flow_token": "t", "first_name": "Asha", "days": ["Mon", "Tue"], "age": 30}
                ),
            ),
            ":memo: Filled in a form\n*first name*: Asha\n*days*: Mon, Tue\n*age*: `30`",
        ),
        (
            build_interactive("nfm_reply", response_json="{broken"),
            ":memo: Filled in a form\n*answer*: {broken",
        ),
        (build_interactive("nfm_reply", response_json="[1]"), ":memo: Filled in a form"),
        (
            build_interactive("call_permission_reply", response="accept"),
            ":telephone_receiver: The customer allows calls.",
        ),
        (
            {
                "type": "order",
                "order": {
                    "text": "Soon?",
                    "product_items": [build_item(), build_item(10, 1, currency="USD")],
                },
            },
            (
                ":shopping_trolley: Order of 2 items\n2 × SKU-1 · 450 INR\n1 × SKU-1 · 10 USD\n"
                "Total: *900.00 INR, 10.00 USD*\n“Soon?”"
            ),
        ),
        (
            {"type": "order", "order": {"product_items": [build_item(float("nan"), 1)]}},
            ":shopping_trolley: Order of 1 item\n1 × SKU-1",
        ),
        (
            {"type": "order", "order": {"product_items": [build_item("?")]}},
            ":shopping_trolley: Order of 1 item\n2 × SKU-1 · ? INR",
        ),
        ({"type": "order", "order": {}}, ":shopping_trolley: Order of 0 items"),
        ({"type": "reaction", "reaction": {"emoji": "👍"}}, "Reacted with 👍"),
        ({"type": "reaction", "reaction": {"emoji": ""}}, "Removed a reaction"),
        ({"type": "edit", "edit": {"message": build_text("Blue")}}, "Blue"),
        ({"type": "revoke", "revoke": {"original_message_id": "w"}}, "_Deleted a message_"),
        (
            {"type": "system", "system": {"type": "user_changed_number", "body": "A to B"}},
            ":information_source: This customer has a new number.",
        ),
        (
            {"type": "system", "system": {"body": "Something else"}},
            ":information_source: Something else",
        ),
        (
            {
                "type": "unsupported",
                "errors": [{"title": "T", "error_data": {"details": "Message type unknown"}}],
            },
            (
                ":grey_question: The customer sent a message of a kind that WhatsApp doesn't"
                " pass on. Ask what it was.\nWhatsApp: Message type unknown"
            ),
        ),
        (
            {"type": "unsupported", "unsupported": {"type": "poll_creation"}},
            (
                ":grey_question: The customer sent a message of a kind (poll creation) that"
                " WhatsApp doesn't pass on. Ask what it was."
            ),
        ),
        (
            {"type": "new_kind", "new_kind": {"a": 1}},
            ":grey_question: This kind of message isn't shown here: new kind",
        ),
        ({}, ":grey_question: This kind of message isn't shown here: unknown"),
        (
            build_interactive("new_reply", x=1),
            ":grey_question: This kind of message isn't shown here: new reply",
        ),
        (
            {"id": "w", "message": {"to": "91", **build_text("It left our store.")}},
            "It left our store.",
        ),
    ],
)
def test_body(message: dict[str, Any], body: str) -> None:
    shape = read_shape(message)
    assert shape.body == body
    assert "\n" not in shape.summary
    assert isinstance(shape.body, blocks.Markup)
    assert isinstance(shape.summary, blocks.Markup)


@pytest.mark.parametrize(
    ("message", "more"),
    [
        (build_text("x" * MAX_BODY_LENGTH), ""),
        (build_text("x" * (MAX_BODY_LENGTH + 1)), "Read all"),
        (build_text("Short"), ""),
        ({"type": "image", "image": {"caption": "x" * 60_000}}, "Read all"),
        ({"type": "contacts", "contacts": [PRIYA]}, "Show numbers"),
        ({"type": "contacts", "contacts": [{}]}, ""),
        ({"type": "location", "location": {"latitude": 1, "longitude": 2}}, "Exact location"),
        ({"type": "new_kind"}, "Details"),
    ],
    ids=["fits", "too-long", "short", "caption", "numbers", "no-numbers", "place", "unknown"],
)
def test_more_to_read_privately(message: dict[str, Any], more: str) -> None:
    assert read_shape(message).more == more
    assert len(read_shape(message).summary) <= MAX_SUMMARY_LENGTH + 60


def test_one_reader_sees_numbers_places_and_unknown_fields() -> None:
    contacts = read_shape({"type": "contacts", "contacts": [PRIYA]}, is_private=True)
    place = {"latitude": 12.971599, "longitude": 177.594566}
    location = read_shape({"type": "location", "location": place}, is_private=True)
    unknown = read_shape({"type": "poll", "poll": {"name": "<Tea>"}}, is_private=True)
    assert "+91 98765 43210" in contacts.body
    assert "mlat=12.971599&amp;mlon=177.594566" in location.body
    assert unknown.body.endswith("`name` &lt;Tea&gt;")


def test_voice_message_has_a_name_of_its_type() -> None:
    audio = {"id": "7", "voice": True, "mime_type": "audio/ogg; codecs=opus"}
    media = read_media({"type": "audio", "audio": audio})
    assert media is not None
    assert (media.id, media.name, media.mime_type) == ("7", "voice-message.ogg", "audio/ogg")
