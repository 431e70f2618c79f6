"""The composition root: settings -> the objects that live as long as the process."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
)
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from cachetools import TTLCache

from bot.aio.clock import Clock
from bot.aio.tasks import TaskSet
from bot.cache import CacheStats
from bot.context import Context
from bot.db.engine import Database, open_database
from bot.durable.engine import POLL_SECONDS, Engine
from bot.durable.open import open_engine
from bot.installation import Installation, Runtime, installation_from_settings
from bot.metrics import Metrics
from bot.settings.settings import Settings
from bot.sheets.workers import SheetWorkers
from bot.slack.client.web_api import SlackClient
from bot.slack.commands import help as helping
from bot.slack.commands.dispatcher import Timeouts
from bot.slack.commands.event_router import EVENT_LABEL
from bot.slack.commands.registry import CommandRegistry
from bot.slack.commands.router import Router
from bot.slack.commands.workspace_router import WorkspaceRouter
from bot.slack.http.dispatch import PayloadDispatcher
from bot.slack.http.endpoint import ACCEPTED, DISCONNECTED, SlackEndpoint
from bot.slack.http.verification import RequestVerifier
from bot.web.body import BodyReader
from bot.web.routes import WebApp
from bot.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp

EXTRA_COMMAND_LABELS = (helping.NAME, "unknown", "answer", EVENT_LABEL)
"""Labels that the router counts beside the commands' names."""

DRAIN_SECONDS = 5.0
"""How long a stop waits for running work."""


class Workspaces:
    """The workspaces that this process serves, by team ID."""

    def __init__(
        self, runtime: Runtime, registry: CommandRegistry[Context], stack: AsyncExitStack
    ) -> None:
        self._runtime = runtime
        self._registry = registry
        self._stack = stack
        self._closing: set[asyncio.Task[None]] = set()
        self._by_team: dict[str, Workspace] = {}
        stack.push_async_callback(self._wait_stopped)

    async def add(self, installation: Installation) -> Workspace:
        """Open a workspace that serves requests until it is stopped or the process ends.

        Raises ``SlackError`` and ``DatabaseUnavailable``.
        """
        workspace = await self._stack.enter_async_context(
            open_workspace(self._runtime, installation, self._registry, self.stop)
        )
        self._by_team[workspace.team_id] = workspace
        return workspace

    async def stop(self, team_id: str, reason: str) -> None:
        """Stop the workspace whose token Slack has revoked; ignore an unknown one.

        Its requests are acknowledged and nothing more. Return before its loops have ended, since
        the caller may itself run in one of them.
        """
        workspace = self._find(team_id)
        if workspace is None or workspace.is_stopped:
            return
        workspace.mark_stopped(reason)
        task = asyncio.create_task(workspace.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def find_router(self, team_id: str) -> Router[Context] | None:
        """Return the router of a workspace; None if it is stopped or unknown."""
        workspace = self._find(team_id)
        return None if workspace is None or workspace.is_stopped else workspace.router

    def get_cache_stats(self) -> CacheStats:
        """Return the size of all caches together."""
        stats = [workspace.context.health.get_cache_stats() for workspace in self._by_team.values()]
        return CacheStats(
            items=sum(cache.items for cache in stats),
            bytes=sum(cache.bytes for cache in stats),
            max_bytes=sum(cache.max_bytes for cache in stats),
        )

    def count_active_watches(self) -> int:
        return sum(
            workspace.context.workflows.watcher.active_count for workspace in self._by_team.values()
        )

    def _find(self, team_id: str) -> Workspace | None:
        """Return the workspace with this ID, or the only one.

        Slack signs requests for this app, so a single installation answers them all, whatever team
        they name: in an Enterprise organization the request may name another team.
        """
        if len(self._by_team) == 1:
            return next(iter(self._by_team.values()))
        return self._by_team.get(team_id)

    async def _wait_stopped(self) -> None:
        await asyncio.gather(*self._closing, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class Application:
    """The process. ``workspace`` is that of the environment's installation."""

    web: WebApp
    dispatcher: PayloadDispatcher
    runtime: Runtime
    workspaces: Workspaces
    workspace: Workspace

    @property
    def context(self) -> Context:
        return self.workspace.context

    @property
    def slack(self) -> SlackClient:
        return self.workspace.slack

    @property
    def tasks(self) -> TaskSet:
        return self.workspace.tasks

    @property
    def metrics(self) -> Metrics:
        return self.runtime.metrics

    @property
    def settings(self) -> Settings:
        return self.runtime.settings

    @property
    def clock(self) -> Clock:
        return self.runtime.clock

    @property
    def database(self) -> Database:
        return self.runtime.database

    @property
    def engine(self) -> Engine:
        return self.runtime.engine

    def build_bolt_app(self) -> AsyncApp:
        """Return the Bolt app for Socket Mode. Over HTTP nothing of Bolt is imported."""
        from bot.slack.http.bolt import build_bolt_app
        from bot.slack.http.envelopes import EnvelopeChecker

        checker = EnvelopeChecker(
            self.dispatcher.dispatch, self.clock, on_rejected=_log_rejections(self.clock)
        )
        web = self.slack.build_sdk_client()
        return build_bolt_app(checker.dispatch, web, self.workspace.identity.response)

    async def stop_workspace(self, team_id: str, reason: str) -> None:
        """End the work of a workspace; see `Workspaces.stop`."""
        await self.workspaces.stop(team_id, reason)

    @asynccontextmanager
    async def accepting_requests(self, ping_seconds: float | None = None) -> AsyncIterator[None]:
        """Connect in Socket Mode if it is configured; on leaving, accept no more requests.

        ``ping_seconds`` replaces the usual interval between the pings of a socket.
        """
        async with AsyncExitStack() as stack:
            token = self.settings.slack_app_token
            if token is not None:
                await stack.enter_async_context(
                    self._connect_socket(token.get_secret_value(), ping_seconds)
                )
            yield
            self.web.draining = True

    def _connect_socket(
        self, token: str, ping_seconds: float | None
    ) -> AbstractAsyncContextManager[None]:
        from bot.slack.http.connection import SocketConnection
        from bot.slack.http.socket_mode import PING_SECONDS, socket_mode

        connection = SocketConnection(self.clock)
        self.context.health.watch_socket(lambda: connection.is_lost)
        self.metrics.track_socket(lambda: connection.is_lost)
        return socket_mode(
            self.build_bolt_app(),
            token,
            self.slack,
            self.clock,
            connection,
            ping_seconds=ping_seconds or PING_SECONDS,
        )


@asynccontextmanager
async def open_application(
    settings: Settings,
    registry: CommandRegistry[Context],
    clock: Clock,
    timeouts: Timeouts | None = None,
    *,
    drain_seconds: float = DRAIN_SECONDS,
    workflow_poll_seconds: float = POLL_SECONDS,
) -> AsyncIterator[Application]:
    """Open everything that the process needs, with the workspace that the environment describes.

    Raises ``SlackError`` if Slack rejects the bot token or cannot be reached, and
    ``DatabaseLocked`` or ``DatabaseUnavailable``.
    """
    async with AsyncExitStack() as stack:
        url = settings.database_url.get_secret_value()
        database = await stack.enter_async_context(open_database(url))
        engine = await stack.enter_async_context(
            open_engine(url, database, clock, poll_seconds=workflow_poll_seconds)
        )
        metrics = Metrics([*(command.name for command in registry.commands), *EXTRA_COMMAND_LABELS])
        runtime = Runtime(
            settings=settings,
            clock=clock,
            database=database,
            engine=engine,
            metrics=metrics,
            bodies=BodyReader(clock),
            process_id=secrets.token_hex(8),
            timeouts=timeouts,
            drain_seconds=drain_seconds,
            sheet_workers=stack.enter_context(closing(SheetWorkers())),
        )
        workspaces = Workspaces(runtime, registry, stack)
        metrics.track_cache(workspaces.get_cache_stats)
        metrics.track_active_watches(workspaces.count_active_watches)
        workspace = await workspaces.add(installation_from_settings(settings))
        try:
            yield _build_application(runtime, workspaces, workspace)
        finally:
            engine.stop_executing()


def _build_application(
    runtime: Runtime, workspaces: Workspaces, workspace: Workspace
) -> Application:
    dispatcher = PayloadDispatcher(WorkspaceRouter(workspaces.find_router))
    web = WebApp(
        slack=_build_endpoint(dispatcher, runtime),
        events=workspace.receiver,
        health=workspace.context.health,
        metrics=runtime.metrics,
    )
    return Application(web, dispatcher, runtime, workspaces, workspace)


def _build_endpoint(dispatcher: PayloadDispatcher, runtime: Runtime) -> SlackEndpoint | None:
    secret = runtime.settings.slack_signing_secret
    if secret is None:
        return None
    return SlackEndpoint(
        dispatcher.dispatch,
        RequestVerifier(secret.get_secret_value(), runtime.clock),
        runtime.bodies,
        on_result=_log_rejections(runtime.clock),
    )


def _log_rejections(clock: Clock) -> Callable[[str], None]:
    """Return a callback that logs rejected requests, a line a minute for each reason.

    A wrong signing secret must show in the log, and a flood of junk must not fill it.
    """
    recently_logged: TTLCache[str, None] = TTLCache(maxsize=100, ttl=60, timer=clock.monotonic)
    log = structlog.get_logger("guard")

    def on_result(result: str) -> None:
        if result in (ACCEPTED, DISCONNECTED) or result in recently_logged:
            return
        recently_logged[result] = None
        log.warning("request_rejected", reason=result)

    return on_result
