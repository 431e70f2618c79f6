"""Encrypt what the database stores for those who may read it."""

from __future__ import annotations

import binascii
import hmac
import json
import os
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
"""Random for each value: NIST SP 800-38D allows 2^32 values under one key."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Sealer:
    """Seals JSON values with a key of its own, derived from ``key`` for one ``purpose``."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = hmac.digest(key, purpose.encode(), "sha256")

    def seal(self, value: object) -> bytes:
        """Return ``value``, which JSON can express, encrypted, in ASCII."""
        text = _ENCODER.encode(value).encode(errors="surrogatepass")
        nonce = os.urandom(NONCE_BYTES)
        content = self._cipher.encrypt(nonce, zlib.compress(text), None)
        return binascii.b2a_base64(nonce + content, newline=False)

    def open(self, sealed: bytes | None) -> Any:
        """Return the value; None if there is none, it was changed, or the key was another one."""
        from cryptography.exceptions import InvalidTag

        if not sealed:
            return None
        try:
            stored = binascii.a2b_base64(sealed)
            nonce, content = stored[:NONCE_BYTES], stored[NONCE_BYTES:]
            opened = zlib.decompress(self._cipher.decrypt(nonce, content, None))
        except (InvalidTag, ValueError):
            return None
        return json.loads(opened.decode(errors="surrogatepass"))

    @cached_property
    def _cipher(self) -> AESGCM:
        # It loads OpenSSL, which only these rows need.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._key)


def hash_with_key(key: bytes, *parts: str) -> str:
    """Return a keyed hash, by which the same parts are found again but never read back."""
    return hmac.digest(key, "\n".join(parts).encode(), "sha256").hex()
