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
from bot.aio.tasks import TaskSet
from bot.bulk.plan import BulkPlanner
from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.context import Context
from bot.db.engine import Database, open_database
from bot.durable.engine import POLL_SECONDS
from bot.health import HealthChecker
from bot.jobs.reader import JobReader
from bot.messages.error_copy import EXPLAINER
from bot.messages.file_transfer import FileTransfer
from bot.messages.form_loader import SendFormLoader
from bot.messages.lifecycle import SendLifecycle, open_send_lifecycle
from bot.messages.recipients import RecipientResolver
from bot.messages.service import SendService
from bot.messages.test_sends import TestSends
from bot.metrics import Metrics
from bot.outbox.outbox import Outbox, open_outbox
from bot.settings.settings import Settings
from bot.slack.channels import Channels
from bot.slack.client.web_api import SlackClient
from bot.slack.commands import help as helping
from bot.slack.commands.command import Command
from bot.slack.commands.dispatcher import Dispatcher, Timeouts
from bot.slack.commands.event_router import EVENT_LABEL, EventHooks
from bot.slack.commands.router import Router
from bot.slack.debounce import Debouncer
from bot.slack.event_claims import open_event_claims
from bot.slack.http.bolt import build_bolt_app
from bot.slack.http.dispatch import PayloadDispatcher
from bot.slack.http.endpoint import ACCEPTED, DISCONNECTED, SlackEndpoint
from bot.slack.http.socket_mode import socket_mode
from bot.slack.http.verification import RequestVerifier
from bot.slack.members import Members
from bot.slack.revocation import Revocation
from bot.templates.catalog import TemplateCatalog
from bot.users.directory import Directory
from bot.web.routes import WebApp
from bot.webhooks.events import StatusEvent
from bot.webhooks.open import open_webhooks
from bot.webhooks.receiver import WebhookReceiver
from bot.workflows import open_workflows
from bot.writes.ledger import open_write_ledger

EXTRA_COMMAND_LABELS = (helping.NAME, "unknown", "answer", EVENT_LABEL)
"""What the router counts beside the commands: help, words that are none, answers Slack refused."""

DRAIN_SECONDS = 5.0
"""Seconds that a stop waits for what is in hand."""


@dataclass(frozen=True, slots=True)
class Application:
    web: WebApp
    bolt: AsyncApp
    slack: SlackClient
    context: Context
    metrics: Metrics
    tasks: TaskSet
    settings: Settings
    clock: Clock
    database: Database

    @asynccontextmanager
    async def accepting_requests(self) -> AsyncIterator[None]:
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
async def open_application(
    settings: Settings,
    commands: Sequence[Command[Context]],
    clock: Clock,
    timeouts: Timeouts | None = None,
    *,
    drain_seconds: float = DRAIN_SECONDS,
    workflow_poll_seconds: float = POLL_SECONDS,
) -> AsyncIterator[Application]:
    """Raises ``SlackError`` when Slack refuses the bot token or cannot be reached, and
    ``DatabaseLocked`` or ``DatabaseUnavailable`` when the database cannot be worked with."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            open_database(settings.database_url.get_secret_value())
        )
        metrics = Metrics([*(command.name for command in commands), *EXTRA_COMMAND_LABELS])
        tasks = TaskSet(clock)
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
            on_attempt=metrics.record_upstream,
            whatsapp_api_version=settings.chakra_whatsapp_api_version,
        )
        stack.push_async_callback(chakra.aclose)
        cache = Cache(clock, on_lookup=metrics.record_cache_lookup)
        metrics.track_cache(cache.stats)
        stack.push_async_callback(cache.aclose)
        process_id = secrets.token_hex(8)
        outbox = await stack.enter_async_context(
            open_outbox(
                database,
                slack,
                clock,
                process_id=process_id,
                on_outcome=metrics.record_notification,
            )
        )
        sending = await stack.enter_async_context(
            _open_sending(settings, database, outbox, clock, tasks, metrics, process_id)
        )
        webhooks = await stack.enter_async_context(
            _open_webhooks(settings, database, clock, metrics, sending)
        )
        writes = await stack.enter_async_context(
            open_write_ledger(
                database,
                outbox,
                clock,
                tasks,
                hash_secret=settings.chakra_access_token.get_secret_value(),
                process_id=process_id,
            )
        )
        jobs = JobReader(chakra, cache)
        work = await stack.enter_async_context(
            open_workflows(
                settings.database_url.get_secret_value(),
                database,
                chakra,
                jobs,
                outbox,
                clock,
                poll_seconds=workflow_poll_seconds,
            )
        )
        metrics.track_active_watches(lambda: work.watcher.active_count)
        stack.push_async_callback(tasks.drain, drain_seconds)

        directory = Directory(chakra, cache, clock, region=settings.default_region)
        library = _build_template_catalog(settings, chakra, cache)
        members = Members(slack, cache, team_id=str(bot.get("team_id", "")))
        dispatch = SendService(
            chakra.messages,
            RecipientResolver(directory, chakra.processes, settings.default_region),
            library,
            sending,
            FileTransfer(
                slack.files, chakra.media, clock, plugin_id=settings.chakra_plugin_id or ""
            ),
            plugin_id=settings.chakra_plugin_id or "",
            workspace_url=str(bot.get("url") or ""),
        )
        context = Context(
            directory=directory,
            templates=library,
            send_service=dispatch,
            send_forms=SendFormLoader(
                library,
                dispatch,
                clock,
                default_sender_id=settings.chakra_whatsapp_phone_number_id or "",
            ),
            test_sends=TestSends(dispatch, directory, clock),
            debouncer=Debouncer(clock),
            members=members,
            channels=Channels(slack),
            files=slack.files,
            jobs=jobs,
            bulk_planner=BulkPlanner(
                work.uploads, slack.files, chakra, cache, clock, region=settings.default_region
            ),
            workflows=work,
            writes=writes,
            health=HealthChecker(chakra, slack, cache, clock, check_database=database.check),
            settings=settings,
            clock=clock,
            version=version("chakra-for-slack"),
        )
        claims = await stack.enter_async_context(open_event_claims(database, clock))
        router = Router(
            commands,
            context,
            access=AccessPolicy(members, settings.senders),
            dispatcher=Dispatcher(
                slack=slack,
                clock=clock,
                tasks=tasks,
                metrics=metrics,
                explainer=EXPLAINER,
                timeouts=timeouts,
            ),
            clock=clock,
            hooks=EventHooks(
                bot_user_id=str(bot.get("user_id", "")),
                claim=claims.claim,
                on_revoked=Revocation(slack, clock, _log_revocation).handle,
            ),
        )
        dispatcher = PayloadDispatcher(router)
        bolt = build_bolt_app(dispatcher.dispatch, slack.web, _authorize_result(bot, slack))
        web = WebApp(
            slack=_build_endpoint(dispatcher, settings, clock),
            events=webhooks,
            health=context.health,
            metrics=metrics,
        )
        yield Application(web, bolt, slack, context, metrics, tasks, settings, clock, database)


def _build_template_catalog(settings: Settings, chakra: Chakra, cache: Cache) -> TemplateCatalog:
    return TemplateCatalog(
        chakra,
        cache,
        waba_id=settings.chakra_waba_id,
        plugin_id=settings.chakra_plugin_id,
        sender_id=settings.chakra_whatsapp_phone_number_id,
    )


def _open_sending(
    settings: Settings,
    database: Database,
    outbox: Outbox,
    clock: Clock,
    tasks: TaskSet,
    metrics: Metrics,
    process_id: str,
) -> AbstractAsyncContextManager[SendLifecycle]:
    return open_send_lifecycle(
        database,
        outbox,
        clock,
        tasks,
        hash_secret=settings.chakra_access_token.get_secret_value(),
        on_outcome=metrics.record_send,
        process_id=process_id,
    )


def _open_webhooks(
    settings: Settings,
    database: Database,
    clock: Clock,
    metrics: Metrics,
    sending: SendLifecycle,
) -> AbstractAsyncContextManager[WebhookReceiver]:
    secret = settings.chakra_webhook_secret
    return open_webhooks(
        database,
        clock,
        secret=secret.get_secret_value() if secret else None,
        handlers={StatusEvent: sending.statuses.handle},
        on_event=metrics.record_event,
    )


def _authorize_result(identity: dict[str, Any], slack: SlackClient) -> AuthorizeResult:
    return AuthorizeResult(
        enterprise_id=identity.get("enterprise_id"),
        team_id=identity.get("team_id"),
        team=identity.get("team"),
        url=identity.get("url"),
        bot_id=identity.get("bot_id"),
        bot_user_id=identity.get("user_id"),
        bot_token=slack.web.token,
    )


def _build_endpoint(
    dispatcher: PayloadDispatcher, settings: Settings, clock: Clock
) -> SlackEndpoint | None:
    secret = settings.slack_signing_secret
    if secret is None:
        return None
    return SlackEndpoint(
        dispatcher.dispatch,
        RequestVerifier(secret.get_secret_value(), clock),
        clock,
        on_result=_log_rejections(clock),
    )


async def _log_revocation(team_id: str, reason: str) -> None:
    """Log it for the operator. Slack refuses every call from now on, and /readyz fails."""
    structlog.get_logger("application").error("workspace_revoked", workspace=team_id, reason=reason)


def _log_rejections(clock: Clock) -> Callable[[str], None]:
    """A wrong signing secret must be seen in the log, and a flood of junk must not fill it: a line
    a minute for each reason."""
    recently_logged: TTLCache[str, None] = TTLCache(maxsize=100, ttl=60, timer=clock.monotonic)
    log = structlog.get_logger("guard")

    def on_result(word: str) -> None:
        if word in (ACCEPTED, DISCONNECTED) or word in recently_logged:
            return
        recently_logged[word] = None
        log.warning("request_rejected", reason=word)

    return on_result
