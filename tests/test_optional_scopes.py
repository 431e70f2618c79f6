"""An installer may decline each optional scope: the app works without it, and says what is off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot import manifest
from bot.sandbox.slack import collect_text
from tests.commands.send_file_scenarios import PROMO
from tests.commands.send_scenarios import open_form
from tests.commands.watch_scenarios import FINISHED, RUNNING, advance_until
from tests.conftest import OpenSandbox
from tests.people import JOHN, MEI, PRIYA, SALES
from tests.world import World

PRIVATE, JOHNS_MESSAGES = "C0LEADS", "D0JOHN"
SENDER_GROUP = "S0SALES"
"""John is in it."""

Probe = Callable[[World], Awaitable[str]]
"""Do what needs the scope; return what the person reads."""


def read_last_text(world: World, channel: str) -> str:
    messages = world.slack.list_messages(JOHN, channel)
    return collect_text(messages[-1]) if messages else ""


async def is_ready(world: World) -> bool:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{world.bot_url}/readyz") as answer,
    ):
        return bool(await answer.json() == {"status": "ok"})


async def look_oneself_up(world: World) -> str:
    return collect_text(await world.type("/chakra user me"))


async def send_as_a_group_member(world: World) -> str:
    return collect_text(await world.type("/chakra send"))


async def mention_the_app(world: World) -> str:
    await world.slack.mention(JOHN, SALES, "user john@acme.com")
    await world.wait_until_idle()
    return read_last_text(world, SALES)


async def write_to_the_app(world: World) -> str:
    await world.slack.write_to_app(JOHN, "help")
    await world.wait_until_idle()
    return read_last_text(world, JOHNS_MESSAGES)


async def watch_in(world: World, channel: str) -> str:
    return collect_text(await world.type(f"/chakra watch {RUNNING}", channel=channel))


async def watch_while_slack_hangs_up(world: World, channel: str) -> str:
    """The message is posted, but its response is lost: without its history it can't be found."""
    world.slack.fail("chat.postMessage", reset="after")
    await world.type(f"/chakra watch {RUNNING}", channel=channel)

    def list_notices() -> list[str]:
        texts = map(collect_text, world.slack.list_messages(JOHN, JOHNS_MESSAGES))
        return [text for text in texts if "couldn't confirm" in text]

    await advance_until(world, world.clock, lambda: bool(list_notices()))
    return list_notices()[0]


async def share_with_partners(world: World) -> str:
    line = "/chakra user john@acme.com share"
    return collect_text(await world.type(line, channel="C0PARTNERS"))


async def choose_files(world: World) -> str:
    """A template with a picture takes a link; a table has no other way."""
    await open_form(world, PROMO, "en_US")
    view = world.slack.find_view(JOHN)
    assert view is not None
    elements = [block.get("element", {}).get("type") for block in view["blocks"]]
    assert "file_input" not in elements
    assert "a link" in collect_text(view)
    await world.slack.close_view(JOHN)
    return collect_text(await world.type("/chakra bulk create lead"))


async def get_failed_rows(world: World) -> str:
    await world.type(f"/chakra job {FINISHED}")
    await world.press("job.failed")
    return read_last_text(world, SALES)


async def post_a_link(world: World) -> str:
    """Return the message with its preview; without either scope it has none."""
    await world.slack.type(JOHN, SALES, "https://app.chakrahq.com/lead/LEAD-004038")
    await world.wait_until_idle()
    message = world.slack.list_messages(JOHN, SALES)[-1]
    assert not message.attachments
    return message.text


PROBES: dict[str, tuple[Probe, str]] = {
    "users:read.email": (look_oneself_up, "the permission users:read.email"),
    "usergroups:read": (send_as_a_group_member, "you can't send or change anything"),
    "team:read": (share_with_partners, "has people from outside your company"),
    "app_mentions:read": (mention_the_app, "<@U0CHAKRA> user"),
    "channels:read": (lambda world: watch_in(world, SALES), "in your DM with Chakra"),
    "groups:read": (lambda world: watch_in(world, PRIVATE), "in your DM with Chakra"),
    "im:history": (write_to_the_app, "help"),
    "channels:history": (lambda world: watch_while_slack_hangs_up(world, SALES), "again"),
    "groups:history": (lambda world: watch_while_slack_hangs_up(world, PRIVATE), "again"),
    "files:read": (choose_files, "lacks a permission in Slack: `files:read`"),
    "links:read": (post_a_link, "LEAD-004038"),
    "links:write": (post_a_link, "LEAD-004038"),
    "files:write": (get_failed_rows, "lacks a permission in Slack: `files:write`"),
}
"""What needs each scope, and what the person reads without it: a sentence, or no answer at all."""


def test_every_optional_scope_has_its_probe() -> None:
    assert set(PROBES) == set(manifest.list_optional_scopes())


@pytest.mark.parametrize("scope", PROBES)
async def test_app_works_without_an_optional_scope_and_says_what_is_off(
    open_sandbox: OpenSandbox, scope: str
) -> None:
    senders = (SENDER_GROUP,) if scope == "usergroups:read" else (JOHN,)
    probe, expected = PROBES[scope]
    with capture_logs() as lines:
        async with open_sandbox(declined_scopes=(scope,), senders=senders) as world:
            assert "john@acme.com" in collect_text(await world.type("/chakra user john@acme.com"))
            assert expected in await probe(world)
            status = collect_text(await world.type("/chakra status", by=PRIYA))
            assert manifest.list_optional_scopes()[scope] in status
            assert scope not in collect_text(await world.type("/chakra status", by=MEI))
            assert await is_ready(world)
    [line] = [line for line in lines if line["event"] == "optional_scopes_declined"]
    assert list(line["off"]) == [scope]


async def test_app_with_all_scopes_says_nothing_of_them(open_sandbox: OpenSandbox) -> None:
    with capture_logs() as lines:
        async with open_sandbox() as world:
            assert "declined" not in collect_text(await world.type("/chakra status", by=PRIYA))
    events = {line["event"] for line in lines}
    assert not events & {"optional_scopes_declined", "required_scopes_missing"}


async def test_app_without_all_optional_scopes_still_answers(open_sandbox: OpenSandbox) -> None:
    async with open_sandbox(declined_scopes=tuple(PROBES)) as world:
        assert "john@acme.com" in collect_text(await world.type("/chakra user john@acme.com"))
        status = collect_text(await world.type("/chakra status", by=PRIYA))
        assert all(off in status for off in manifest.list_optional_scopes().values())
        assert world.slack.rejections == []


async def test_missing_required_scope_is_logged_at_the_start(open_sandbox: OpenSandbox) -> None:
    lacking = manifest.load()
    lacking["oauth_config"]["scopes"]["bot"].remove("im:write")
    with capture_logs() as lines:
        async with open_sandbox(app_manifest=lacking):
            pass
    [line] = [line for line in lines if line["event"] == "required_scopes_missing"]
    assert (line["log_level"], line["scopes"]) == ("error", ["im:write"])


@pytest.mark.parametrize("scope", ["commands", "users:read", "chat:write", "unknown:read"])
async def test_required_scope_cannot_be_declined(open_sandbox: OpenSandbox, scope: str) -> None:
    with pytest.raises(ValueError, match="can't be declined"):
        async with open_sandbox(declined_scopes=(scope,)):
            pass


async def test_optional_scope_must_be_in_the_list_of_all(
    open_sandbox: OpenSandbox,
) -> None:
    """Slack wants each optional scope in the list of all scopes, too."""
    odd = manifest.load()
    odd["oauth_config"]["scopes"]["bot"].remove("files:write")
    with pytest.raises(ValueError, match="files:write"):
        async with open_sandbox(app_manifest=odd):
            pass
