"""A signed request that arrives again after a restart writes nothing a second time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.clock import ManualClock
from tests.commands import send_scenarios as sending
from tests.commands.template_scenarios import CREATE_TEMPLATE, UPDATE_TEMPLATE
from tests.commands.test_template_editing import NEW_TEMPLATE, open_new_form
from tests.conftest import OpenSandbox
from tests.people import JOHN
from tests.world import World

UPDATE_USER = "PUT /v1/ext/user/{id}"
OWN_NUMBER = "919876543299"
BUTTON, FORM = "block_actions", "view_submission"

Act = Callable[[World], Awaitable[object]]


async def save_user(world: World) -> None:
    await world.type("/chakra user john@acme.com")
    await world.press("user.edit")
    await world.submit({"first_name": "John", "last_name": "Newman"})


async def create_template(world: World) -> None:
    await open_new_form(world)
    await world.submit(NEW_TEMPLATE)


async def edit_template(world: World) -> None:
    await world.type("/chakra templates hello_world")
    await world.press("templates.edit")
    await world.submit({"body": "Hello again, and welcome."})


async def submit_send(world: World) -> None:
    await sending.open_form(world)
    await sending.submit_form(world)


async def preview(world: World) -> None:
    await sending.run_command(world, sending.COMMAND_LINE.format(to="+12025550100"))


async def confirm_preview(world: World) -> None:
    await preview(world)
    await world.confirm()


async def send_test_message(world: World) -> None:
    await preview(world)
    await world.press("send.test")


@pytest.mark.parametrize(
    ("act", "kind", "endpoint"),
    [
        (save_user, FORM, UPDATE_USER),
        (create_template, FORM, CREATE_TEMPLATE),
        (edit_template, FORM, UPDATE_TEMPLATE),
        (submit_send, FORM, sending.SEND_PATH),
        (confirm_preview, FORM, sending.SEND_PATH),
        (send_test_message, BUTTON, sending.SEND_PATH),
    ],
)
async def test_a_request_from_before_a_restart_writes_nothing_again(
    open_sandbox: OpenSandbox,
    tmp_path: Path,
    clock: ManualClock,
    act: Act,
    kind: str,
    endpoint: str,
) -> None:
    same: dict[str, Any] = {
        "other": {"database_url": SecretStr(f"sqlite:///{tmp_path / 'bot.db'}")},
        "chakra_access_token": "sandbox-before-and-after",
    }
    async with open_sandbox(**same) as before:
        before.chakra.update_user("john@acme.com", phones=[OWN_NUMBER])
        await act(before)
        assert before.chakra.count(endpoint) == 1
        record = next(seen for seen in reversed(before.slack.exchanges) if seen.kind == kind)
    async with open_sandbox(**same) as after:
        after.chakra.update_user("john@acme.com", phones=[OWN_NUMBER])
        await clock.advance(1)
        async with clock.running():
            assert (await after.slack.replay(record)).status == 200
            await after.settle()
        assert after.chakra.count(endpoint) == 0
        assert "wrong" not in str(after.slack.find_view(JOHN))
