"""Values in webhooks that are damaged, or written as no documentation says."""

from __future__ import annotations

import pytest

from bot.webhooks.parser import parse_events
from tests.messages.webhook_builders import EVENT_TIME, build_event, encode


@pytest.mark.parametrize("scale", [1, 1_000, 1_000_000, 1_000_000_000])
def test_time_is_read_in_any_unit(scale: int) -> None:
    [status] = parse_events(encode(build_event("SENT", timestamp=str(EVENT_TIME * scale))))
    assert status.occurred_at == EVENT_TIME


def test_bytes_that_are_no_letters_cost_only_themselves() -> None:
    body = encode(build_event("FAILED", recipientId="IN.5", note="?")).replace(b"?", b"caf\xe9")
    [status] = parse_events(body)
    assert (status.kind, status.raw["note"]) == ("failed", "caf\ufffd")
