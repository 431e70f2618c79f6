"""Two workspaces in one process: each runs its own durable work, and one stops alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.application import Workspaces
from bot.installation import installation_from_settings
from bot.jobs.watch import Watch, WatchStatus
from bot.sandbox.slack import collect_text
from bot.slack.commands.registry import build_registry
from bot.web.server import serve
from bot.workflows import WatchTarget
from bot.workspace import Workspace
from commands import COMMANDS
from tests.clock import ManualClock
from tests.commands.watch_scenarios import RUNNING, advance_until, list_app_messages
from tests.world import World

GLOBEX, ANN, GLOBEX_SALES = "T0GLOBEX", "U0ANN", "C0GLOBEX"
OUTCOME = "Job `621d00aa` has finished."


@dataclass
class GlobexSlack:
    """Slack's answers for a second workspace: its identity, and ``ok`` to every message."""

    texts: list[str] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/api/{method}", self._call, methods=["GET", "POST"])])

    async def _call(self, request: Request) -> JSONResponse:
        method = request.path_params["method"]
        body: dict[str, Any] = {"ok": True, "channel": GLOBEX_SALES}
        if method == "auth.test":
            body |= {"team_id": GLOBEX, "user_id": "U0BOT", "url": "https://globex.slack.com/"}
        if method in ("chat.postMessage", "chat.update"):
            self.texts.append((await request.body()).decode())
            body["ts"] = f"1700000000.{len(self.texts):06}"
        return JSONResponse(body)

    def has_posted(self, text: str) -> bool:
        return any(text in posted for posted in self.texts)


@dataclass
class Globex:
    """The second workspace of a world's process; it can be stopped and opened again."""

    slack: GlobexSlack
    acme: World
    workspaces: Workspaces

    async def open(self) -> Workspace:
        settings = self.acme.bot.settings
        return await self.workspaces.add(installation_from_settings(settings))


@asynccontextmanager
async def opened_globex(acme: World) -> AsyncIterator[Globex]:
    slack = GlobexSlack()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(slack.app))
        settings = acme.bot.settings.model_copy(update={"slack_api_url": f"{url}/api/"})
        runtime = replace(acme.bot.runtime, settings=settings)
        yield Globex(slack, acme, Workspaces(runtime, build_registry(COMMANDS), stack))


async def watch(workspace: Workspace, channel: str, member: str) -> Watch:
    started, _ = await workspace.context.workflows.watch(
        WatchTarget(RUNNING, (RUNNING,)), member=member, channel=channel
    )
    return started


def count_active(*workspaces: Workspace) -> list[int]:
    return [workspace.context.workflows.watcher.active_count for workspace in workspaces]


def has_acme_posted(acme: World, text: str) -> bool:
    return any(
        text in collect_text(message) for message in list_app_messages(acme, "U0MEI", "C0SALES")
    )


async def test_each_workspace_runs_its_own_watches(acme: World, clock: ManualClock) -> None:
    async with opened_globex(acme) as globex:
        first, second = acme.bot.workspace, await globex.open()
        await watch(first, "C0SALES", "U0MEI")
        assert count_active(first, second) == [1, 0]
        await watch(second, GLOBEX_SALES, ANN)
        assert count_active(first, second) == [1, 1]
        await advance_until(acme, clock, lambda: globex.slack.has_posted(OUTCOME), step=10)
        await advance_until(acme, clock, lambda: has_acme_posted(acme, OUTCOME), step=10)
        await advance_until(acme, clock, lambda: count_active(first, second) == [0, 0], step=10)


async def test_stopped_workspace_pauses_its_watches_and_leaves_those_of_the_other_running(
    acme: World, clock: ManualClock
) -> None:
    async with opened_globex(acme) as globex:
        first, second = acme.bot.workspace, await globex.open()
        await watch(first, "C0SALES", "U0MEI")
        paused = await watch(second, GLOBEX_SALES, ANN)
        await advance_until(acme, clock, lambda: len(globex.slack.texts) > 1, step=5)
        await globex.workspaces.stop(GLOBEX, "app_uninstalled")
        await advance_until(acme, clock, lambda: has_acme_posted(acme, OUTCOME), step=10)
        assert not globex.slack.has_posted(OUTCOME)
        assert count_active(first, second) == [0, 0]
        stored = await second.context.workflows.watches.get(paused.id)
        assert stored is not None
        assert stored.status is WatchStatus.ACTIVE
        opened_again = await globex.open()
        await advance_until(acme, clock, lambda: globex.slack.has_posted(OUTCOME), step=10)
        await advance_until(acme, clock, lambda: count_active(opened_again) == [0], step=10)


async def test_command_in_a_removed_workspace_is_answered_in_its_ack(acme: World) -> None:
    await acme.bot.stop_workspace("T0ACME", "app_uninstalled")
    shown = await acme.type("/chakra status")
    assert shown.ephemeral
    assert collect_text(shown) == (
        "Chakra was removed from this workspace, so your command didn't run. "
        "Ask a workspace admin to install it again."
    )
