"""Submissions are told apart by hashes that reveal nothing of their content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.messages.submission import Submission, build_claim, derive_hash_key

KEY = derive_hash_key("secret")
PRESS = Submission(
    key="V1:test",
    member="U1",
    template="order_update",
    language="en",
    recipient="919876543210",
    values={"var_body_1": "Jane"},
    content_in_key=True,
)


def test_a_press_that_counts_for_its_content_is_the_same_for_the_same() -> None:
    assert build_claim(PRESS, KEY) == build_claim(replace(PRESS, recipient="+919876543210"), KEY)


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
    assert build_claim(replace(PRESS, **other), KEY).key != build_claim(PRESS, KEY).key  # type: ignore[arg-type]


def test_whatever_a_form_holds_its_own_press_is_one() -> None:
    once = replace(PRESS, content_in_key=False)
    assert build_claim(once, KEY).key == "V1:test"
    assert build_claim(replace(once, values={}), KEY).key == "V1:test"


def test_the_key_tells_nothing_of_the_content_without_the_secret() -> None:
    assert build_claim(PRESS, KEY).key != build_claim(PRESS, derive_hash_key("another")).key
    assert not {"Jane", "919876543210"} & set(build_claim(PRESS, KEY).key.split())
