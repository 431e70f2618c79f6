"""A story that leaves something in its module's world is noticed."""

from __future__ import annotations

from bot.sandbox.slack import collect_text
from tests.people import JOHN, SALES, SUPPORT
from tests.shared_world import SharedWorld
from tests.world import World


async def test_what_a_story_changes_is_named(acme: World) -> None:
    shared = SharedWorld(acme)
    await shared.open()
    await acme.type("/chakra user john")
    assert await shared.find_changes() == []
    acme.chakra.add_lead("LEAD-LEFT", name="Left behind")
    assert await shared.find_changes() == ["Chakra's state"]
    acme.slack.workspace.archive(SUPPORT)
    assert await shared.find_changes() == ["channels"]
    await acme.type('/chakra process save "hot leads" state:NEW')
    assert await shared.find_changes() == ["rows"]
    acme.slack.previews.switch_work_objects(on=False)
    assert await shared.find_changes() == ["Slack's settings"]
    acme.slack.hang("chat.postMessage")
    assert await shared.find_changes() == ["hanging methods"]
    acme.slack.release()


async def test_each_story_begins_as_in_a_new_world(acme: World) -> None:
    before = len(acme.slack.list_messages(JOHN, SALES))
    shared = SharedWorld(acme)
    await shared.open()
    assert "John Doe" in collect_text(await acme.type("/chakra user john"))
    asked = acme.chakra.count()
    await shared.begin()
    assert (acme.chakra.count(), len(acme.slack.list_messages(JOHN, SALES))) == (0, before)
    assert "John Doe" in collect_text(await acme.type("/chakra user john"))
    assert acme.chakra.count() == asked
