"""The composition root: settings -> the objects that live as long as the process, opened and
closed in order."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import structlog
from cachetools import TTLCache
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.access.policy import AccessPolicy
from bot.aio.clock import Clock
from bot.aio.tasks import Tasks
from bot.bulk.plan import BulkPlanner
from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.context import Desk
from bot.db.engine import Database, open_database
from bot.durable.open import open_work
from bot.health import Health
from bot.jobs.reader import JobReader
from bot.messages.file_transfer import Carrier
from bot.messages.form_loader import Opening
from bot.messages.lifecycle import Sending, open_sending
from bot.messages.recipients import Recipients
from bot.messages.service import Dispatch
from bot.messages.test_sends import Trials
from bot.metrics import Metrics
from bot.outbox.outbox import Outbox, open_outbox
from bot.settings.settings import Settings
from bot.slack.channels import Channels
from bot.slack.client.web_api import SlackClient
from bot.slack.commands import help as helping
from bot.slack.commands.command import Command
from bot.slack.commands.dispatcher import Dispatcher, Timeouts
from bot.slack.commands.router import Router
from bot.slack.debounce import Debouncer
from bot.slack.http.bolt import build_bolt_app
from bot.slack.http.endpoint import BoltAdapter
from bot.slack.http.socket_mode import socket_mode
from bot.slack.http.verification import ACCEPTED, DISCONNECTED, RequestVerifier
from bot.slack.members import Members
from bot.templates.catalog import Library
from bot.users.directory import Directory
from bot.web.routes import WebApp

NOT_COMMANDS = (helping.NAME, "unknown", "answer")
"""What the router counts beside the commands: help, words that are none, answers Slack refused."""

DRAIN = 5.0
"""Seconds that a stop waits for what is in hand."""


@dataclass(frozen=True, slots=True)
class Services:
    web: WebApp
    bolt: AsyncApp
    slack: SlackClient
    desk: Desk
    metrics: Metrics
    tasks: Tasks
    settings: Settings
    clock: Clock

    @asynccontextmanager
    async def taking_work(self) -> AsyncIterator[None]:
        """Connects Socket Mode where it is set up. On leaving no new work comes in and what is in
        hand is finished, or told of."""
        async with AsyncExitStack() as stack:
            token = self.settings.slack_app_token
            if token is not None:
                await stack.enter_async_context(
                    socket_mode(self.bolt, token.get_secret_value(), self.slack, self.clock)
                )
            yield
            self.web.draining = True


@asynccontextmanager
async def open_services(
    settings: Settings,
    commands: Sequence[Command[Desk]],
    clock: Clock,
    budgets: Timeouts | None = None,
    *,
    drain: float = DRAIN,
) -> AsyncIterator[Services]:
    """Raises ``SlackError`` when Slack refuses the bot token or cannot be reached, and
    ``StoreInUse`` or ``StoreUnavailable`` when the database cannot be worked with."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            open_database(settings.database_url.get_secret_value())
        )
        metrics = Metrics([*(command.name for command in commands), *NOT_COMMANDS])
        tasks = Tasks(clock)
        slack = SlackClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            clock=clock,
        )
        stack.push_async_callback(slack.aclose)
        bot = await slack.call("auth.test")
        chakra = Chakra(
            settings.chakra_api_url,
            settings.chakra_access_token,
            clock,
            observe=metrics.upstream,
            whatsapp_version=settings.chakra_whatsapp_api_version,
        )
        stack.push_async_callback(chakra.aclose)
        cache = Cache(clock, observe=metrics.cache)
        metrics.watch_cache(cache.figures)
        stack.push_async_callback(cache.aclose)
        boot = secrets.token_hex(8)
        outbox = await stack.enter_async_context(
            open_outbox(database, slack, clock, boot=boot, observe=metrics.notification)
        )
        sending = await stack.enter_async_context(
            _sending(settings, database, outbox, clock, tasks, metrics, boot)
        )
        jobs = JobReader(chakra, cache)
        work = await stack.enter_async_context(
            open_work(
                settings.database_url.get_secret_value(), database, chakra, jobs, outbox, clock
            )
        )
        metrics.watch_watches(lambda: work.watching.active_count)
        stack.push_async_callback(tasks.drain, drain)

        directory = Directory(chakra, cache, clock, region=settings.default_region)
        library = _library(settings, chakra, cache)
        members = Members(slack, cache, team_id=str(bot.get("team_id", "")))
        dispatch = Dispatch(
            chakra.messages,
            Recipients(directory, chakra.processes, settings.default_region),
            library,
            sending,
            Carrier(slack.files, chakra.media, clock, plugin_id=settings.chakra_plugin_id or ""),
            plugin_id=settings.chakra_plugin_id or "",
            workspace_url=str(bot.get("url") or ""),
        )
        desk = Desk(
            directory=directory,
            library=library,
            dispatch=dispatch,
            opening=Opening(
                library,
                dispatch,
                clock,
                usual_sender=settings.chakra_whatsapp_phone_number_id or "",
            ),
            trials=Trials(dispatch, members, directory, clock),
            typing=Debouncer(clock),
            members=members,
            channels=Channels(slack),
            files=slack.files,
            jobs=jobs,
            plans=BulkPlanner(
                work.uploads, slack.files, chakra, cache, clock, region=settings.default_region
            ),
            work=work,
            health=Health(chakra, slack, cache, clock, database=database.check),
            settings=settings,
            clock=clock,
            version=version("chakra-for-slack"),
        )
        router = Router(
            commands,
            desk,
            access=AccessPolicy(members, settings.senders),
            dispatcher=Dispatcher(
                slack=slack, clock=clock, tasks=tasks, metrics=metrics, timeouts=budgets
            ),
            clock=clock,
        )
        bolt = build_bolt_app(router, slack.web, _authorized(bot, slack))
        web = WebApp(
            slack=_guarded(bolt, settings, clock),
            events=sending.intake,
            health=desk.health,
            metrics=metrics,
        )
        yield Services(web, bolt, slack, desk, metrics, tasks, settings, clock)


def _library(settings: Settings, chakra: Chakra, cache: Cache) -> Library:
    return Library(
        chakra,
        cache,
        waba_id=settings.chakra_waba_id,
        plugin_id=settings.chakra_plugin_id,
        sender_id=settings.chakra_whatsapp_phone_number_id,
    )


def _sending(
    settings: Settings,
    database: Database,
    outbox: Outbox,
    clock: Clock,
    tasks: Tasks,
    metrics: Metrics,
    boot: str,
) -> AbstractAsyncContextManager[Sending]:
    secret = settings.chakra_webhook_secret
    return open_sending(
        database,
        outbox,
        clock,
        tasks,
        hash_secret=settings.chakra_access_token.get_secret_value(),
        webhook_secret=secret.get_secret_value() if secret else None,
        sent=metrics.send,
        event=metrics.event,
        boot=boot,
    )


def _authorized(bot: dict[str, Any], slack: SlackClient) -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=bot.get("enterprise_id"),
        team_id=bot.get("team_id"),
        team=bot.get("team"),
        url=bot.get("url"),
        bot_id=bot.get("bot_id"),
        bot_user_id=bot.get("user_id"),
        bot_token=slack.web.token,
    )


def _guarded(bolt: AsyncApp, settings: Settings, clock: Clock) -> RequestVerifier | None:
    secret = settings.slack_signing_secret
    if secret is None:
        return None
    return RequestVerifier(
        BoltAdapter(bolt),
        signing_secret=secret.get_secret_value(),
        clock=clock,
        on_result=_refusals_noted(clock),
    )


def _refusals_noted(clock: Clock) -> Callable[[str], None]:
    """A wrong signing secret must be seen in the log, and a flood of junk must not fill it: a line
    a minute for each reason."""
    told: TTLCache[str, None] = TTLCache(maxsize=100, ttl=60, timer=clock.monotonic)
    log = structlog.get_logger("guard")

    def note(word: str) -> None:
        if word in (ACCEPTED, DISCONNECTED) or word in told:
            return
        told[word] = None
        log.warning("request_refused", reason=word)

    return note
