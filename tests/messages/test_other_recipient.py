"""A sender learns if Chakra's answer names another number than the one that was shown."""

from __future__ import annotations

from typing import Any

import pytest

from bot.messages.other_recipient import is_other_number
from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.people import JOHN
from tests.world import World

SEND = "POST /v1/ext/plugin/whatsapp/{pluginId}/phoneNumber/{phoneNumber}/send-template-message"
SHOWN, OTHER = "12025550142", "919999999999"


@pytest.mark.parametrize(
    ("answered", "shown", "expected"),
    [
        (OTHER, SHOWN, True),
        (f"+{OTHER}", SHOWN, True),
        (SHOWN, SHOWN, False),
        (f"+{SHOWN}", SHOWN, False),
        ("5491123456789", "541123456789", False),
        ("", SHOWN, False),
        ("IN.13491208655302741918", SHOWN, False),
        ("c0ffee00-0000-4000-8000-000000000001", SHOWN, False),
        (OTHER, "", False),
    ],
)
def test_other_number_differs_from_another_spelling(
    answered: str, shown: str, expected: bool
) -> None:
    assert is_other_number(answered, shown) is expected


@pytest.mark.parametrize(("answered", "notices"), [(OTHER, 1), (SHOWN, 0)])
async def test_sender_reads_both_numbers_once(
    acme: World, clock: ManualClock, answered: str, notices: int
) -> None:
    accepted: dict[str, Any] = {"id": "m-1", "externalId": "wamid.other"}
    accepted["context"] = {"contactIdentifier": answered}
    acme.chakra.fail(SEND, StatusResponse(200, json={"_data": accepted}), times=1)
    await acme.type(f"/chakra send hello_world +{SHOWN}")
    await acme.confirm()
    await clock.advance(10)
    texts = [collect_text(message) for message in acme.slack.list_messages(JOHN, "D0JOHN")]
    notices_read = [text for text in texts if "may have gone to another number" in text]
    assert len(notices_read) == notices
    assert all("+1 202-555-0142" in text and "+91 99999 99999" in text for text in notices_read)
    assert sum("Sending" in text for text in texts) == 1, "it was accepted all the same"
