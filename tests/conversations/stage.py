"""A channel's threads, from webhook bodies to what the embedded Slack shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.conversations.attached_files import AttachedFiles
from bot.conversations.conversation import Conversation
from bot.conversations.customer_files import LoadedFile
from bot.conversations.file_attacher import FileAttacher
from bot.conversations.media import MediaFile
from bot.conversations.presenter import ConversationPresenter
from bot.conversations.repository import Conversations
from bot.conversations.thread import Threads
from bot.conversations.windows import Windows
from bot.customers.customer import KnownCustomer
from bot.customers.opt_out import OptOut
from bot.db.engine import Database
from bot.errors import Unavailable
from bot.outbox.outbox import Outbox
from bot.sandbox.slack import VisibleMessage, collect_text
from bot.slack.blocks import Markup
from bot.webhooks.events import MessageEvent
from bot.webhooks.parser import parse_events
from bot.webhooks.recorded_event import RecordedEvent
from tests.outbox.harness import HISTORY_SCOPES, SALES, OutboxHarness, open_harness

ASHA = KnownCustomer(3, phone="919876543210", name="Asha Rao")
MEI = KnownCustomer(4, user_id="JP.1", username="mei.tanaka")
NUMBER_ID = "694700000000001"

Json = dict[str, Any]


def build_text(body: str, wamid: str = "wamid.1", **fields: Any) -> Json:
    return build_message(wamid, "text", {"body": body}, **fields)


def build_message(wamid: str, kind: str, content: object, **fields: Any) -> Json:
    return {"from": ASHA.phone, "id": wamid, "type": kind, kind: content, **fields}


def build_delivery(item: Json, *, name: str = "messages", number_id: str = NUMBER_ID) -> bytes:
    """Return the body of a delivery with one message or echo."""
    value: Json = {"metadata": {"phone_number_id": number_id}}
    if name == "standby":
        value["standby"] = {"messages": [item]}
    else:
        value["messages" if name == "messages" else "message_echoes"] = [item]
    entry = {"id": "1", "changes": [{"field": name, "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


@dataclass
class Recorded:
    """The recorded events and known customers of a story."""

    events: list[RecordedEvent] = field(default_factory=list)
    people: dict[int, KnownCustomer] = field(default_factory=lambda: {3: ASHA, 4: MEI})

    async def find(self, event_id: int) -> RecordedEvent | None:
        return next((item for item in self.events if item.id == event_id), None)

    async def find_by_key(self, key: str) -> RecordedEvent | None:
        return next((item for item in self.events if item.key == key), None)

    async def list_of_customer(
        self, customer_id: int, limit: int, kinds: Collection[str]
    ) -> Sequence[RecordedEvent]:
        theirs = [item for item in self.events if item.customer_id == customer_id]
        return [item for item in theirs if not kinds or item.event.kind in kinds][-limit:]


@dataclass(frozen=True)
class People:
    recorded: Recorded

    async def find(self, customer_id: int) -> KnownCustomer | None:
        return self.recorded.people.get(customer_id)


@dataclass
class Sent:
    """What was sent from here: Meta's ID -> its line."""

    lines: dict[str, str] = field(default_factory=dict)

    async def describe(self, wamid: str) -> Markup:
        return Markup(self.lines.get(wamid, ""))


@dataclass
class OptOuts:
    """The opt-outs that hold, by customer."""

    by_customer: dict[int, list[OptOut]] = field(default_factory=dict)

    async def find(self, customer_id: int) -> Sequence[OptOut]:
        return self.by_customer.get(customer_id, [])


@dataclass
class Leads:
    """The leads that Chakra would find, by number, and those that are loaded."""

    keys: dict[str, str] = field(default_factory=dict)
    loaded: dict[str, str] = field(default_factory=dict)

    def peek(self, phone: str) -> str:
        return self.loaded.get(phone, "")

    def reload(self, phone: str, on_found: Callable[[], Awaitable[None]]) -> None:
        self.look_up(phone, on_found)

    def look_up(self, phone: str, on_found: Callable[[], Awaitable[None]]) -> None:
        if phone in self.keys and phone not in self.loaded:
            self.loaded[phone] = self.keys[phone]
            self.lookup = asyncio.ensure_future(on_found())


@dataclass
class ChakraFiles:
    """The files that Chakra has: media ID -> content, or why it can't be shown."""

    contents: dict[str, bytes | Markup] = field(default_factory=dict)
    is_down: bool = False

    async def load(self, file: MediaFile) -> LoadedFile | Markup:
        if self.is_down:
            raise Unavailable("Chakra is down.")
        content = self.contents.get(file.id, Markup("Gone."))
        return content if isinstance(content, Markup) else LoadedFile(file.name, content)


@dataclass
class Stage:
    harness: OutboxHarness
    outbox: Outbox
    conversations: Conversations
    windows: Windows
    recorded: Recorded
    sent: Sent
    leads: Leads
    numbers: dict[str, str]
    presenter: ConversationPresenter
    files: FileAttacher
    chakra_files: ChakraFiles
    takes_replies: bool = False

    @property
    def now(self) -> float:
        return self.harness.clock.time()

    async def receive(
        self,
        item: Json,
        *,
        customer_id: int = ASHA.id,
        channel: str = SALES,
        mentions: Sequence[str] = (),
        **where: str,
    ) -> RecordedEvent:
        """Record a message of a webhook, present it, and let the outbox post it."""
        stamped = {"timestamp": str(int(self.now)), **item}
        [event] = parse_events(build_delivery(stamped, **where))
        assert isinstance(event, MessageEvent)
        key = f"{'echo' if event.is_echo else 'message'}:{event.wamid}"
        number = len(self.recorded.events) + 1
        recorded = RecordedEvent(number, key, event, customer_id, self.now)
        self.recorded.events.append(recorded)
        async with self.harness.database.begin() as connection:
            await self.windows.handle(connection, [recorded], self.now)
        await self.present(recorded, channel=channel, mentions=mentions)
        return recorded

    async def present(
        self, recorded: RecordedEvent, *, channel: str = SALES, mentions: Sequence[str] = ()
    ) -> None:
        messages = await self.presenter.present(
            recorded,
            channel=channel,
            member="U0JOHN",
            takes_replies=self.takes_replies,
            mentions=mentions,
        )
        await self.outbox.enqueue(*messages)
        await self.harness.advance(10)

    async def get_conversation(
        self, channel: str = SALES, customer_id: int = ASHA.id
    ) -> Conversation:
        found = await self.conversations.find_in_channel(channel, customer_id)
        assert found is not None
        return found

    def list_parents(self, channel: str = SALES) -> list[VisibleMessage]:
        return [item for item in self.harness.list_messages(channel) if not item.thread_ts]

    def list_replies(self, channel: str = SALES) -> list[str]:
        """Return the texts of the messages in threads."""
        return [collect_text(item) for item in self.list_thread(channel)]

    def list_thread(self, channel: str = SALES) -> list[VisibleMessage]:
        return [item for item in self.harness.list_messages(channel) if item.thread_ts]

    def read_parent_text(self, channel: str = SALES) -> str:
        [parent] = self.list_parents(channel)
        return collect_text(parent)


async def show_everything(_: str) -> bool:
    return True


@asynccontextmanager
async def open_stage(database: Database) -> AsyncIterator[Stage]:
    async with open_harness(database, scopes=(*HISTORY_SCOPES, "files:write")) as harness:
        outbox = harness.start_outbox()
        conversations, windows = Conversations(database), Windows(database)
        recorded, sent, leads = Recorded(), Sent(), Leads()
        numbers: dict[str, str] = {}
        threads = Threads(
            log=recorded,
            customers=People(recorded),
            windows=windows,
            sent=sent,
            opt_outs=OptOuts(),
            leads=leads,
            number_name=lambda number_id: numbers.get(number_id, ""),
        )
        chakra_files = ChakraFiles()
        files = FileAttacher(
            AttachedFiles(database),
            conversations,
            threads,
            chakra_files,
            harness.client,
            outbox,
            harness.clock,
            can_upload=lambda: True,
            may_show=show_everything,
        )
        presenter = ConversationPresenter(conversations, threads, files, outbox, harness.clock)
        yield Stage(
            harness,
            outbox,
            conversations,
            windows,
            recorded,
            sent,
            leads,
            numbers,
            presenter,
            files,
            chakra_files,
        )
        assert harness.slack.slack.rejections == []


def read_visible_values(item: VisibleMessage) -> Mapping[str, str]:
    """Return the labels of a message's buttons by action."""
    found = {}
    for block in item.blocks or []:
        for element in block.get("elements", []):
            if element.get("type") == "button":
                found[element["action_id"]] = element["text"]["text"]
    return found
