"""Encrypt what the database stores for those who may read it."""

from __future__ import annotations

import base64
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
FERNET_PREFIX = b"gAAAAA"
"""The beginning of what earlier releases sealed: Fernet's version, and a time before 2106. One
nonce in 2^36 begins like this too."""
WINDOW_BITS, MEMORY_LEVEL = 12, 5
"""Parameters of zlib, whose default takes most of the time: it prepares 256 KB for each value."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Sealer:
    """Seals JSON values with a separate key, derived from ``key`` for one ``purpose``."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = hmac.digest(key, purpose.encode(), "sha256")

    def seal(self, value: object) -> bytes:
        """Return ``value``, which must be JSON-serializable, encrypted, in ASCII."""
        text = _ENCODER.encode(value).encode(errors="surrogatepass")
        nonce = os.urandom(NONCE_BYTES)
        content = self._cipher.encrypt(nonce, _compress(text), None)
        return binascii.b2a_base64(nonce + content, newline=False)

    def open(self, sealed: bytes | None) -> Any:
        """Return the value; None if there is none, it was changed, or it has a different key."""
        if not sealed:
            return None
        decrypt = self._decrypt_fernet if sealed.startswith(FERNET_PREFIX) else self._decrypt
        try:
            opened = zlib.decompress(decrypt(bytes(sealed)))
        except _list_decryption_errors():
            return None
        return json.loads(opened.decode(errors="surrogatepass"))

    def _decrypt(self, sealed: bytes) -> bytes:
        stored = binascii.a2b_base64(sealed)
        return self._cipher.decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], None)

    def _decrypt_fernet(self, sealed: bytes) -> bytes:
        from cryptography.fernet import Fernet

        return Fernet(base64.urlsafe_b64encode(self._key)).decrypt(sealed)

    @cached_property
    def _cipher(self) -> AESGCM:
        # This loads OpenSSL, which only these rows need.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._key)


def _list_decryption_errors() -> tuple[type[Exception], ...]:
    from cryptography.exceptions import InvalidTag
    from cryptography.fernet import InvalidToken

    return InvalidTag, InvalidToken, ValueError


def _compress(text: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=WINDOW_BITS, memLevel=MEMORY_LEVEL)
    return compressor.compress(text) + compressor.flush()


def hash_with_key(key: bytes, *parts: str) -> str:
    """Return a keyed hash: the same parts are found again, but can't be read back."""
    return hmac.digest(key, "\n".join(parts).encode(), "sha256").hex()
