"""What happens on WhatsApp, recorded and shown in channels, for one workspace in one object."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.aio.clock import Clock
from bot.aio.periodic import FIRST_PURGE_SECONDS, run_periodically
from bot.aio.tasks import TaskSet
from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.conversations.open import ConversationServices, build_conversations
from bot.conversations.reminders import Reminders
from bot.conversations.reply_report import ReplyReports
from bot.conversations.typed_texts import TypedTexts
from bot.customers.opt_out_repository import OptOutRepository
from bot.customers.opt_outs import OptOuts
from bot.customers.repository import Customers
from bot.db.engine import Database
from bot.messages.lifecycle import open_send_reader
from bot.messages.submission import derive_hash_key
from bot.notifications.customer_records import record_finder
from bot.notifications.facts import FactsReader
from bot.notifications.notifier import Notifier
from bot.notifications.open import build_notifier
from bot.notifications.service import build_category_finder, build_sender_finder
from bot.notifications.template_card import TemplatePresenter
from bot.outbox.outbox import Outbox
from bot.processes.directory import RecordDirectory
from bot.slack.channels import Channels
from bot.slack.client.web_api import SlackClient
from bot.slack.members import Members
from bot.templates.catalog import TemplateCatalog
from bot.text.phones import PhoneParser
from bot.webhooks.event_log import EventLog
from bot.webhooks.events import MessageEvent, TemplateEvent
from bot.webhooks.recorder import Recorder
from bot.writes.ledger import open_write_reader

PURGE_INTERVAL_SECONDS = 60.0
PURGE_BATCH_SIZE = 5_000


@dataclass(frozen=True, slots=True)
class ChannelEvents:
    """``recorder`` records webhook events in the transaction that processes them."""

    log: EventLog
    customers: Customers
    opt_outs: OptOuts
    conversations: ConversationServices
    typed_texts: TypedTexts
    recorder: Recorder
    notifier: Notifier
    outbox: Outbox
    clock: Clock

    @property
    def reply_reports(self) -> ReplyReports:
        """The reports of answers in their threads."""
        services = self.conversations
        return ReplyReports(services.conversations, services.threads, services.parents.refresh)

    async def run(self) -> None:
        """Deliver events to channels, and do scheduled work, until cancelled."""
        reminders = Reminders(
            self.conversations.conversations,
            self.outbox,
            self.clock,
            self.conversations.parents.refresh,
        )
        await asyncio.gather(
            self.notifier.run(),
            self.conversations.files.run(),
            reminders.run(),
            run_periodically(
                "event_log_purge",
                self._purge,
                PURGE_INTERVAL_SECONDS,
                self.clock,
                first_after=FIRST_PURGE_SECONDS,
            ),
        )

    async def _purge(self) -> None:
        now = self.clock.time()
        await self.log.purge(now, PURGE_BATCH_SIZE)
        await self.customers.purge(now, PURGE_BATCH_SIZE)


def build_channel_events(
    database: Database,
    clock: Clock,
    chakra: Chakra,
    cache: Cache,
    tasks: TaskSet,
    outbox: Outbox,
    catalog: TemplateCatalog,
    slack: SlackClient,
    *,
    can_upload: Callable[[], bool],
    phones: PhoneParser,
    hash_secret: str,
    workspace: str,
) -> ChannelEvents:
    """Return the parts; nothing runs yet. ``hash_secret`` is that of the sends.

    ``can_upload`` returns whether the app may upload files to Slack.
    """
    key = derive_hash_key(hash_secret)
    customers = Customers(database, workspace, key)
    log = EventLog(database, workspace, key, customers.identify)
    sends = open_send_reader(database, workspace, hash_secret)
    records = RecordDirectory(chakra, cache, clock, phones)
    opt_outs = OptOuts(database, OptOutRepository(database, key, workspace), customers, log, clock)

    async def may_show(channel: str) -> bool:
        return await notifier.may_show_words(channel)  # it is built below, on the conversations

    conversations = build_conversations(
        database,
        workspace,
        log=log,
        customers=customers,
        opt_outs=opt_outs,
        sends=sends,
        records=records,
        catalog=catalog,
        media=chakra.media,
        slack=slack,
        outbox=outbox,
        cache=cache,
        tasks=tasks,
        clock=clock,
        can_upload=can_upload,
        may_show=may_show,
    )
    facts = FactsReader(
        sends.sends.find_by_message_ids,
        build_category_finder(catalog),
        record_finder(records),
        build_sender_finder(catalog),
    )
    members = Members(slack, cache, team_id=workspace)
    templates = TemplatePresenter(
        catalog,
        sends.sends.count_by_member,
        open_write_reader(database, workspace),
        members.get_name,
        clock,
    )
    notifier = build_notifier(
        database,
        log,
        facts,
        {MessageEvent: conversations.presenter, TemplateEvent: templates},
        outbox,
        Channels(slack, members),
        clock,
        workspace=workspace,
    )
    handlers = (conversations.windows.handle, opt_outs.handle, conversations.parents.handle)
    recorder = Recorder(log, handlers, notifier.wake)
    typed_texts = TypedTexts(database, key, workspace)
    return ChannelEvents(
        log, customers, opt_outs, conversations, typed_texts, recorder, notifier, outbox, clock
    )
