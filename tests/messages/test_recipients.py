"""Recipients: numbers in every form, colleagues, leads."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.errors import NotFound, UsageError
from bot.messages.recipients import (
    AmbiguousRecipient,
    RecipientKind,
    RecipientResolver,
    parse_phone,
)
from bot.messages.record_keys import parse_process
from bot.processes.directory import RecordDirectory
from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.faults import StatusResponse
from bot.text.phones import PhoneParser
from bot.users.directory import Directory
from tests.clock import ManualClock
from tests.sandbox.chakra_client import serve_chakra

INDIAN = "919876543210"


@pytest.mark.parametrize(
    "typed",
    [
        "+91 98765 43210",
        "919876543210",
        "00919876543210",
        "+91-98765-43210",
        "(+91) 98765 43210",
        "＋91 98765 43210",
        "tel:+919876543210",
        " +919876543210 ",
    ],
)
@pytest.mark.parametrize("region", [None, "IN", "US"])
def test_a_number_with_its_country_code_in_every_form(typed: str, region: str | None) -> None:
    found = parse_phone(typed, PhoneParser(region))
    assert (found.kind, found.digits, found.label, found.warning) == (
        RecipientKind.PHONE,
        INDIAN,
        "+91 98765 43210",
        "",
    )


@pytest.mark.parametrize("typed", ["9876543210", "098765 43210", "98765-43210"])
def test_region_supplies_the_country_code(typed: str) -> None:
    assert parse_phone(typed, PhoneParser("IN")).digits == INDIAN


@pytest.mark.parametrize(
    ("typed", "region", "expected"),
    [
        ("9876543210", None, "Include the country code"),
        ("098765 43210", None, "country code"),
        ("+91 98765", "IN", "too short for \\+91"),
        ("+91 98765 43210 12345", "IN", "too long for \\+91"),
        ("+1 000 000 0000", "IN", "a valid number for \\+1"),
        ("+999 1234567890", None, "isn't a phone number"),
        ("12", "IN", "."),
        ("+", "IN", "isn't a phone number"),
        ("----", None, "."),
    ],
)
def test_invalid_number_is_explained(typed: str, region: str | None, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        parse_phone(typed, PhoneParser(region))


def test_landline_is_warned_about() -> None:
    assert "landline" in parse_phone("+91 22 2202 6437", PhoneParser()).warning


@given(st.text(max_size=30) | st.text("+0123456789 -().", max_size=20))
def test_any_text_is_a_number_or_an_error(typed: str) -> None:
    for region in (None, "IN"):
        try:
            found = parse_phone(typed, PhoneParser(region))
        except UsageError as error:
            assert error.message  # noqa: PT017 - either outcome is fine
        else:
            assert found.digits.isdigit()
            assert 7 <= len(found.digits) <= 15


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("lead LEAD-004038", ("lead", "LEAD-004038")),
        ("Lead/LEAD-004038", ("lead", "LEAD-004038")),
        ("lead #4038", ("lead", "4038")),
        ("ticket: T-1", ("ticket", "T-1")),
        ("john doe", None),
        ("john@acme.com", None),
        ("LEAD-004038", None),
    ],
)
def test_process_reference_formats(typed: str, named: tuple[str, str] | None) -> None:
    assert parse_process(typed) == named


# --- with a Chakra -------------------------------------------------------------------------------


@pytest.fixture
async def chakra() -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(ManualClock()) as embedded:
        yield embedded


@pytest.fixture
async def recipients(
    chakra: EmbeddedChakra, clock: ManualClock
) -> AsyncIterator[RecipientResolver]:
    async with Chakra(chakra.base_url, SecretStr(chakra.access_token), clock) as client:
        cache = Cache(clock)
        yield RecipientResolver(
            Directory(client, cache, clock, PhoneParser("IN")),
            RecordDirectory(client, cache, clock, PhoneParser("IN")),
            PhoneParser("IN"),
        )
        await cache.aclose()


async def test_team_member_by_name_email_or_id(
    recipients: RecipientResolver, chakra: EmbeddedChakra
) -> None:
    for found in (
        await recipients.resolve("priya@acme.com"),
        await recipients.resolve("Priya Sharma"),
        await recipients.get_user(chakra.find_user("priya").id),
    ):
        assert (found.kind, found.digits) == (RecipientKind.USER, "919999999999")
        assert found.label == "Priya Sharma, +91 99999 99999"


async def test_a_number_is_never_looked_up(
    recipients: RecipientResolver, chakra: EmbeddedChakra
) -> None:
    assert (await recipients.resolve("9876543210")).digits == INDIAN
    assert chakra.count() == 0


async def test_a_lead_with_its_number(recipients: RecipientResolver) -> None:
    found = await recipients.resolve("lead LEAD-004038")
    assert (found.kind, found.procedure, found.key) == (
        RecipientKind.PROCESS,
        "lead",
        "LEAD-004038",
    )
    assert found.digits == INDIAN
    assert found.label == "lead LEAD-004038, Aarav Mehta, +91 98765 43210"
    assert not found.warning


async def test_lead_without_a_number_is_accepted_with_a_warning(
    recipients: RecipientResolver,
) -> None:
    found = await recipients.resolve("lead LEAD-004041")
    assert found.digits == ""
    assert found.label == "lead LEAD-004041, Ines Ferreira"
    assert "no phone number" in found.warning


async def test_user_whose_name_looks_like_a_process(
    recipients: RecipientResolver, chakra: EmbeddedChakra
) -> None:
    chakra.add_user(username="agent7", first_name="Agent", last_name="7", phones=["919876543210"])
    assert (await recipients.resolve("agent 7")).kind is RecipientKind.USER


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("maria garcia", "Two people match"),
        ("priya sharmma", "No one is called exactly"),
        ("", "Enter a phone number"),
        ("x" * 300, "too long"),
    ],
)
async def test_ambiguous_recipient_is_a_usage_error(
    recipients: RecipientResolver, typed: str, expected: str
) -> None:
    with pytest.raises(UsageError, match=expected):
        await recipients.resolve(typed)


@pytest.mark.parametrize("typed", ["zzzzqqqq", "lead LEAD-999999", "nosuch@acme.com"])
async def test_unknown_recipient_is_not_found(recipients: RecipientResolver, typed: str) -> None:
    with pytest.raises(NotFound):
        await recipients.resolve(typed)


async def test_user_without_a_number_is_not_found(
    recipients: RecipientResolver, chakra: EmbeddedChakra
) -> None:
    chakra.add_user(username="nophone", phones=["12"])
    with pytest.raises(NotFound, match="Type a number instead"):
        await recipients.resolve("nophone")


# --- numbers in records --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "digits", "warning"),
    [
        ("551187654321", "551187654321", "Today's form: +55 11 98765-4321."),
        ("+52 1 55 1234 5678", "5215512345678", "Today's form: +52 55 1234 5678."),
        ("22507123456", "22507123456", "Today's form: +225 07 07 12 3456."),
        ("p:+919876543210", INDIAN, ""),
        ("+65 8123 4567", "6581234567", ""),
        ("551112345678", "", "doesn't look right"),
    ],
)
async def test_number_of_a_record_in_each_form(
    recipients: RecipientResolver,
    chakra: EmbeddedChakra,
    stored: str,
    digits: str,
    warning: str,
) -> None:
    chakra.add_lead("LEAD-1", name="Ada", phone_number=stored)
    found = await recipients.resolve("lead LEAD-1")
    assert found.digits == digits
    assert warning in found.warning if warning else not found.warning


# --- leads by name, key, number and address -------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "LEAD-004038",
        "lead-004038",
        "Lead lead-004038",
        "Aarav Mehta",
        "aarav mehta",
        "Mehta Aarav",
        "aarav",
        "AARAV",
        "lead Aarav",
        "lead Mehta",
        "lead +91 98765 43210",
        "lead 98765 43210",
        "aarav.mehta@example.com",
        "e2233b54-689b-539b-a231-70eec846d130",
        "lead e2233b54-689b-539b-a231-70eec846d130",
    ],
)
async def test_a_lead_by_key_name_number_or_address(
    recipients: RecipientResolver, typed: str
) -> None:
    found = await recipients.resolve(typed)
    assert (found.kind, found.digits, found.name) == (RecipientKind.PROCESS, INDIAN, "Aarav Mehta")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("kavya", "Kavya Iyer"),
        ("kavya iyer", "Kavya Iyer"),
        ("iyer", "Kavya Iyer"),
        ("Zoe Muller", "Zoë Müller 🌻"),
        ("O'Brien Liam", "Liam O'Brien"),
        ("liam obrien", "Liam O'Brien"),
        ("يوسف", "يوسف حداد"),
    ],
)
async def test_a_leads_name_in_other_spellings(
    recipients: RecipientResolver, typed: str, name: str
) -> None:
    assert (await recipients.resolve(typed)).name == name


async def test_leads_of_one_name_are_a_choice(
    recipients: RecipientResolver, chakra: EmbeddedChakra
) -> None:
    chakra.add_lead("LEAD-1", name="Ada Byron", phone_number="+12025550140")
    chakra.add_lead("LEAD-2", firstname="Ada", lastname="Byron")
    with pytest.raises(AmbiguousRecipient, match="Two people match") as raised:
        await recipients.resolve("ada byron")
    assert [choice.value for choice in raised.value.choices] == ["lead/LEAD-1", "lead/LEAD-2"]
    assert raised.value.choices[0].label == "Ada Byron · lead LEAD-1 · +1 202-555-0140"
    assert raised.value.choices[1].label.endswith("no phone number")
    for choice in raised.value.choices:
        assert (await recipients.resolve(choice.value)).name == "Ada Byron"


async def test_a_lead_and_a_colleague_of_one_name_are_a_choice(
    recipients: RecipientResolver, chakra: EmbeddedChakra
) -> None:
    chakra.add_lead("LEAD-1", name="Priya Sharma", phone_number="+12025550140")
    for typed in ("priya sharma", "priya"):
        with pytest.raises(AmbiguousRecipient) as raised:
            await recipients.resolve(typed)
        colleague, lead = raised.value.choices
        assert "colleague" in colleague.label
        assert (await recipients.resolve(colleague.value)).kind is RecipientKind.USER
        assert (await recipients.resolve(lead.value)).key == "LEAD-1"


@pytest.mark.parametrize(
    ("typed", "labels"),
    [
        (
            "rahul verma",
            [
                "Rahul Verma · lead LEAD-004050 · +91 98123 45679",
                "Rahul Verma · lead LEAD-004051 · +91 98123 45680",
            ],
        ),
        (
            "gus",
            [
                "Gus Lindholm · colleague · +1 613-555-0118",
                "Gus Lindholm · lead LEAD-004052 · +1 202-555-0182",
            ],
        ),
    ],
)
async def test_the_sample_leads_have_equal_names(
    recipients: RecipientResolver, typed: str, labels: list[str]
) -> None:
    with pytest.raises(AmbiguousRecipient) as raised:
        await recipients.resolve(typed)
    assert [choice.label for choice in raised.value.choices] == labels


async def test_a_deleted_lead_is_not_found(
    recipients: RecipientResolver, chakra: EmbeddedChakra
) -> None:
    chakra.add_lead("LEAD-1", is_deleted=True, name="Ada Byron")
    with pytest.raises(NotFound):
        await recipients.resolve("ada byron")


async def test_colleagues_are_found_without_access_to_leads(
    recipients: RecipientResolver, chakra: EmbeddedChakra
) -> None:
    chakra.fail("POST /v1/ext/procedure/{procedureShortId}/process/list", StatusResponse(403))
    assert (await recipients.resolve("priya")).kind is RecipientKind.USER


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("Priya Sharma, +91 99999 99999", "Priya Sharma, +91 99999 99999"),
        ("Priya Sharma <+919999999999>", "Priya Sharma, +91 99999 99999"),
        ("Mei Tanaka, +91 99999 99999", "+91 99999 99999"),
        ("Some One, +91 99999 99999", "+91 99999 99999"),
    ],
)
async def test_a_name_beside_a_number_counts_only_if_it_is_theirs(
    recipients: RecipientResolver, typed: str, label: str
) -> None:
    found = await recipients.resolve(typed)
    assert (found.label, found.digits) == (label, "919999999999")
