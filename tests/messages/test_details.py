"""Details are encrypted: readable with their key alone, and never if they were changed."""

from __future__ import annotations

from bot.messages.details import SendDetails, open_details, seal_details

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
DETAILS = SendDetails(
    "+919876543210", "Mei", "+91 98765 43210", values={"var_body_1": "नमस्ते"}, text="👋" * 500
)


def test_details_are_read_with_their_key_alone() -> None:
    sealed = seal_details(DETAILS, KEY)
    assert sealed is not None
    assert b"98765" not in sealed
    assert sealed != seal_details(DETAILS, KEY)
    assert open_details(sealed, KEY) == DETAILS
    assert open_details(sealed, OTHER_KEY) is open_details(None, KEY) is None
    assert "98765" not in repr(DETAILS)


def test_changed_details_are_not_read() -> None:
    sealed = seal_details(DETAILS, KEY) or b""
    assert all(
        open_details(sealed[:position] + b"!" + sealed[position + 1 :], KEY) is None
        for position in range(0, len(sealed), 7)
    )
    assert open_details(sealed[:20], KEY) is None
