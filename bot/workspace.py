"""A running workspace: its tokens, clients, background loops and router."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from bot.aio.tasks import TaskSet, background_tasks
from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.channel_events import ChannelEvents, build_channel_events
from bot.context import Context, build_context
from bot.db.adoption import adopt_rows
from bot.home import HomeDetails
from bot.installation import Installation, Runtime, WorkspaceServices, identify
from bot.jobs.reader import JobReader
from bot.messages.error_copy import EXPLAINER
from bot.messages.lifecycle import SendLifecycle, open_send_lifecycle
from bot.messages.submission import derive_hash_key
from bot.outbox.outbox import open_outbox
from bot.saved_queries.scheduler import Scheduler
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.command import Actor
from bot.slack.commands.dispatcher import Dispatcher
from bot.slack.commands.event_router import EventHooks
from bot.slack.commands.registry import CommandRegistry
from bot.slack.commands.router import Router
from bot.slack.event_claims import open_event_claims
from bot.slack.home_refresh import HomeRefresher
from bot.slack.members import Members
from bot.slack.revocation import Revocation, StopWorkspace
from bot.templates.catalog import TemplateCatalog
from bot.webhooks.events import StatusEvent, TemplateEvent
from bot.webhooks.open import open_webhooks
from bot.webhooks.receiver import WebhookReceiver
from bot.workflows import Workflows, open_workflows
from bot.writes.ledger import WriteLedger, open_write_ledger


class Workspace:
    """Serves requests until it is stopped or the application closes."""

    def __init__(
        self,
        services: WorkspaceServices,
        context: Context,
        router: Router[Context],
        receiver: WebhookReceiver,
        channel_events: ChannelEvents,
        loops: AsyncExitStack,
    ) -> None:
        self.identity = services.identity
        self.slack = services.slack
        self.tasks = services.tasks
        self.context = context
        self.router = router
        self.receiver = receiver
        self.channel_events = channel_events
        self._loops = loops
        self.stop_reason = ""

    @property
    def team_id(self) -> str:
        return self.identity.team_id

    @property
    def is_stopped(self) -> bool:
        return bool(self.stop_reason)

    def mark_stopped(self, reason: str) -> None:
        """Accept no more requests; ``/readyz`` fails with ``reason`` from now on."""
        self.stop_reason = reason
        self.context.health.mark_stopped(reason)
        structlog.get_logger("application").error(
            "workspace_revoked", workspace=self.team_id, reason=reason
        )

    async def aclose(self) -> None:
        """Finish or cancel running work, then end the background loops."""
        await self._loops.aclose()


@asynccontextmanager
async def open_workspace(
    runtime: Runtime,
    installation: Installation,
    registry: CommandRegistry[Context],
    stop: StopWorkspace,
) -> AsyncIterator[Workspace]:
    """Open everything that one workspace needs, and start its background loops.

    ``stop`` is called when Slack has revoked the workspace's token.
    Raises ``SlackError`` if Slack rejects the bot token or cannot be reached, and
    ``DatabaseUnavailable``.
    """
    async with AsyncExitStack() as clients, AsyncExitStack() as loops:
        services = await _open_services(clients, loops, runtime, installation)
        home = HomeRefresher(services.slack.publish_home, runtime.clock)
        channel_events = _build_channel_events(services)
        sends = await _open_sends(loops, services, channel_events, home.note_change)
        receiver = await _open_webhooks(loops, services, sends, channel_events)
        await loops.enter_async_context(background_tasks(channel_events.run()))
        jobs = JobReader(services.chakra, services.cache)
        workflows = await _open_workflows(loops, services, jobs)
        writes = await _open_writes(loops, services)
        loops.push_async_callback(services.tasks.drain, runtime.drain_seconds)
        context = build_context(services, sends, jobs, workflows, writes, channel_events)
        scheduler = _build_scheduler(services, context, channel_events)
        await loops.enter_async_context(background_tasks(scheduler.run()))
        claims = await loops.enter_async_context(open_event_claims(runtime.database, runtime.clock))
        hooks = EventHooks(
            bot_user_id=services.identity.bot_user_id,
            claim=claims.claim,
            on_revoked=Revocation(services.slack, runtime.clock, stop).handle,
            on_joined=channel_events.notifier.retry_channel,
            home_details=HomeDetails(context.health, context.send_service, runtime.clock).render,
            on_home_opened=home.note_opened,
        )
        await loops.enter_async_context(background_tasks(home.run()))
        router = _build_router(services, registry, context, hooks)
        yield Workspace(services, context, router, receiver, channel_events, loops)


async def _open_services(
    clients: AsyncExitStack,
    loops: AsyncExitStack,
    runtime: Runtime,
    installation: Installation,
) -> WorkspaceServices:
    slack = SlackClient(
        token=installation.slack_bot_token.get_secret_value(),
        base_url=runtime.settings.slack_api_url,
        clock=runtime.clock,
    )
    clients.push_async_callback(slack.aclose)
    identity = await identify(slack)
    if not runtime.database.is_new:
        await adopt_rows(runtime.database, identity.team_id)
    chakra = Chakra(
        runtime.settings.chakra_api_url,
        installation.chakra_access_token,
        runtime.clock,
        on_attempt=runtime.metrics.record_upstream,
        whatsapp_api_version=runtime.settings.chakra_whatsapp_api_version,
    )
    clients.push_async_callback(chakra.aclose)
    # The cache belongs to this workspace: no key can collide with another workspace's.
    cache = Cache(runtime.clock, on_lookup=runtime.metrics.record_cache_lookup)
    clients.push_async_callback(cache.aclose)
    outbox = await loops.enter_async_context(
        open_outbox(
            runtime.database,
            slack,
            runtime.clock,
            process_id=runtime.process_id,
            workspace=identity.team_id,
            on_outcome=runtime.metrics.record_notification,
        )
    )
    catalog = TemplateCatalog(
        chakra,
        cache,
        waba_id=installation.chakra_waba_id,
        plugin_id=installation.chakra_plugin_id,
        sender_id=installation.chakra_sender_id,
    )
    members = Members(slack, cache, team_id=identity.team_id)
    tasks = TaskSet(runtime.clock)
    return WorkspaceServices(
        runtime, installation, identity, slack, chakra, cache, outbox, tasks, catalog, members
    )


# --- the features that run by themselves ---------------------------------------------------------


async def _open_sends(
    loops: AsyncExitStack,
    services: WorkspaceServices,
    channel_events: ChannelEvents,
    on_change: Callable[[str], None],
) -> SendLifecycle:
    runtime = services.runtime
    return await loops.enter_async_context(
        open_send_lifecycle(
            runtime.database,
            services.outbox,
            runtime.clock,
            services.tasks,
            hash_secret=services.hash_secret,
            on_outcome=runtime.metrics.record_send,
            on_failure=services.catalog.note_failure,
            on_change=on_change,
            report_reply=channel_events.reply_reports.report,
            process_id=runtime.process_id,
            workspace=services.workspace,
        )
    )


async def _open_webhooks(
    loops: AsyncExitStack,
    services: WorkspaceServices,
    sends: SendLifecycle,
    channel_events: ChannelEvents,
) -> WebhookReceiver:
    runtime, secret = services.runtime, services.installation.chakra_webhook_secret
    handle_templates = services.catalog.handle_events
    return await loops.enter_async_context(
        open_webhooks(
            runtime.database,
            runtime.clock,
            runtime.bodies,
            secret=secret.get_secret_value() if secret else None,
            handlers={StatusEvent: sends.statuses.handle, TemplateEvent: handle_templates},
            recorder=channel_events.recorder,
            on_event=runtime.metrics.record_event,
            workspace=services.workspace,
        )
    )


def _build_channel_events(services: WorkspaceServices) -> ChannelEvents:
    return build_channel_events(
        services.runtime.database,
        services.runtime.clock,
        services.chakra,
        services.cache,
        services.tasks,
        services.outbox,
        services.catalog,
        services.slack,
        can_upload=services.can_upload,
        phones=services.installation.phones,
        hash_secret=services.hash_secret,
        workspace=services.workspace,
    )


async def _open_workflows(
    loops: AsyncExitStack, services: WorkspaceServices, jobs: JobReader
) -> Workflows:
    policy, workspace = services.access, services.workspace
    return await loops.enter_async_context(
        open_workflows(
            services.runtime.engine,
            services.runtime.database,
            services.chakra,
            jobs,
            services.outbox,
            services.runtime.clock,
            services.slack,
            key=derive_hash_key(services.hash_secret),
            can_upload=services.can_upload,
            check_access=lambda member: policy.check(Actor(member, workspace), to_act=True),
            workspace=workspace,
        )
    )


async def _open_writes(loops: AsyncExitStack, services: WorkspaceServices) -> WriteLedger:
    return await loops.enter_async_context(
        open_write_ledger(
            services.runtime.database,
            services.outbox,
            services.runtime.clock,
            services.tasks,
            hash_secret=services.hash_secret,
            process_id=services.runtime.process_id,
            workspace=services.workspace,
        )
    )


def _build_scheduler(
    services: WorkspaceServices, context: Context, channel_events: ChannelEvents
) -> Scheduler:
    return Scheduler(
        services.runtime.database,
        context.saved_queries,
        context.records,
        context.record_queries,
        context.channels,
        channel_events.outbox,
        partial(services.access.check, to_act=True),
        services.runtime.clock,
        workspace=services.workspace,
    )


# --- the router ----------------------------------------------------------------------------------


def _build_router(
    services: WorkspaceServices,
    registry: CommandRegistry[Context],
    context: Context,
    hooks: EventHooks,
) -> Router[Context]:
    runtime = services.runtime
    return Router(
        registry,
        context,
        access=services.access,
        dispatcher=Dispatcher(
            slack=services.slack,
            clock=runtime.clock,
            tasks=services.tasks,
            metrics=runtime.metrics,
            explainer=EXPLAINER,
            timeouts=runtime.timeouts,
        ),
        clock=runtime.clock,
        hooks=hooks,
        channels=context.channels,
    )
