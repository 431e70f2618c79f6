"""How one press is told from another, without a trace of what is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.messages.submission import Submission, claim_of, hash_key

KEY = hash_key("secret")
PRESS = Submission(
    key="V1:test",
    member="U1",
    template="order_update",
    language="en",
    recipient="919876543210",
    values={"var_body_1": "Jane"},
    by_content=True,
)


def test_a_press_that_counts_for_its_content_is_the_same_for_the_same() -> None:
    assert claim_of(PRESS, KEY) == claim_of(replace(PRESS, recipient="+919876543210"), KEY)


@pytest.mark.parametrize(
    "other",
    [
        {"key": "V2:test"},
        {"template": "order_news"},
        {"language": "hi"},
        {"recipient": "919876543211"},
        {"values": {"var_body_1": "Asha"}},
    ],
)
def test_and_another_for_anything_else(other: dict[str, object]) -> None:
    assert claim_of(replace(PRESS, **other), KEY).key != claim_of(PRESS, KEY).key  # type: ignore[arg-type]


def test_whatever_a_form_holds_its_own_press_is_one() -> None:
    once = replace(PRESS, by_content=False)
    assert claim_of(once, KEY).key == "V1:test"
    assert claim_of(replace(once, values={}), KEY).key == "V1:test"


def test_the_key_tells_nothing_of_the_content_without_the_secret() -> None:
    assert claim_of(PRESS, KEY).key != claim_of(PRESS, hash_key("another")).key
    assert not {"Jane", "919876543210"} & set(claim_of(PRESS, KEY).key.split())
