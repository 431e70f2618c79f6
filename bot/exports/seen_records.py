"""Recognize records that an export already has, by digests of their IDs, in little memory."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

DIGEST_BYTES: Final = 14
_BUCKET_BYTES: Final = 2
_REST_BYTES: Final = DIGEST_BYTES - _BUCKET_BYTES


def digest_id(record_id: str) -> bytes:
    """Return the digest of a record's ID. Collisions are not to be expected among a billion."""
    return blake2b(record_id.lower().encode("utf-8", "replace"), digest_size=DIGEST_BYTES).digest()


class SeenRecords:
    """A set of digests. A million take 20 MB, a fifth of what a ``set`` takes."""

    def __init__(self, digests: Iterable[bytes] = ()) -> None:
        self._buckets: list[bytes] = [b""] * (1 << 8 * _BUCKET_BYTES)
        for digest in digests:
            self.add(digest)

    def __contains__(self, digest: bytes) -> bool:
        bucket, rest = self._buckets[_choose_bucket(digest)], digest[_BUCKET_BYTES:]
        found = bucket.find(rest)
        while found >= 0 and found % _REST_BYTES:
            found = bucket.find(rest, found + 1)
        return found >= 0

    def add(self, digest: bytes) -> None:
        """Add a digest, unless it is there."""
        if digest not in self:
            self._buckets[_choose_bucket(digest)] += digest[_BUCKET_BYTES:]


def split_digests(joined: bytes) -> list[bytes]:
    """Return the digests that were concatenated for storage."""
    starts = range(0, len(joined), DIGEST_BYTES)
    return [joined[start : start + DIGEST_BYTES] for start in starts]


def _choose_bucket(digest: bytes) -> int:
    return int.from_bytes(digest[:_BUCKET_BYTES], "big")
