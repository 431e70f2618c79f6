"""Answers of Chakra that can't be read while a good one is remembered, by command."""

from __future__ import annotations

import pytest

from bot.sandbox.chakra.faults import Fault, HtmlErrorPage, InvalidJsonBody, TruncatedBody
from bot.sandbox.slack import collect_text
from bot.slack.age import format_date_token
from tests.clock import ManualClock
from tests.world import World

TEMPLATES = "GET /v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
JOB_ID = "19632427-908f-4bf3-a6f5-69b9a0bbfc63"


@pytest.mark.parametrize(
    "fault", [InvalidJsonBody(), TruncatedBody(), HtmlErrorPage(200)], ids=repr
)
@pytest.mark.parametrize(
    ("line", "endpoint"),
    [
        ("/chakra templates hello_world", TEMPLATES),
        ("/chakra users", "GET /v2/ext/users"),
        (f"/chakra job {JOB_ID}", "GET /v1/ext/background-job/{id}"),
    ],
)
async def test_last_good_answer_is_shown_with_its_age_and_a_warning(
    acme: World, clock: ManualClock, line: str, endpoint: str, fault: Fault
) -> None:
    await acme.type(line)
    loaded = format_date_token(clock.time())
    acme.chakra.fail(endpoint, fault)
    await clock.jump(3700)
    shown = collect_text(await acme.type(line))
    assert f"Chakra's answer can't be read right now. This is from {loaded}." in shown
