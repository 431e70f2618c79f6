"""Submissions are distinguished by hashes that reveal nothing of their content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.messages.submission import Submission, build_claim, derive_hash_key

HASH_KEY = derive_hash_key("secret")
SUBMISSION = Submission(
    key="V1:test",
    member="U1",
    template="order_update",
    language="en",
    recipient="919876543210",
    values={"var_body_1": "Jane"},
    has_content_in_key=True,
)


def test_equal_content_has_the_same_content_key() -> None:
    assert build_claim(SUBMISSION, HASH_KEY) == build_claim(
        replace(SUBMISSION, recipient="+919876543210"), HASH_KEY
    )


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
def test_any_different_field_changes_the_content_key(other: dict[str, object]) -> None:
    changed = replace(SUBMISSION, **other)  # type: ignore[arg-type]
    assert build_claim(changed, HASH_KEY).key != build_claim(SUBMISSION, HASH_KEY).key


def test_form_key_ignores_its_content() -> None:
    once = replace(SUBMISSION, has_content_in_key=False)
    assert build_claim(once, HASH_KEY).key == "V1:test"
    assert build_claim(replace(once, values={}), HASH_KEY).key == "V1:test"


def test_content_key_reveals_nothing_without_the_secret() -> None:
    assert (
        build_claim(SUBMISSION, HASH_KEY).key
        != build_claim(SUBMISSION, derive_hash_key("another")).key
    )
    assert not {"Jane", "919876543210"} & set(build_claim(SUBMISSION, HASH_KEY).key.split())
