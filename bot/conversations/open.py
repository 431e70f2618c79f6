"""The conversations of a workspace: their threads, windows and readers, built on its clients."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.aio.clock import Clock
from bot.aio.tasks import TaskSet
from bot.cache import Cache
from bot.chakra.media import MediaApi
from bot.conversations.attached_files import AttachedFiles
from bot.conversations.customer_files import CustomerFiles
from bot.conversations.file_attacher import FileAttacher
from bot.conversations.leads import Leads
from bot.conversations.our_numbers import OurNumbers
from bot.conversations.parents import ParentUpdater
from bot.conversations.presenter import ConversationPresenter
from bot.conversations.reader import MessageReader
from bot.conversations.repository import Conversations
from bot.conversations.sent_messages import SentMessages
from bot.conversations.thread import CustomerReader, EventReader, OptOutReader, Threads
from bot.conversations.windows import Windows
from bot.db.engine import Database
from bot.messages.lifecycle import SendReader
from bot.outbox.outbox import Outbox
from bot.processes.directory import RecordDirectory
from bot.slack.client.web_api import SlackClient
from bot.templates.catalog import TemplateCatalog


@dataclass(frozen=True, slots=True)
class ConversationServices:
    """``windows.handle`` and ``parents.handle`` are handlers of recorded events.

    ``presenter`` presents messages.

    ``files.run`` is to run in the background.
    """

    conversations: Conversations
    windows: Windows
    threads: Threads
    presenter: ConversationPresenter
    files: FileAttacher
    reader: MessageReader
    parents: ParentUpdater


def build_conversations(
    database: Database,
    workspace: str,
    *,
    log: EventReader,
    customers: CustomerReader,
    opt_outs: OptOutReader,
    sends: SendReader,
    records: RecordDirectory,
    catalog: TemplateCatalog,
    media: MediaApi,
    slack: SlackClient,
    outbox: Outbox,
    cache: Cache,
    tasks: TaskSet,
    clock: Clock,
    can_upload: Callable[[], bool],
    may_show: Callable[[str], Awaitable[bool]],
) -> ConversationServices:
    """Return the services; nothing runs in the background yet.

    ``can_upload`` returns whether the app may upload files to Slack, ``may_show`` whether a channel
    may be shown what customers send.
    """
    conversations, windows = Conversations(database, workspace), Windows(database, workspace)
    threads = Threads(
        log=log,
        customers=customers,
        windows=windows,
        sent=SentMessages(sends),
        opt_outs=opt_outs,
        leads=Leads(records, cache, tasks),
        number_name=OurNumbers(catalog, tasks, clock).find_name,
    )
    customer_files = CustomerFiles(media)
    attached = AttachedFiles(database, workspace)
    attacher = FileAttacher(
        attached,
        conversations,
        threads,
        customer_files,
        slack,
        outbox,
        clock,
        can_upload=can_upload,
        may_show=may_show,
    )
    return ConversationServices(
        conversations,
        windows,
        threads,
        ConversationPresenter(conversations, threads, attacher, outbox, clock),
        attacher,
        MessageReader(threads, customer_files, slack.files),
        ParentUpdater(conversations, threads, outbox, tasks),
    )
