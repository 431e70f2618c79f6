"""Encrypt what the database stores for those who may read it."""

from __future__ import annotations

import base64
import hmac
import json
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Sealer:
    """Seals JSON values with a key of its own, derived from ``key`` for one ``purpose``."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = hmac.digest(key, purpose.encode(), "sha256")

    def seal(self, value: object) -> bytes:
        """Return ``value``, which JSON can express, encrypted."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return self._cipher.encrypt(zlib.compress(text.encode(errors="surrogatepass")))

    def open(self, sealed: bytes | None) -> Any:
        """Return the value; None if there is none, it was changed, or the key was another one."""
        from cryptography.fernet import InvalidToken

        if not sealed:
            return None
        try:
            opened = zlib.decompress(self._cipher.decrypt(bytes(sealed)))
            return json.loads(opened.decode(errors="surrogatepass"))
        except InvalidToken:
            return None

    @cached_property
    def _cipher(self) -> Fernet:
        from cryptography.fernet import Fernet  # loads OpenSSL, which only these rows need

        return Fernet(base64.urlsafe_b64encode(self._key))


def hash_with_key(key: bytes, *parts: str) -> str:
    """Return a keyed hash, by which the same parts are found again but never read back."""
    return hmac.new(key, "\n".join(parts).encode(), "sha256").hexdigest()
