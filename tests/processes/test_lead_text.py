"""What lines and messages about new leads mean: tables, and that no text breaks the readers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.processes.lead_fields import LeadFields
from bot.processes.lead_line import read_lead_line
from bot.processes.lead_text import read_lead_text
from bot.slack.commands.arguments import parse_arguments
from bot.text.phones import PhoneParser
from tests.processes.lead_lines import FIELDS, build_fields, read_line, read_message

TABLE = Path(__file__).parents[1] / "data" / "lead_lines.txt"
ROWS = [
    tuple(line.split(" => "))
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
CARD = """BEGIN:VCARD
VERSION:3.0
N:Tanaka;Mei;;;
FN:Mei Tanaka
ORG:Tanaka KK;
TEL;TYPE=CELL:+81 90-1234-5678
EMAIL:mei@tanaka.jp
ADR;TYPE=WORK:;;1 Main;Osaka;;530;Japan
END:VCARD"""
MEI_CONTACTS = "phone_number +819012345678 | email mei@tanaka.jp"
SIGNED = "please send the quote\n\nRegards,\nJohn Smith\nSales Manager, Acme Ltd\n+1 202 555 0121"
WORDS = ("Zoya", "+91", "98111", "22333", "a@b.co", "<@U1>", '"New Delhi"', "for", "new", "city:",
         "name:Mei", "phone:98", "status:done", "colour:red", "✓", "x" * 90)  # fmt: skip


@pytest.mark.parametrize(("typed", "meaning"), ROWS, ids=[row[0][:60] for row in ROWS])
def test_line_means_what_the_table_says(typed: str, meaning: str) -> None:
    assert read_line(typed) == meaning


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        (
            "New lead: Mei Tanaka, +81 90-1234-5678, mei@tanaka.jp, from Osaka",
            "name Mei Tanaka | phone_number +819012345678 | email mei@tanaka.jp",
        ),
        (
            "Hi, I'm Asha Rao from Acme. Call me at 98765 43210",
            "name Asha Rao | phone_number +919876543210",
        ),
        (
            "Name: Zoya Khan\nPhone: +91 98111 22333\nCity: Pune\nScore: 80",
            "name Zoya Khan | city Pune | score 80 | phone_number +919811122333",
        ),
        (
            "*Name:* Zoya Khan\n*Email:* <mailto:zoya@x.in|zoya@x.in>\n*City:* New Delhi",
            "name Zoya Khan | city New Delhi | email zoya@x.in",
        ),
        (SIGNED, "name John Smith | phone_number +12025550121"),
        (
            CARD,
            f"name Mei Tanaka | company Tanaka KK | city Osaka | {MEI_CONTACTS}",
        ),
        ("Mei Tanaka <mei@tanaka.jp>", "name Mei Tanaka | email mei@tanaka.jp"),
        ("call 9876543210 now", "phone_number +919876543210"),
        (
            "spoke to Mr. Ravi Kumar today, wants a demo 9876543210",
            "name Ravi Kumar | phone_number +919876543210",
        ),
        ("hello", "empty"),
        (
            "my number is 98765 43210, other 98111 22333",
            "phone_number +919876543210 | note The message has other numbers too: +919811122333.",
        ),
        (
            "name: Zoya; phone: 9811122333; city: Pune",
            "name Zoya | city Pune | phone_number +919811122333",
        ),
        (
            "Zoya Khan | zoya@x.in | 9811122333",
            "name Zoya Khan | phone_number +919811122333 | email zoya@x.in",
        ),
        (
            "Customer Name - Zoya\nMobile No - 9811122333\nLocation - Pune",
            "name Zoya | city Pune | phone_number +919811122333",
        ),
        ("Name: आशा राव\n98765 43210", "name आशा राव | phone_number +919876543210"),
        ("Jane Doe\nVP Sales\njane@doe.com", "name Jane Doe | email jane@doe.com"),
        ("<!channel> urgent! name: https://x.y/z", "empty"),
    ],
)
def test_message_describes_a_lead(message: str, meaning: str) -> None:
    assert read_message(message) == meaning


def test_name_is_split_where_leads_have_two_fields_for_it() -> None:
    fields = build_fields(("first_name", "last_name", "phone_number"))
    assert fields.split_name("Mei Lin Tanaka") == {"first_name": "Mei", "last_name": "Lin Tanaka"}
    assert build_fields(("first_name",)).split_name("Mei Tanaka") == {"first_name": "Mei Tanaka"}
    assert build_fields(("city",)).split_name("Mei") == {}


@given(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))
def test_every_word_of_a_line_is_used_or_named(typed: str) -> None:
    fields, parser = FIELDS, PhoneParser("IN")
    draft = read_lead_line(parse_arguments(typed).tokens, fields, parser)
    shown = " ".join((*draft.values.values(), draft.status, draft.assignee, *draft.notes))
    for word in typed.split():
        plain = word.partition(":")[2].strip('"') or word.strip('":')
        is_known = plain in ("for", "new", "New", "city", "done", "✓") or word.startswith("<@")
        assert plain in shown or is_known, (word, draft)


@given(st.text(max_size=200), st.booleans())
def test_any_text_is_read(text: str, has_fields: bool) -> None:
    fields = FIELDS if has_fields else LeadFields(())
    read_lead_line(parse_arguments(text).tokens, fields, PhoneParser(None))
    read_lead_text([text], fields, ["+919811122333"], ["a@b.co"])
    read_line(text)
