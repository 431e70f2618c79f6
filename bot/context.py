"""What the commands work with: the objects of the process that a handler may use."""

from __future__ import annotations

from dataclasses import dataclass

from bot.aio.clock import Clock
from bot.bulk.list_change import ListChanger
from bot.bulk.plan import BulkPlanner
from bot.conversations.chat_browser import ChatBrowser
from bot.conversations.service import ConversationService
from bot.customers.opt_outs import OptOuts
from bot.health import HealthChecker
from bot.jobs.reader import JobReader
from bot.media.photos import Photos
from bot.media.whatsapp_files import WhatsAppFiles
from bot.messages.form_loader import SendFormLoader
from bot.messages.sender_numbers import SenderNumbers
from bot.messages.service import SendService
from bot.messages.test_sends import TestSends
from bot.notifications.service import Notifications
from bot.processes.link_previews import LinkPreviews
from bot.processes.search import RecordSearch
from bot.record_queries import RecordQueries
from bot.saved_queries.service import SavedQueries
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
    version: str
