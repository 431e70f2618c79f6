"""Stories of ``/chakra config``: the entries, their filter, and what Chakra may leave out."""

from __future__ import annotations

import pytest

from bot.chakra.config import Config
from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import collect_text
from commands.config import ConfigEntry, list_entries
from tests.endpoints import reaches
from tests.people import MEI
from tests.shared_world import shared_world
from tests.world import World


@reaches("GET /v1/ext/config", "config.fetch", title="Fetch Config", by="`/chakra config`")
@shared_world
@pytest.mark.parametrize(
    ("typed", "found", "missing"),
    [
        ("config", ["Lead", "lead_id", "Score", "number", "Inside Sales"], []),
        ("config score", ["Score", "field of Lead"], ["Inside Sales", "City"]),
        ("config roles", ["Inside Sales", "Collections"], ["Score"]),
        ("config role sales", ["Inside Sales", "Field Sales"], ["Collections"]),
        ("lead fields", ["Score", "City"], ["Collections"]),
        ("config procedures", ["Lead", "record type"], ["Score"]),
        ("config attributes", ["Score", "City"], ["Inside Sales"]),
        ("config lead fields", ["Score", "City"], ["Inside Sales"]),
        ("config 3ae1c371-9a3b-4c06-8090-42fea6c4df36", ["Inside Sales"], ["Score", "Field"]),
        ("config zebra", ['has "zebra" in it'], ["Score"]),
    ],
)
async def test_entries_are_listed_by_their_words(
    acme: World, typed: str, found: list[str], missing: list[str]
) -> None:
    shown = collect_text(await acme.type(f"/chakra {typed}", by=MEI))
    for text in found:
        assert text in shown
    for text in missing:
        assert text not in shown


async def test_outage_is_explained(acme: World) -> None:
    acme.chakra.fail("GET /v1/ext/config", StatusResponse(403))
    assert "Chakra" in collect_text(await acme.type("/chakra config"))


def test_configuration_of_any_shape_is_listed() -> None:
    assert list_entries(Config()) == []
    config = Config.model_validate(
        {
            "procedures": [{"shortId": "t", "name": "Ticket"}, {"shortId": "x", "isDeleted": True}],
            "attributes": [{"shortId": "due", "isRequired": True}, "junk"],
            "pods": [{"id": "p1", "name": "North"}, {}],
            "taskTypes": {"not": "an array"},
            "stateTasks": [{"shortId": "call", "name": "Call back"}],
        }
    )
    assert list_entries(config) == [
        ConfigEntry("record type", "Ticket", "t"),
        ConfigEntry("field of Ticket", "due", "due", "required"),
        ConfigEntry("pod", "North", "", id="p1"),
        ConfigEntry("task", "Call back", "call"),
    ]
