"""Where a watch is posted: in the channel, or in the person's own messages."""

from __future__ import annotations

import pytest

from bot.sandbox.slack import collect_text
from bot.slack.channels import Destination
from tests.commands.watch_scenarios import RUNNING
from tests.people import JOHN, SALES
from tests.shared_world import shared_world
from tests.world import World

GROUP, PAIR, OWN_MESSAGES = "G0BLUEBIRD", "D0JOHNMEI", "D0JOHN"


@pytest.mark.parametrize("channel", [GROUP, PAIR, OWN_MESSAGES])
async def test_watch_in_a_conversation_between_people_is_in_the_own_messages(
    acme: World, channel: str
) -> None:
    answer = collect_text(await acme.type(f"/chakra watch {RUNNING}", channel=channel))
    assert answer == (
        "Watching in your DM with Chakra. We'll notify you there when the job finishes."
    )
    async with acme.clock.running():
        await acme.slack.wait_until(lambda: bool(acme.slack.list_messages(JOHN, OWN_MESSAGES)))
    posted = acme.slack.list_messages(JOHN, channel)
    assert channel == OWN_MESSAGES or all(message.ephemeral for message in posted)
    assert not acme.slack.rejections


async def test_watch_button_in_a_group_conversation_posts_to_the_own_messages(
    acme: World,
) -> None:
    await acme.type(f"/chakra job {RUNNING}", channel=GROUP)
    answer = await acme.press("watch.begin", channel=GROUP)
    assert "Watching in your DM with Chakra." in collect_text(answer)
    again = await acme.type(f"/chakra job {RUNNING}", channel=GROUP)
    assert "watch.begin" not in str(again.blocks)
    assert "watch.begin" in str((await acme.type(f"/chakra job {RUNNING}", channel=SALES)).blocks)


@shared_world
@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("G0BLUEBIRD", "mpdm-john--mei--priya-1"),
        ("C0BLUEBIRD", "mpdm-priya--john--mei-1"),
        ("G1", "mpdm-a.b--c_d--e-2"),
        ("C1", "mpdm-john--mei--priya--omar--lena-12"),
        ("D0JOHNMEI", "directmessage"),
        ("D0JOHNMEI", ""),
        ("C1", "directmessage"),
        ("", ""),
    ],
)
async def test_name_of_the_channel_shows_that_an_app_cannot_join_it(
    acme: World, channel: str, name: str
) -> None:
    channels = acme.bot.context.channels
    before = len(acme.slack.calls)
    found = await channels.resolve_destination(
        channel, JOHN, is_known_member=True, channel_name=name
    )
    assert found == Destination(JOHN, is_direct_message=True)
    assert len(acme.slack.calls) == before


async def test_other_channels_are_looked_up(acme: World) -> None:
    channels = acme.bot.context.channels
    found = await channels.resolve_destination(
        SALES, JOHN, is_known_member=True, channel_name="sales"
    )
    assert found == Destination(SALES, name="sales")
    info = collect_text(await acme.type(f"/chakra watch {RUNNING}", channel="C0GENERAL"))
    assert "invite" in info
