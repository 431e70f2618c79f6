"""Details are encrypted: readable with their key alone, and never if they were changed."""

from __future__ import annotations

import pytest

from bot.messages.details import SendDetails, open_details, seal_details
from bot.messages.sealing import seal, unseal

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
DETAILS = SendDetails("+919876543210", "Mei", "+91 98765 43210", values={"var_body_1": "नमस्ते"})


@pytest.mark.parametrize("text", ["", "a", "x" * 31, "x" * 32, "नमस्ते 👋" * 500])
def test_sealed_text_is_read_with_its_key_alone(text: str) -> None:
    sealed = seal(text, KEY)
    assert unseal(sealed, KEY) == text
    assert unseal(sealed, OTHER_KEY) is None
    assert sealed != seal(text, KEY)


def test_changed_bytes_are_not_read() -> None:
    sealed = seal("Order 17", KEY)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        assert unseal(bytes(changed), KEY) is None
    assert unseal(sealed[:20], KEY) is unseal(b"", KEY) is None


def test_details_hide_everything_without_the_key() -> None:
    sealed = seal_details(DETAILS, KEY)
    assert sealed is not None
    assert b"98765" not in sealed
    assert open_details(sealed, KEY) == DETAILS
    assert open_details(sealed, OTHER_KEY) is open_details(None, KEY) is None
    assert "98765" not in repr(DETAILS)
