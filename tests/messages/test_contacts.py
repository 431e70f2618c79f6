"""Phone numbers and email addresses in a message: all that are, and nothing else."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.contacts import MAX_RECIPIENTS, extract_contacts
from bot.messages.recipients import parse_phone
from bot.text.phones import PhoneParser
from bot.users import query

ANN, BEN, CAL = "+919876543210", "+919876543211", "+12025550100"


def build_sample(text: str) -> dict[str, Any]:
    return {"text": text}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call +91 98765 43210", (ANN,)),
        ("Call 98765 43210, or 098765-43211.", (ANN, BEN)),
        ("<tel:+919876543210|98765 43210>", (ANN,)),
        ("<tel:+1-202-555-0100;ext=5|555-0100>", (CAL,)),
        ("<mailto:Ann@Acme.com|Ann>", ("ann@acme.com",)),
        ("Ann Lee <ann@acme.com>", ("ann@acme.com",)),
        ("‘ann@acme.com’, *ben@acme.com* (cal@acme.com).", tuple(f"{name}@acme.com" for name in
         ("ann", "ben", "cal"))),
        ("ann@acme.com or +91 98765 43210", (ANN, "ann@acme.com")),
        ("98765 43210, once more: +919876543210", (ANN,)),
        ("98765 43210/98765 43211", (ANN, BEN)),
        ("٩٨٧٦٥٤٣٢١٠", (ANN,)),
        ("<https://wa.me/919876543210>", (ANN,)),
        ("<https://api.whatsapp.com/send?text=Hi&amp;phone=919876543210|Chat>", (ANN,)),
        ("<https://acme.com/orders/9876543210>", ()),
        ("https://acme.com/9876543210?x=9876543211", ()),
        ("pay 9876543210@upi", ()),
        ("<@U9876543210> <#C9876543210|9876543210>", ()),
        ("<!date^9876543210^{date}|today>", ()),
        ("order 566701 of 2026-05-03, 10:30, 1,234,567 rupees", ()),
        ("1700000000.123456", ()),
        ("98765 4321", ()),
        ("11111 11111", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_contacts_in_a_text(text: str, found: tuple[str, ...]) -> None:
    assert extract_contacts(build_sample(text), PhoneParser("IN")) == found


def test_only_international_numbers_count_without_a_region() -> None:
    assert extract_contacts(build_sample("+91 98765 43210, 98765 43211")) == (ANN,)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("call +55 11 8765-4321 or +5215512345678 2 pm", ("+551187654321", "+5215512345678")),
        ("https://wa.me/551187654321?text=hi", ("+551187654321",)),
        ("https://api.whatsapp.com/send?text=a&phone=5215512345678", ("+5215512345678",)),
        ("https://wa.me/c/919876543210", ("+919876543210",)),
        ("22507123456@s.whatsapp.net wrote", ("+22507123456",)),
        ("+229 97 12 34 56, +91 98765 43210", ("+22997123456", "+919876543210")),
        ("+55 11 1234-5678 and +521 000 000 0000", ()),
    ],
)
def test_numbers_that_only_whatsapp_knows_are_found(text: str, found: tuple[str, ...]) -> None:
    assert extract_contacts(build_sample(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\u202a+91\u00a098765\u2011\u200b43210\u202c", ("+919876543210",)),
        ("+91\u206098765\u200e43210", ("+919876543210",)),
        ("asha@exam\u00adple.com\u200b", ("asha@example.com",)),
        ("\ufeffasha@example.com", ("asha@example.com",)),
        ("\u2068https://wa.me/9198765\u200b43210\u2069", ("+919876543210",)),
    ],
)
def test_invisible_characters_hide_no_contact(text: str, found: tuple[str, ...]) -> None:
    assert extract_contacts(build_sample(text)) == found


def test_blocks_and_attachments_are_read_and_deduplicated() -> None:
    link = {"type": "link", "url": "tel:+919876543210", "text": "98765 43210"}
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "Ask "}, link]}
    message = {
        "text": "Ask <tel:+919876543210|98765 43210>",
        "blocks": [{"type": "rich_text", "elements": [section]}],
        "attachments": [{"fields": [{"title": "Phone", "value": "98765 43211"}]}],
    }
    assert extract_contacts(message, PhoneParser("IN")) == (ANN, BEN)


def test_number_split_by_formatting_is_one() -> None:
    parts = [{"type": "text", "text": "98765 "}, {"type": "text", "text": "43210"}]
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}
    assert extract_contacts({"blocks": [block]}, PhoneParser("IN")) == (ANN,)


def test_button_values_are_not_searched() -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "value": ANN}
    assert (
        extract_contacts({"blocks": [{"type": "actions", "elements": [button]}]}, PhoneParser("IN"))
        == ()
    )


def test_extraction_stops_at_twenty() -> None:
    many = " ".join(f"+9198765{number:05}" for number in range(500))
    assert len(extract_contacts(build_sample(many), PhoneParser("IN"))) == MAX_RECIPIENTS
    assert (
        len(
            extract_contacts(
                build_sample(" ".join(f"a{n}@acme.com" for n in range(500))), PhoneParser("IN")
            )
        )
        == MAX_RECIPIENTS
    )


@pytest.mark.parametrize(
    "piece", ["1", "+", "1 ", "(1", "12 34 ", "9876543210 ", "a@", "@a.b", "<"]
)
def test_extraction_time_is_bounded(piece: str) -> None:
    started = time.process_time()
    extract_contacts(build_sample(piece * 20_000), PhoneParser("IN"))
    assert time.process_time() - started < 10


WILD = st.text(st.characters() | st.sampled_from("0123456789+()-. @<>|:&;/"), max_size=200)


@given(WILD, st.sampled_from(["IN", "US", "DE", "EG", None]))
def test_any_extracted_contact_is_a_valid_recipient(text: str, region: str | None) -> None:
    for contact in extract_contacts(build_sample(text), PhoneParser(region)):
        if contact.startswith("+"):
            assert f"+{parse_phone(contact, PhoneParser()).digits}" == contact
        else:
            assert query.extract_emails(contact) == (contact,)


@given(st.text(st.characters(categories=["L", "Zs", "So"]), max_size=60))
def test_a_number_and_an_address_are_found_among_any_words(words: str) -> None:
    text = f"{words} +91 98765 43210 {words} ann@acme.com {words}"
    assert {ANN, "ann@acme.com"} <= set(extract_contacts(build_sample(text), PhoneParser("IN")))
