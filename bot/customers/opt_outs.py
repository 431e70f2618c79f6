"""Opt-outs: recorded from customers' messages and WhatsApp, checked before every send."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.aio.clock import Clock
from bot.chakra.fields import to_text
from bot.chakra.meta import error_from_status
from bot.chakra.meta_errors import OptedOut
from bot.customers.customer import KnownCustomer
from bot.customers.opt_out import OptOut, OptOutScope, OptOutSource, describe_opt_out
from bot.customers.opt_out_repository import OptOutRepository
from bot.customers.opt_out_words import Intent, classify_text
from bot.db.engine import Database
from bot.errors import NotFound, RecipientOptedOut, SuggestedLine, UsageError
from bot.text.phones import format_international
from bot.webhooks.events import AccountEvent, MessageEvent, StatusEvent, WebhookEvent
from bot.webhooks.fields import as_object, find_first_text
from bot.webhooks.recorded_event import AfterCommit, RecordedEvent

COMMAND = "/chakra optouts"
PREFERENCES_KIND = "user_preferences"
MAX_REASON_LENGTH = 300
BLOCKED_ADVICE = "Nothing is sent to them. To lift it with a reason: `/chakra optouts`."
BLOCKED_MARKETING_ADVICE = (
    "Marketing templates aren't sent to them; other templates are. To lift it with a reason: "
    "`/chakra optouts`."
)
SCOPES = {Intent.STOP: OptOutScope.ALL, Intent.STOP_MARKETING: OptOutScope.MARKETING}


class CustomerLookup(Protocol):
    """The part of `bot.customers.repository.Customers` that is used here."""

    async def get(self, ids: Collection[int]) -> Mapping[int, KnownCustomer]: ...
    async def find_by_phone(self, digits: str) -> KnownCustomer | None: ...
    async def find_or_create_by_phone(self, digits: str, now: float) -> KnownCustomer: ...


class LaterEvents(Protocol):
    """The part of `bot.webhooks.event_log.EventLog` that is used here."""

    async def list_after(
        self, connection: AsyncConnection, customer_id: int, at: float, /
    ) -> Sequence[RecordedEvent]: ...


class OptOuts:
    """`handle` is part of the transaction that records the events.

    The other methods are one transaction each and raise ``DatabaseUnavailable``.
    """

    def __init__(
        self,
        database: Database,
        rows: OptOutRepository,
        customers: CustomerLookup,
        log: LaterEvents,
        clock: Clock,
    ) -> None:
        self._log = log
        self._database = database
        self._rows = rows
        self._customers = customers
        self._clock = clock

    # --- from customers and WhatsApp ----------------------------------------------------------

    async def handle(
        self, connection: AsyncConnection, recorded: Sequence[RecordedEvent], now: float
    ) -> AfterCommit | None:
        """Record and lift opt-outs; see `RecordedHandler`."""
        for item in recorded:
            if not item.customer_id:
                continue
            at = min(item.event.occurred_at or now, now)
            match item.event:
                case MessageEvent() as message:
                    await self._apply_message(connection, item.customer_id, message, at)
                case StatusEvent(kind="failed", error=error):
                    if isinstance(error_from_status(error), OptedOut):
                        failure = OptOutSource.FAILURE
                        await self._note_marketing(connection, item.customer_id, failure, at)
                case AccountEvent(kind=kind, raw=raw) if kind == PREFERENCES_KIND:
                    await self._apply_preference(
                        connection, item.customer_id, find_first_text(raw, "value").lower(), at
                    )
        return None

    async def _apply_message(
        self, connection: AsyncConnection, customer_id: int, message: MessageEvent, at: float
    ) -> None:
        intent, words = read_intent(message)
        if intent in SCOPES:
            scope = SCOPES[intent]
            await self._note(connection, customer_id, OptOutSource.TYPED, scope, at, words)
        elif intent is Intent.START:
            await self._lift_own(connection, customer_id, (OptOutSource.TYPED,), at)

    async def _apply_preference(
        self, connection: AsyncConnection, customer_id: int, value: str, at: float
    ) -> None:
        if value == "stop":
            await self._note_marketing(connection, customer_id, OptOutSource.PREFERENCE, at)
        elif value == "resume":
            sources = (OptOutSource.PREFERENCE, OptOutSource.FAILURE)
            await self._lift_own(connection, customer_id, sources, at)

    async def _note_marketing(
        self, connection: AsyncConnection, customer_id: int, source: OptOutSource, at: float
    ) -> None:
        await self._note(connection, customer_id, source, OptOutScope.MARKETING, at)

    async def _note(
        self,
        connection: AsyncConnection,
        customer_id: int,
        source: OptOutSource,
        scope: OptOutScope,
        at: float,
        words: str = "",
    ) -> None:
        """Insert an opt-out, unless one like it is active or the customer lifted it later.

        If they had lifted it before it arrived, it is inserted as lifted.
        """
        for opt_out in await self._rows.list_of_customer(connection, customer_id):
            if opt_out.source is source and opt_out.scope is scope:
                if opt_out.holds:
                    await self._rows.repeat(connection, opt_out.id, at)
                    return
                if not opt_out.lifted_by and opt_out.lifted_at >= at:
                    return
        new_id = await self._rows.insert(connection, customer_id, source, scope, at, words=words)
        later = await self._log.list_after(connection, customer_id, at)
        if lifted_at := find_lift(later, source):
            await self._rows.lift(connection, [new_id], lifted_at)

    async def _lift_own(
        self,
        connection: AsyncConnection,
        customer_id: int,
        sources: Collection[OptOutSource],
        at: float,
    ) -> None:
        """Lift what the customer asked for up to ``at``: events may arrive in another order."""
        holding = [
            opt_out.id
            for opt_out in await self._rows.list_of_customer(connection, customer_id)
            if opt_out.holds and opt_out.source in sources and opt_out.last_said_at <= at
        ]
        if holding:
            await self._rows.lift(connection, holding, at)

    # --- before a send ----------------------------------------------------------------------------

    async def find(self, customer_id: int) -> list[OptOut]:
        """Return the active opt-outs of a customer, the earliest first."""
        async with self._database.begin() as connection:
            found = await self._rows.list_of_customer(connection, customer_id)
        return [opt_out for opt_out in found if opt_out.holds]

    async def find_by_phone(self, digits: str) -> list[OptOut]:
        """Return the active opt-outs of the customer with this number."""
        customer = await self._customers.find_by_phone(digits) if digits else None
        return await self.find(customer.id) if customer else []

    async def check_template(
        self, digits: str, category: str, *, name: str = "", is_stored: bool = False
    ) -> None:
        """Raise ``RecipientOptedOut`` if a template of this category must not be sent.

        ``name`` is that of the recipient, else the customer's own is used. With ``is_stored`` the
        sentence contains no customer data.
        """
        customer = await self._customers.find_by_phone(digits) if digits else None
        if customer is None:
            return
        for opt_out in await self.find(customer.id):
            if opt_out.blocks_template(category):
                raise build_blocked_error(
                    opt_out, "" if is_stored else name or format_name(customer)
                )

    async def check_reply(
        self, customer_id: int, last_inbound_at: float, *, name: str = ""
    ) -> None:
        """Raise ``RecipientOptedOut`` if free text must not be sent.

        It may be sent to a customer who has written since, the last time at ``last_inbound_at``.
        Without a ``name`` the sentence contains no customer data.
        """
        for opt_out in await self.find(customer_id):
            if opt_out.blocks_reply(last_inbound_at):
                raise build_blocked_error(opt_out, name)

    # --- the list ---------------------------------------------------------------------------------

    async def list_all(self, *, lifted: bool = False) -> list[tuple[OptOut, KnownCustomer]]:
        """Return the active opt-outs, or the lifted ones, with their customers.

        The latest come first.
        """
        async with self._database.begin() as connection:
            found = await self._rows.list_all(connection, lifted=lifted)
        known = await self._customers.get({opt_out.customer_id for opt_out in found})
        return [
            (opt_out, known.get(opt_out.customer_id, KnownCustomer(opt_out.customer_id)))
            for opt_out in found
        ]

    async def get(self, opt_out_id: int) -> tuple[OptOut, KnownCustomer]:
        """Return an opt-out with its customer. Raise ``NotFound``."""
        async with self._database.begin() as connection:
            opt_out = await self._rows.get(connection, opt_out_id)
        if opt_out is None:
            raise NotFound("opt-out", "", hint=f"List them with {COMMAND}.")
        known = await self._customers.get({opt_out.customer_id})
        return opt_out, known.get(opt_out.customer_id, KnownCustomer(opt_out.customer_id))

    async def lift(self, opt_out_id: int, *, member: str, reason: str) -> bool:
        """Lift an opt-out; return False if it was already lifted. ``member`` is a Slack ID."""
        if not reason.strip():
            raise UsageError("Enter a reason. It is stored with your name.")
        async with self._database.begin() as connection:
            now = self._clock.time()
            return bool(
                await self._rows.lift(
                    connection, [opt_out_id], now, by=member, reason=reason.strip()
                )
            )

    async def add(self, digits: str, *, member: str, reason: str) -> tuple[OptOut, bool]:
        """Add an opt-out by hand; return it, and whether it is new."""
        customer = await self._customers.find_or_create_by_phone(digits, self._clock.time())
        return await self.add_customer(customer.id, member=member, reason=reason)

    async def add_customer(
        self,
        customer_id: int,
        *,
        member: str,
        reason: str = "",
        source: OptOutSource = OptOutSource.MANUAL,
    ) -> tuple[OptOut, bool]:
        """Add an opt-out; return it, or the active one, and whether it is new."""
        async with self._database.begin() as connection:
            for opt_out in await self._rows.list_of_customer(connection, customer_id):
                if opt_out.holds and opt_out.scope is OptOutScope.ALL:
                    return opt_out, False
            new_id = await self._rows.insert(
                connection,
                customer_id,
                source,
                OptOutScope.ALL,
                self._clock.time(),
                words=reason.strip(),
                by=member,
            )
            added = await self._rows.get(connection, new_id)
        assert added is not None  # noqa: S101 - inserted in this transaction
        return added, True


def find_lift(events: Sequence[RecordedEvent], source: OptOutSource) -> float:
    """Return when one of these events lifted an opt-out of this source, or 0."""
    return min((item.event.occurred_at for item in events if lifts(item.event, source)), default=0)


def lifts(event: WebhookEvent, source: OptOutSource) -> bool:
    """Return whether a customer asks for messages again, as far as this source is concerned."""
    if isinstance(event, MessageEvent):
        return source is OptOutSource.TYPED and read_intent(event)[0] is Intent.START
    is_preference = isinstance(event, AccountEvent) and event.kind == PREFERENCES_KIND
    is_resumed = is_preference and find_first_text(event.raw, "value").lower() == "resume"
    return is_resumed and source in (OptOutSource.PREFERENCE, OptOutSource.FAILURE)


def read_intent(message: MessageEvent) -> tuple[Intent | None, str]:
    """Return what a message asks for, and its words; None if it isn't from the customer alone."""
    if message.is_echo or to_text(message.raw.get("group_id")):
        return None, ""
    for text in _iter_texts(message):
        if intent := classify_text(text):
            return intent, text
    return None, ""


def _iter_texts(message: MessageEvent) -> Iterator[str]:
    """Yield the text of a message, or of the button that was pressed, then the button's payload."""
    raw = message.raw
    if message.kind == "edit":
        raw = as_object(as_object(raw.get("edit")).get("message")) or raw
    button, interactive = as_object(raw.get("button")), as_object(raw.get("interactive"))
    reply = as_object(interactive.get("button_reply") or interactive.get("list_reply"))
    yield from filter(
        None,
        (
            find_first_text(as_object(raw.get("text")), "body"),
            find_first_text(button, "text"),
            find_first_text(button, "payload"),
            find_first_text(reply, "title"),
            find_first_text(reply, "id"),
        ),
    )


def format_name(customer: KnownCustomer) -> str:
    """Return a customer's name, or username, or whole number, for one reader who may see it."""
    username = f"@{customer.username}" if customer.username else ""
    number = format_international(customer.phone) if customer.phone else ""
    return customer.name or username or number or "This person"


def build_blocked_error(opt_out: OptOut, name: str = "") -> RecipientOptedOut:
    """Return the error of a send that this opt-out blocks."""
    is_all = opt_out.scope is OptOutScope.ALL
    advice = BLOCKED_ADVICE if is_all else BLOCKED_MARKETING_ADVICE
    return RecipientOptedOut(
        f"{describe_opt_out(opt_out, name)} {advice}",
        suggested_lines=(SuggestedLine("optouts", "Show opt-outs"),),
    )
