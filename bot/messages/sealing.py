"""Encrypt short texts for the database, under a key that is not in it.

A keystream of HMAC-SHA256 over nonce and counter is added to the text (counter mode, NIST SP
800-38A), and the result is authenticated with another key (encrypt-then-MAC). The standard library
has no cipher, and a package with one would be needed for nothing else.
"""

from __future__ import annotations

import hmac
import secrets
import zlib

_NONCE_BYTES, _TAG_BYTES, _BLOCK_BYTES = 16, 16, 32
_CIPHER_CONTEXT, _TAG_CONTEXT = b"encrypt stored texts", b"authenticate stored texts"


def seal(text: str, key: bytes) -> bytes:
    """Return ``text`` encrypted: nonce, ciphertext and tag. No two results are equal."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    ciphertext = _apply_keystream(zlib.compress(text.encode()), nonce, key)
    return nonce + ciphertext + _tag(nonce + ciphertext, key)


def unseal(sealed: bytes, key: bytes) -> str | None:
    """Return the text; None if it was sealed with another key, or changed since."""
    body, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    if len(body) < _NONCE_BYTES or not hmac.compare_digest(tag, _tag(body, key)):
        return None
    nonce, ciphertext = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
    return zlib.decompress(_apply_keystream(ciphertext, nonce, key)).decode()


def _apply_keystream(data: bytes, nonce: bytes, key: bytes) -> bytes:
    cipher_key = hmac.digest(key, _CIPHER_CONTEXT, "sha256")
    stream = b"".join(
        hmac.digest(cipher_key, nonce + number.to_bytes(8), "sha256")
        for number in range(-(-len(data) // _BLOCK_BYTES))
    )[: len(data)]
    mixed = int.from_bytes(data) ^ int.from_bytes(stream)
    return mixed.to_bytes(len(data))


def _tag(body: bytes, key: bytes) -> bytes:
    tag_key = hmac.digest(key, _TAG_CONTEXT, "sha256")
    return hmac.digest(tag_key, body, "sha256")[:_TAG_BYTES]
