"""What is stored encrypted opens with its key only, also what earlier releases sealed."""

from __future__ import annotations

import base64
import hmac
import json
import zlib

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from bot.sealing import Sealer

KEY = b"derived from the access token"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(value=JSON)
def test_sealed_value_opens_with_its_key_and_purpose_only(value: object) -> None:
    sealed = Sealer(KEY, "sends").seal(value)
    assert sealed.isascii()
    assert Sealer(KEY, "sends").open(sealed) == value
    assert Sealer(KEY, "events").open(sealed) is None
    assert Sealer(b"another", "sends").open(sealed) is None


@pytest.mark.parametrize("stored", [None, b"", b"gAAAAA", b"gAAAAAxx", b"!!", b"AAAA", bytes(40)])
def test_what_was_never_sealed_is_nothing(stored: bytes | None) -> None:
    assert Sealer(KEY, "sends").open(stored) is None


def test_what_earlier_releases_sealed_still_opens() -> None:
    value = {"to": "+91 98765 43210", "text": "Your order \ud83d is here."}
    key = base64.urlsafe_b64encode(hmac.digest(KEY, b"sends", "sha256"))
    text = json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")
    earlier = Fernet(key).encrypt(zlib.compress(text))
    assert Sealer(KEY, "sends").open(earlier) == value
    assert Sealer(b"another", "sends").open(earlier) is None
