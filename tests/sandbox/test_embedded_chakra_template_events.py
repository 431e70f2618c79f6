"""Changes of a template at Meta, and the events about them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.sandbox.chakra import EmbeddedChakra
from tests.clock import ManualClock
from tests.sandbox.chakra_client import read_doc, serve_chakra
from tests.sandbox.chakra_whatsapp import serve_listener


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(clock) as served:
        yield served


async def test_changes_at_meta_are_sent_by_webhook(chakra: EmbeddedChakra) -> None:
    examples = {
        name: read_doc(f"webhook-meta.template-{name}")["entry"][0]["changes"][0]
        for name in ("quality", "status", "category-impending", "category-done")
    }
    async with serve_listener() as hook:
        chakra.set_passthrough_webhook(hook.url)
        for change in (
            {"quality": "RED"},
            {"status": "PAUSED"},
            {"correct_category": "MARKETING"},
            {"category": "MARKETING"},
        ):
            chakra.update_template("order_update", "en_US", **change)
            await chakra.settle()
        sent = [
            request.json["entry"][0]["changes"][0] for request in await hook.wait_for_requests(4)
        ]
    for change, documented in zip(sent, examples.values(), strict=True):
        assert change["field"] == documented["field"]
        assert change["value"].keys() | {"category_update_timestamp"} >= documented["value"].keys()
    assert chakra.find_template("order_update", "en_US").quality == "RED"
    with pytest.raises(KeyError):
        chakra.update_template("order_update", "xx", status="PAUSED")
