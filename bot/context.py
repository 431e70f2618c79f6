"""What the commands work with: the features of one workspace, built on its services."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from bot.aio.clock import Clock
from bot.bulk.list_change import ListChanger
from bot.bulk.plan import BulkPlanner
from bot.channel_events import ChannelEvents
from bot.conversations.chat_browser import ChatBrowser
from bot.conversations.history import HistoryReader
from bot.conversations.service import ConversationService, Senders
from bot.customers.opt_outs import OptOuts
from bot.health import HealthChecker
from bot.installation import WorkspaceServices
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
from bot.notifications.service import Notifications, open_notifications
from bot.processes.directory import RecordDirectory
from bot.processes.link_previews import LinkPreviews
from bot.processes.search import RecordSearch
from bot.record_queries import RecordQueries
from bot.saved_queries.service import SavedQueries, open_saved_queries
from bot.settings.settings import Settings
from bot.slack.channels import Channels
from bot.slack.client.files import SlackFiles
from bot.slack.debounce import Debouncer
from bot.slack.members import Members
from bot.templates.catalog import TemplateCatalog
from bot.users.directory import Directory
from bot.workflows import Workflows
from bot.writes.ledger import WriteLedger


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler may use: a feature is a field here, and a line in ``build_context``."""

    directory: Directory
    records: RecordSearch
    record_queries: RecordQueries
    link_previews: LinkPreviews
    saved_queries: SavedQueries
    templates: TemplateCatalog
    send_service: SendService
    send_forms: SendFormLoader
    test_sends: TestSends
    conversations: ConversationService
    chats: ChatBrowser
    debouncer: Debouncer
    members: Members
    channels: Channels
    files: SlackFiles
    photos: Photos
    numbers: SenderNumbers
    whatsapp_files: WhatsAppFiles
    jobs: JobReader
    bulk_planner: BulkPlanner
    list_changes: ListChanger
    workflows: Workflows
    writes: WriteLedger
    notifications: Notifications
    opt_outs: OptOuts
    health: HealthChecker
    settings: Settings
    clock: Clock

    @property
    def version(self) -> str:
        """The installed package's, read if it is shown: its metadata contains the whole README."""
        return version("chakra-for-slack")


def build_context(
    services: WorkspaceServices,
    sends: SendLifecycle,
    jobs: JobReader,
    workflows: Workflows,
    writes: WriteLedger,
    channel_events: ChannelEvents,
) -> Context:
    """Return what the handlers of one workspace may use."""
    chakra, cache, clock = services.chakra, services.cache, services.runtime.clock
    phones = services.installation.phones
    users = Directory(chakra, cache, clock, phones)
    directory = RecordDirectory(chakra, cache, clock, phones)
    records = RecordSearch(chakra, cache, directory, users=users)
    files = FileTransfer(
        services.slack.files, chakra.media, clock, plugin_id=_get_plugin_id(services)
    )
    send_service = _build_send_service(
        services, RecipientResolver(users, directory, phones), sends, files, channel_events
    )
    conversations = _build_conversations(services, channel_events, sends, files)
    return Context(
        directory=users,
        records=records,
        record_queries=RecordQueries(records, users, services.members),
        link_previews=_build_link_previews(services, records),
        saved_queries=_build_saved_queries(services, channel_events),
        templates=services.catalog,
        send_service=send_service,
        send_forms=_build_send_forms(services, send_service, users),
        conversations=conversations,
        chats=ChatBrowser(conversations, send_service.recipients, chakra.chats),
        test_sends=TestSends(send_service, users, clock),
        debouncer=Debouncer(clock),
        members=services.members,
        channels=Channels(services.slack, services.members),
        files=services.slack.files,
        numbers=_build_sender_numbers(services, sends),
        photos=Photos(chakra, services.slack.files, clock),
        whatsapp_files=WhatsAppFiles(chakra.media, services.slack.files),
        jobs=jobs,
        bulk_planner=_build_bulk_planner(services, workflows),
        list_changes=ListChanger(workflows.uploads, records, clock),
        workflows=workflows,
        writes=writes,
        opt_outs=channel_events.opt_outs,
        notifications=_build_notifications(services, channel_events, sends, directory),
        health=_build_health_checker(services),
        settings=services.runtime.settings,
        clock=clock,
    )


def _get_plugin_id(services: WorkspaceServices) -> str:
    return services.installation.chakra_plugin_id or ""


def _build_link_previews(services: WorkspaceServices, records: RecordSearch) -> LinkPreviews:
    return LinkPreviews(
        records,
        services.runtime.clock,
        app_url=services.runtime.settings.chakra_app_url,
        may_unfurl=lambda: services.identity.scopes.has("links:write"),
    )


def _build_saved_queries(
    services: WorkspaceServices, channel_events: ChannelEvents
) -> SavedQueries:
    return open_saved_queries(
        services.runtime.database,
        services.runtime.clock,
        channel_events.outbox,
        derive_hash_key(services.hash_secret),
        services.workspace,
    )


def _build_send_service(
    services: WorkspaceServices,
    recipients: RecipientResolver,
    sends: SendLifecycle,
    files: FileTransfer,
    channel_events: ChannelEvents,
) -> SendService:
    return SendService(
        services.chakra.messages,
        recipients,
        services.catalog,
        sends,
        files,
        channel_events.opt_outs,
        services.runtime.clock,
        plugin_id=_get_plugin_id(services),
        workspace_url=services.identity.url,
    )


def _build_send_forms(
    services: WorkspaceServices, send_service: SendService, users: Directory
) -> SendFormLoader:
    return SendFormLoader(
        services.catalog,
        send_service,
        services.runtime.clock,
        default_sender_id=services.installation.chakra_sender_id or "",
        takes_files=services.can_download,
        users=users,
    )


def _build_conversations(
    services: WorkspaceServices,
    channel_events: ChannelEvents,
    sends: SendLifecycle,
    files: FileTransfer,
) -> ConversationService:
    chakra, catalog, threads = services.chakra, services.catalog, channel_events.conversations
    replies = TextReplies(chakra.messages, sends, files, plugin_id=_get_plugin_id(services))
    return ConversationService(
        threads.conversations,
        threads.windows,
        channel_events.customers,
        replies,
        channel_events.outbox,
        Senders(catalog.get_cached_senders, catalog.get_default_sender_id),
        HistoryReader(chakra.chats, channel_events.log.list_of_customer),
        services.runtime.clock,
        threads.parents,
        threads.reader,
        channel_events.opt_outs,
        channel_events.typed_texts,
        services.slack.files,
        takes_files=services.can_download,
    )


def _build_sender_numbers(services: WorkspaceServices, sends: SendLifecycle) -> SenderNumbers:
    return SenderNumbers(
        services.catalog,
        services.chakra.numbers,
        services.cache,
        sends.sends,
        services.runtime.clock,
        plugin_id=_get_plugin_id(services),
    )


def _build_bulk_planner(services: WorkspaceServices, workflows: Workflows) -> BulkPlanner:
    return BulkPlanner(
        workflows.uploads,
        services.slack.files,
        services.chakra,
        services.cache,
        services.runtime.clock,
        services.runtime.sheet_workers,
        services.installation.phones,
    )


def _build_notifications(
    services: WorkspaceServices,
    channel_events: ChannelEvents,
    sends: SendLifecycle,
    directory: RecordDirectory,
) -> Notifications:
    return open_notifications(
        services.runtime.database,
        services.catalog,
        channel_events.outbox,
        services.runtime.clock,
        sends.sends.find_by_message_ids,
        channel_events.log.list_recent,
        record_finder(directory),
        channel_events.log,
        channel_events.notifier.retry_channel,
        services.members.list_groups,
        services.workspace,
    )


def _build_health_checker(services: WorkspaceServices) -> HealthChecker:
    return HealthChecker(
        services.chakra,
        services.slack,
        services.cache,
        services.runtime.clock,
        check_database=services.runtime.database.check,
        scopes=services.identity.scopes,
    )
