"""What a person searches for is recognized by its form."""

from __future__ import annotations

import pytest

from bot.users.query import extract_emails, is_partial_id, parse_query

JOHN = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"


@pytest.mark.parametrize("typed", [JOHN, JOHN.upper(), JOHN.replace("-", ""), f" {JOHN} "])
def test_an_id_in_any_case_with_or_without_hyphens(typed: str) -> None:
    assert parse_query(typed).id == JOHN


@pytest.mark.parametrize(
    "typed", ["John@Acme.com", "<john@acme.com>", "John Doe <john@acme.com>", "john@acme.com,"]
)
def test_email_is_extracted_from_a_pasted_contact(typed: str) -> None:
    assert parse_query(typed).email == "john@acme.com"


@pytest.mark.parametrize(
    "typed",
    ["j.d-oe_2024+x@mail.acme.co.uk", "JOHN@ACME.COM", "919876543210@c.us", "a1234567@x.co"],
)
def test_plain_address_is_what_the_longer_search_finds(typed: str) -> None:
    dressed = f"<{typed}>"
    assert parse_query(typed).email == parse_query(dressed).email
    assert parse_query(typed).phone_candidates == parse_query(dressed).phone_candidates


def test_several_emails_are_ambiguous() -> None:
    assert extract_emails("a@x.co, b@x.co a@X.co") == ("a@x.co", "b@x.co")


def test_query_distinguishes_phone_from_name() -> None:
    assert parse_query("+91 99999 99999").phone_candidates
    for name in ("john", "@john", "john@", "@acme.com", "10:30"):
        query = parse_query(name)
        assert (query.id, query.email, query.phone_candidates) == ("", "", ())


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("a91b5073-e9d4-4959", True),
        ("a91b5073-", False),
        ("abc-def", False),
        ("2024-05-06", False),
        ("john", False),
        (JOHN, False),
    ],
)
def test_partial_id_is_recognized(typed: str, part: bool) -> None:
    assert is_partial_id(typed) is part
