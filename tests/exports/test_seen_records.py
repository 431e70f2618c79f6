"""The set of records that an export has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.exports.seen_records import DIGEST_BYTES, SeenRecords, digest_id, split_digests


@given(st.lists(st.text(max_size=3)))
def test_it_knows_what_was_added_and_nothing_else(ids: list[str]) -> None:
    digests = [digest_id(record_id) for record_id in ids]
    seen = SeenRecords(digests)
    assert all(digest in seen for digest in digests)
    assert digest_id("another one") not in seen
    assert split_digests(b"".join(digests)) == digests


def test_digests_of_one_bucket_are_found_at_their_beginnings_only() -> None:
    rest = DIGEST_BYTES - 2
    first, second = b"aa" + b"b" * rest, b"aa" + b"b" * (rest - 1) + b"c"
    seen = SeenRecords([first, second])
    assert first in seen
    assert second in seen
    assert b"aa" + b"b" * (rest - 2) + b"cb" not in seen
