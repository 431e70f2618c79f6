"""The form that sends, and its menu of templates, while Chakra hangs and nothing is known yet."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.faults import Hang
from bot.sandbox.slack import EmbeddedSlack
from bot.sandbox.world import SLACK_EVENTS_PATH
from tests.bench.bench_process import BOT_MODULE, start_process
from tests.bench.result_table import ResultTable

JOHN, SALES = "U0JOHN", "C0SALES"
REPETITIONS = 15
MAX_LATENCY_MS = 300
"""The worst of all: within it a person sees no wait, and Slack's three seconds are far away."""


async def bench_forms_while_hung(
    slack: EmbeddedSlack, chakra: EmbeddedChakra, env: Mapping[str, str], table: ResultTable
) -> None:
    own = {
        "SENDERS": JOHN,
        "CHAKRA_PLUGIN_ID": chakra.plugin_id,
        "CHAKRA_WHATSAPP_PHONE_NUMBER_ID": chakra.sender_ids[0],
    }
    async with start_process(BOT_MODULE, {**env, **own}) as bot:
        slack.set_request_url(bot.url + SLACK_EVENTS_PATH)
        chakra.fail("*", Hang())
        opened, offered = [], []
        for _ in range(REPETITIONS):
            opened.append(await _open_form(slack))
            began = time.perf_counter()
            await slack.suggest(JOHN, "send.template", "order")
            offered.append(time.perf_counter() - began)
            await slack.close_view(JOHN)
        chakra.clear_faults()
        chakra.release_hanging()
    for what, seconds in (("the form that sends is open", opened), ("its options", offered)):
        worst = max(seconds) * 1000
        table.add(
            f"Chakra hung: {what}, slowest of {REPETITIONS}",
            f"{worst:.0f} ms",
            f"≤ {MAX_LATENCY_MS} ms",
            is_met=worst <= MAX_LATENCY_MS,
        )


async def _open_form(slack: EmbeddedSlack) -> float:
    """Seconds from the typed line to the form on the screen."""
    began = time.perf_counter()
    await slack.type(JOHN, SALES, "/chakra send")
    await slack.wait_until(lambda: slack.find_view(JOHN) is not None)
    return time.perf_counter() - began
