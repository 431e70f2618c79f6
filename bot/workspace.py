"""One workspace at work: its tokens, its clients, its background loops, and its router."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from bot.access.policy import AccessPolicy
from bot.aio.tasks import TaskSet, background_tasks
from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.channel_events import ChannelEvents, build_channel_events
from bot.context import Context
from bot.db.adoption import adopt_rows
from bot.features import Features
from bot.home import HomeDetails
from bot.installation import Identity, Installation, Runtime, identify
from bot.jobs.reader import JobReader
from bot.messages.error_copy import EXPLAINER
from bot.messages.lifecycle import SendLifecycle, open_send_lifecycle
from bot.messages.submission import derive_hash_key
from bot.outbox.outbox import Outbox, open_outbox
from bot.saved_queries.scheduler import Scheduler
from bot.slack.client.web_api import SlackClient
from bot.slack.commands.command import Actor, Command
from bot.slack.commands.dispatcher import Dispatcher
from bot.slack.commands.event_router import EventHooks
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
        identity: Identity,
        slack: SlackClient,
        context: Context,
        router: Router[Context],
        receiver: WebhookReceiver,
        tasks: TaskSet,
        channel_events: ChannelEvents,
        loops: AsyncExitStack,
    ) -> None:
        self.identity = identity
        self.slack = slack
        self.context = context
        self.router = router
        self.receiver = receiver
        self.tasks = tasks
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
    commands: Sequence[Command[Context]],
    stop: StopWorkspace,
) -> AsyncIterator[Workspace]:
    """Open everything that one workspace needs, and start its background loops.

    ``stop`` is called when Slack has revoked the workspace's token.
    Raises ``SlackError`` if Slack rejects the bot token or cannot be reached, and
    ``DatabaseUnavailable``.
    """
    async with AsyncExitStack() as clients, AsyncExitStack() as loops:
        slack = await _open_slack(clients, runtime, installation)
        identity = await identify(slack)
        if not runtime.database.is_new:
            await adopt_rows(runtime.database, identity.team_id)
        chakra = await _open_chakra(clients, runtime, installation)
        cache = await _open_cache(clients, runtime)
        tasks = TaskSet(runtime.clock)
        outbox = await _open_outbox(loops, runtime, slack, identity)
        catalog = _build_catalog(installation, chakra, cache)
        home = HomeRefresher(slack.publish_home, runtime.clock)
        channel_events = _build_channel_events(
            runtime, installation, identity, slack, chakra, cache, tasks, outbox, catalog
        )
        sends = await _open_sends(
            loops,
            runtime,
            installation,
            identity,
            outbox,
            tasks,
            catalog,
            channel_events,
            home.note_change,
        )
        receiver = await _open_webhooks(
            loops, runtime, installation, identity, sends, catalog, channel_events
        )
        await loops.enter_async_context(background_tasks(channel_events.run()))
        jobs = JobReader(chakra, cache)
        members = Members(slack, cache, team_id=identity.team_id)
        workflows = await _open_workflows(
            loops, runtime, installation, identity, chakra, jobs, outbox, slack, members
        )
        writes = await _open_writes(loops, runtime, installation, identity, outbox, tasks)
        loops.push_async_callback(tasks.drain, runtime.drain_seconds)
        features = Features(runtime, installation, identity, slack, chakra, cache, catalog)
        context = features.context(members, sends, jobs, workflows, writes, channel_events)
        await loops.enter_async_context(
            background_tasks(_build_scheduler(runtime, installation, context, channel_events).run())
        )
        claims = await loops.enter_async_context(open_event_claims(runtime.database, runtime.clock))
        hooks = EventHooks(
            bot_user_id=identity.bot_user_id,
            claim=claims.claim,
            on_revoked=Revocation(slack, runtime.clock, stop).handle,
            on_joined=channel_events.notifier.retry_channel,
            home_details=HomeDetails(context.health, context.send_service, runtime.clock).render,
            on_home_opened=home.note_opened,
        )
        await loops.enter_async_context(background_tasks(home.run()))
        router = _build_router(runtime, installation, commands, context, slack, tasks, hooks)
        yield Workspace(identity, slack, context, router, receiver, tasks, channel_events, loops)


# --- clients and loops ----------------------------------------------------------------------------


async def _open_slack(
    clients: AsyncExitStack, runtime: Runtime, installation: Installation
) -> SlackClient:
    slack = SlackClient(
        token=installation.slack_bot_token.get_secret_value(),
        base_url=runtime.settings.slack_api_url,
        clock=runtime.clock,
    )
    clients.push_async_callback(slack.aclose)
    return slack


async def _open_chakra(
    clients: AsyncExitStack, runtime: Runtime, installation: Installation
) -> Chakra:
    chakra = Chakra(
        runtime.settings.chakra_api_url,
        installation.chakra_access_token,
        runtime.clock,
        on_attempt=runtime.metrics.record_upstream,
        whatsapp_api_version=runtime.settings.chakra_whatsapp_api_version,
    )
    clients.push_async_callback(chakra.aclose)
    return chakra


async def _open_cache(clients: AsyncExitStack, runtime: Runtime) -> Cache:
    """Return a cache of this workspace's own: no key can meet another workspace's."""
    cache = Cache(runtime.clock, on_lookup=runtime.metrics.record_cache_lookup)
    clients.push_async_callback(cache.aclose)
    return cache


async def _open_outbox(
    loops: AsyncExitStack, runtime: Runtime, slack: SlackClient, identity: Identity
) -> Outbox:
    return await loops.enter_async_context(
        open_outbox(
            runtime.database,
            slack,
            runtime.clock,
            process_id=runtime.process_id,
            workspace=identity.team_id,
            on_outcome=runtime.metrics.record_notification,
        )
    )


async def _open_sends(
    loops: AsyncExitStack,
    runtime: Runtime,
    installation: Installation,
    identity: Identity,
    outbox: Outbox,
    tasks: TaskSet,
    catalog: TemplateCatalog,
    channel_events: ChannelEvents,
    on_change: Callable[[str], None],
) -> SendLifecycle:
    return await loops.enter_async_context(
        open_send_lifecycle(
            runtime.database,
            outbox,
            runtime.clock,
            tasks,
            hash_secret=installation.chakra_access_token.get_secret_value(),
            on_outcome=runtime.metrics.record_send,
            on_failure=catalog.note_failure,
            on_change=on_change,
            report_reply=channel_events.reply_reports.report,
            process_id=runtime.process_id,
            workspace=identity.team_id,
        )
    )


async def _open_webhooks(
    loops: AsyncExitStack,
    runtime: Runtime,
    installation: Installation,
    identity: Identity,
    sends: SendLifecycle,
    catalog: TemplateCatalog,
    channel_events: ChannelEvents,
) -> WebhookReceiver:
    secret = installation.chakra_webhook_secret
    return await loops.enter_async_context(
        open_webhooks(
            runtime.database,
            runtime.clock,
            runtime.bodies,
            secret=secret.get_secret_value() if secret else None,
            handlers={StatusEvent: sends.statuses.handle, TemplateEvent: catalog.handle_events},
            recorder=channel_events.recorder,
            on_event=runtime.metrics.record_event,
            workspace=identity.team_id,
        )
    )


def _build_channel_events(
    runtime: Runtime,
    installation: Installation,
    identity: Identity,
    slack: SlackClient,
    chakra: Chakra,
    cache: Cache,
    tasks: TaskSet,
    outbox: Outbox,
    catalog: TemplateCatalog,
) -> ChannelEvents:
    return build_channel_events(
        runtime.database,
        runtime.clock,
        chakra,
        cache,
        tasks,
        outbox,
        catalog,
        slack,
        can_upload=lambda: identity.scopes.has("files:write"),
        region=installation.default_region,
        hash_secret=installation.chakra_access_token.get_secret_value(),
        workspace=identity.team_id,
    )


async def _open_workflows(
    loops: AsyncExitStack,
    runtime: Runtime,
    installation: Installation,
    identity: Identity,
    chakra: Chakra,
    jobs: JobReader,
    outbox: Outbox,
    slack: SlackClient,
    members: Members,
) -> Workflows:
    policy = AccessPolicy(members, installation.senders)
    return await loops.enter_async_context(
        open_workflows(
            runtime.engine,
            runtime.database,
            chakra,
            jobs,
            outbox,
            runtime.clock,
            slack,
            key=derive_hash_key(installation.chakra_access_token.get_secret_value()),
            can_upload=lambda: identity.scopes.has("files:write"),
            check_access=lambda member: policy.check(Actor(member, identity.team_id), to_act=True),
            workspace=identity.team_id,
        )
    )


async def _open_writes(
    loops: AsyncExitStack,
    runtime: Runtime,
    installation: Installation,
    identity: Identity,
    outbox: Outbox,
    tasks: TaskSet,
) -> WriteLedger:
    return await loops.enter_async_context(
        open_write_ledger(
            runtime.database,
            outbox,
            runtime.clock,
            tasks,
            hash_secret=installation.chakra_access_token.get_secret_value(),
            process_id=runtime.process_id,
            workspace=identity.team_id,
        )
    )


def _build_scheduler(
    runtime: Runtime, installation: Installation, context: Context, channel_events: ChannelEvents
) -> Scheduler:
    policy = AccessPolicy(context.members, installation.senders)
    return Scheduler(
        runtime.database,
        context.saved_queries,
        context.records,
        context.record_queries,
        context.channels,
        channel_events.outbox,
        partial(policy.check, to_act=True),
        runtime.clock,
        workspace=context.saved_queries.workspace,
    )


def _build_catalog(installation: Installation, chakra: Chakra, cache: Cache) -> TemplateCatalog:
    return TemplateCatalog(
        chakra,
        cache,
        waba_id=installation.chakra_waba_id,
        plugin_id=installation.chakra_plugin_id,
        sender_id=installation.chakra_sender_id,
    )


# --- the router ----------------------------------------------------------------------------------


def _build_router(
    runtime: Runtime,
    installation: Installation,
    commands: Sequence[Command[Context]],
    context: Context,
    slack: SlackClient,
    tasks: TaskSet,
    hooks: EventHooks,
) -> Router[Context]:
    return Router(
        commands,
        context,
        access=AccessPolicy(context.members, installation.senders),
        dispatcher=Dispatcher(
            slack=slack,
            clock=runtime.clock,
            tasks=tasks,
            metrics=runtime.metrics,
            explainer=EXPLAINER,
            timeouts=runtime.timeouts,
        ),
        clock=runtime.clock,
        hooks=hooks,
        channels=context.channels,
    )
