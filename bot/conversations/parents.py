"""Update the messages that begin a customer's threads when anything but a message changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.aio.tasks import TaskSet
from bot.chakra.meta import error_from_status
from bot.chakra.meta_errors import OptedOut
from bot.conversations.conversation import Conversation
from bot.conversations.repository import Conversations
from bot.conversations.thread import Threads
from bot.customers.opt_outs import PREFERENCES_KIND
from bot.outbox.outbox import Outbox
from bot.webhooks.events import StatusEvent, WebhookEvent
from bot.webhooks.recorded_event import AfterCommit, RecordedEvent


@dataclass(frozen=True, slots=True)
class ParentUpdater:
    """`handle` is a handler of recorded events. The others raise ``DatabaseUnavailable``."""

    conversations: Conversations
    threads: Threads
    outbox: Outbox
    tasks: TaskSet

    async def refresh(self, conversation: Conversation) -> None:
        """Show the conversation's current state in the message that begins the thread."""
        await self.outbox.enqueue(await self.threads.render_parent(conversation))

    async def reload_lead(self, conversation: Conversation) -> None:
        """Show the customer's lead, which was created just now, once it is found."""

        async def show() -> None:
            current = await self.conversations.find(conversation.id)
            if current is not None:
                await self.refresh(current)

        customer = await self.threads.get_customer(conversation.customer_id)
        self.threads.leads.reload(customer.phone, show)

    async def refresh_customers(self, customer_ids: Collection[int]) -> None:
        """Show the current state of these customers in all their threads."""
        for customer_id in customer_ids:
            for conversation in await self.conversations.list_of_customer(customer_id):
                await self.refresh(conversation)

    async def handle(
        self,
        connection: object,  # noqa: ARG002 - the threads are read once it is committed
        recorded: Sequence[RecordedEvent],
        now: float,  # noqa: ARG002
    ) -> AfterCommit | None:
        """Show opt-outs that WhatsApp reported; see `RecordedHandler`."""
        changed = {item.customer_id for item in recorded if concerns_opt_outs(item.event)} - {0}
        if not changed:
            return None

        def refresh() -> None:
            self.tasks.spawn(self.refresh_customers(changed))

        return refresh


def concerns_opt_outs(event: WebhookEvent) -> bool:
    """Return whether an event that isn't a message may record or lift an opt-out."""
    if isinstance(event, StatusEvent):
        return event.kind == "failed" and isinstance(error_from_status(event.error), OptedOut)
    return event.kind == PREFERENCES_KIND
