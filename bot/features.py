"""What handlers use: the features of one workspace, built on its clients."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from bot.bulk.list_change import ListChanger
from bot.bulk.plan import BulkPlanner
from bot.cache import Cache
from bot.chakra.client import Chakra
from bot.channel_events import ChannelEvents
from bot.context import Context
from bot.conversations.chat_browser import ChatBrowser
from bot.conversations.history import HistoryReader
from bot.conversations.service import ConversationService, Senders
from bot.customers.opt_outs import OptOuts
from bot.health import HealthChecker
from bot.installation import Identity, Installation, Runtime
from bot.jobs.reader import JobReader
from bot.media.photos import Photos
from bot.media.whatsapp_files import WhatsAppFiles
from bot.messages.file_transfer import FileTransfer
from bot.messages.form_loader import SendFormLoader
from bot.messages.lifecycle import SendLifecycle
from bot.messages.recipients import RecipientResolver
from bot.messages.replies import TextReplies
from bot.messages.sender_numbers import SenderNumbers
from bot.messages.service import SendService
from bot.messages.submission import derive_hash_key
from bot.messages.test_sends import TestSends
from bot.notifications.customer_records import record_finder
from bot.notifications.service import open_notifications
from bot.processes.directory import RecordDirectory
from bot.processes.link_previews import LinkPreviews
from bot.processes.search import RecordSearch
from bot.record_queries import RecordQueries
from bot.saved_queries.service import open_saved_queries
from bot.slack.channels import Channels
from bot.slack.client.web_api import SlackClient
from bot.slack.debounce import Debouncer
from bot.slack.members import Members
from bot.templates.catalog import TemplateCatalog
from bot.users.directory import Directory
from bot.workflows import Workflows
from bot.writes.ledger import WriteLedger


@dataclass(frozen=True, slots=True)
class Features:
    """Builds the features of one workspace on its clients."""

    runtime: Runtime
    installation: Installation
    identity: Identity
    slack: SlackClient
    chakra: Chakra
    cache: Cache
    templates: TemplateCatalog

    def context(
        self,
        members: Members,
        sends: SendLifecycle,
        jobs: JobReader,
        workflows: Workflows,
        writes: WriteLedger,
        channel_events: ChannelEvents,
    ) -> Context:
        clock = self.runtime.clock
        directory = Directory(
            self.chakra, self.cache, clock, region=self.installation.default_region
        )
        region = self.installation.default_region
        record_directory = RecordDirectory(self.chakra, self.cache, clock, region=region)
        files = FileTransfer(self.slack.files, self.chakra.media, clock, plugin_id=self._plugin_id)
        service = self._send_service(
            directory, record_directory, sends, files, channel_events.opt_outs
        )
        records = RecordSearch(
            self.chakra,
            self.cache,
            record_directory,
            region=region,
            users=directory,
        )
        conversations = self._conversations(channel_events, sends, files)
        return Context(
            directory=directory,
            records=records,
            record_queries=RecordQueries(records, directory, members),
            link_previews=LinkPreviews(
                records,
                clock,
                app_url=self.runtime.settings.chakra_app_url,
                may_unfurl=lambda: self.identity.scopes.has("links:write"),
            ),
            saved_queries=open_saved_queries(
                self.runtime.database,
                clock,
                channel_events.outbox,
                derive_hash_key(self.installation.chakra_access_token.get_secret_value()),
                self.identity.team_id,
            ),
            templates=self.templates,
            send_service=service,
            send_forms=SendFormLoader(
                self.templates,
                service,
                clock,
                default_sender_id=self.installation.chakra_sender_id or "",
                takes_files=lambda: self.identity.scopes.has("files:read"),
                users=directory,
            ),
            conversations=conversations,
            chats=ChatBrowser(conversations, service.recipients, self.chakra.chats),
            test_sends=TestSends(service, directory, clock),
            debouncer=Debouncer(clock),
            members=members,
            channels=Channels(self.slack),
            files=self.slack.files,
            numbers=SenderNumbers(
                self.templates,
                self.chakra.numbers,
                self.cache,
                sends.sends,
                clock,
                plugin_id=self.installation.chakra_plugin_id or "",
            ),
            photos=Photos(self.chakra, self.slack.files, clock),
            whatsapp_files=WhatsAppFiles(self.chakra.media, self.slack.files),
            jobs=jobs,
            bulk_planner=BulkPlanner(
                workflows.uploads,
                self.slack.files,
                self.chakra,
                self.cache,
                clock,
                self.runtime.sheet_workers,
                region=self.installation.default_region,
            ),
            list_changes=ListChanger(workflows.uploads, records, clock),
            workflows=workflows,
            writes=writes,
            opt_outs=channel_events.opt_outs,
            notifications=open_notifications(
                self.runtime.database,
                self.templates,
                channel_events.outbox,
                clock,
                sends.sends.find_by_message_ids,
                channel_events.log.list_recent,
                record_finder(record_directory),
                channel_events.log,
                channel_events.notifier.retry_channel,
                members.list_groups,
                self.identity.team_id,
            ),
            health=HealthChecker(
                self.chakra,
                self.slack,
                self.cache,
                clock,
                check_database=self.runtime.database.check,
                scopes=self.identity.scopes,
            ),
            settings=self.runtime.settings,
            clock=clock,
            version=version("chakra-for-slack"),
        )

    def _conversations(
        self, channel_events: ChannelEvents, sends: SendLifecycle, files: FileTransfer
    ) -> ConversationService:
        services = channel_events.conversations
        replies = TextReplies(self.chakra.messages, sends, files, plugin_id=self._plugin_id)
        return ConversationService(
            services.conversations,
            services.windows,
            channel_events.customers,
            replies,
            channel_events.outbox,
            Senders(self.templates.get_cached_senders, self.templates.get_default_sender_id),
            HistoryReader(self.chakra.chats, channel_events.log.list_of_customer),
            self.runtime.clock,
            services.parents,
            services.reader,
            channel_events.opt_outs,
            channel_events.typed_texts,
            self.slack.files,
            takes_files=lambda: self.identity.scopes.has("files:read"),
        )

    @property
    def _plugin_id(self) -> str:
        return self.installation.chakra_plugin_id or ""

    def _send_service(
        self,
        directory: Directory,
        records: RecordDirectory,
        sends: SendLifecycle,
        files: FileTransfer,
        opt_outs: OptOuts,
    ) -> SendService:
        region = self.installation.default_region
        return SendService(
            self.chakra.messages,
            RecipientResolver(directory, records, region),
            self.templates,
            sends,
            files,
            opt_outs,
            plugin_id=self._plugin_id,
            workspace_url=self.identity.url,
        )
