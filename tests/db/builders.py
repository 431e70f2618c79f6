"""Claims with the fewest fields that a test needs."""

from __future__ import annotations

from typing import Any

from bot.db.claims import ClaimOutcome
from bot.messages.repository import Sends
from bot.messages.send import Send
from bot.messages.status import SendStatus
from bot.messages.submission import Claim

PROCESS_ID = "boot-1"


def build_claim(key: str = "view-1", **other: Any) -> Claim:
    given = {
        "key": key,
        "member": "U0JOHN",
        "template": "order_update",
        "language": "en",
        "recipient": "+91 •••••• 3210",
        "recipient_hash": f"to-{key}",
        "content_hash": "hello",
        **other,
    }
    return Claim(**given)


async def start_send(
    sends: Sends,
    key: str = "view-1",
    now: float = 1000.0,
    status: SendStatus = SendStatus.SENDING,
    **other: Any,
) -> Send:
    result = await sends.claim(
        build_claim(key, **other), PROCESS_ID, now, duplicate_since=None, status=status
    )
    assert result.outcome is ClaimOutcome.CREATED
    return result.send
