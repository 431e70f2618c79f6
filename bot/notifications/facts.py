"""The facts of an event that rules match."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import phonenumbers

from bot.cache import is_outage
from bot.errors import BotError
from bot.messages.send import Send
from bot.notifications.rule import EventGroup
from bot.webhooks.events import (
    AccountEvent,
    Customer,
    Json,
    MessageEvent,
    StatusEvent,
    TemplateEvent,
    WebhookEvent,
)
from bot.webhooks.fields import as_object, find_first_text, iter_objects
from bot.webhooks.recorded_event import RecordedEvent

CATEGORIES, RECORDS, SENDERS = "categories", "records", "senders"
"""The filters that need a request to Chakra."""
FAILED_KIND = "failed"
FOLLOW_UP_KINDS = frozenset({"system", "reaction", "edit", "revoke"})
"""Messages that continue a thread but don't begin one."""
UNREQUESTED_ACCOUNT_KINDS = frozenset({"calls", "flows", "history", "smb_app_state_sync"})
"""Account fields that don't report a change; only rules for "all" receive them."""
_TEXT_PATHS = (
    ("text", "body"),
    ("button", "text"),
    ("interactive", "button_reply", "title"),
    ("interactive", "list_reply", "title"),
    ("interactive", "list_reply", "description"),
    ("interactive", "nfm_reply", "body"),
    ("location", "name"),
    ("location", "address"),
    ("order", "text"),
    ("system", "body"),
)
PRICED_CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION", "SERVICE")
_MEDIA_KINDS = ("image", "video", "audio", "document", "sticker")


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that rules match; a field is "" if the event has none.

    ``group`` is ALL for what only a rule for all events receives. ``sender`` is the ID of our
    number, ``country`` an ISO code, ``member`` who sent the message in question.
    ``is_follow_up``: it is shown only in the customer's thread, if there is one. ``records``
    are the customer's in Chakra, in lower case: "lead" and "lead.city=pune". ``unknown`` are the
    filters for which Chakra didn't answer.
    """

    group: EventGroup
    kind: str
    sender: str = ""
    template: str = ""
    category: str = ""
    country: str = ""
    text: str = field(default="", repr=False)
    member: str = ""
    is_follow_up: bool = False
    records: frozenset[str] = field(default=frozenset(), repr=False)
    unknown: frozenset[str] = frozenset()


Key = TypeVar("Key")
T = TypeVar("T")
FindSends = Callable[[Sequence[str]], Awaitable[Mapping[str, Send]]]
"""Return the sends with these IDs of Meta or Chakra, by ID. Raise ``DatabaseUnavailable``."""
FindCategory = Callable[[str, str], Awaitable[str]]
"""Return the category of a template by name and language, "" if there is none.

Raise what `FindRecords` does.
"""
FindSender = Callable[[str], Awaitable[str]]
"""Return Meta's ID of the only number of ours in this business account, "" if there are several.

An account that is "" is any. Raise what `FindRecords` does.
"""
FindRecords = Callable[[Customer], Awaitable[frozenset[str]]]
"""Return a customer's records, as `Facts` has them. Raise ``TimeoutError`` or Chakra's error."""


@dataclass(frozen=True, slots=True)
class FactsReader:
    """Collects the facts of recorded events."""

    find_sends: FindSends
    find_category: FindCategory
    find_records: FindRecords
    find_sender: FindSender

    async def read(
        self, recorded: Sequence[RecordedEvent], *, filters: Collection[str] = ()
    ) -> list[Facts]:
        """Return the facts of each event. Raise ``DatabaseUnavailable``.

        Of `CATEGORIES`, `RECORDS` and `SENDERS`, Chakra is asked only for the ``filters`` that
        rules have.
        """
        events = [item.event for item in recorded]
        wanted = dict.fromkeys(key for event in events for key in list_sent_message_ids(event))
        sends = await self.find_sends(list(wanted)) if wanted else {}
        questions = _Questions(self, filters)
        found: list[Facts] = []
        for event in events:
            send = next((sends[key] for key in list_sent_message_ids(event) if key in sends), None)
            found.append(await questions.complete(build(event, send), event, send))
        return found


class _Questions:
    """What Chakra is asked for a batch of events."""

    def __init__(self, reader: FactsReader, filters: Collection[str]) -> None:
        self._filters = filters
        self._categories = _Answers[tuple[str, str], str](
            lambda key: reader.find_category(*key), ""
        )
        self._records = _Answers[Customer, frozenset[str]](reader.find_records, frozenset())
        self._senders = _Answers[str, str](reader.find_sender, "")

    async def complete(self, known: Facts, event: WebhookEvent, send: Send | None) -> Facts:
        """Return the facts with what Chakra answers, and with what it didn't answer."""
        unknown: set[str] = set()
        if CATEGORIES in self._filters and send and send.template and not known.category:
            category = await self._categories.get((send.template, send.language))
            known = replace(known, category=(category or "").upper())
            unknown |= {CATEGORIES} if category is None else set()
        if SENDERS in self._filters and not known.sender and is_of_one_number(event):
            sender = await self._senders.get(event.waba_id)
            known = replace(known, sender=sender or "")
            unknown |= {SENDERS} if sender is None else set()
        if RECORDS in self._filters:
            own = await self._records.get(event.customer)
            known = replace(known, records=own or frozenset())
            unknown |= {RECORDS} if own is None else set()
        return replace(known, unknown=frozenset(unknown)) if unknown else known


@dataclass
class _Answers(Generic[Key, T]):
    """Chakra's answers for a batch of events; after an outage it isn't asked again.

    ``none`` stands for a refusal.
    """

    ask: Callable[[Key], Awaitable[T]]
    none: T
    known: dict[Key, T] = field(default_factory=dict)
    is_down: bool = False

    async def get(self, key: Key) -> T | None:
        """Return the answer, None during an outage."""
        if key not in self.known and not self.is_down:
            try:
                self.known[key] = await self.ask(key)
            except TimeoutError:
                self.is_down = True
            except BotError as error:
                self.is_down = is_outage(error)
                if not self.is_down:
                    self.known[key] = self.none
        return self.known.get(key)


def build(event: WebhookEvent, send: Send | None = None) -> Facts:
    """Return the facts of an event; ``send`` is our message that it is about, if known."""
    template, category = send.template if send else "", ""
    if isinstance(event, TemplateEvent):
        template, category = event.name, _find_template_category(event.raw)
    if isinstance(event, StatusEvent):
        category = _find_priced_category(event.raw)
    is_message = isinstance(event, MessageEvent)
    return Facts(
        group=_find_group(event, is_ours=send is not None),
        kind=event.kind,
        sender=event.phone_number_id,
        template=template,
        category=category.upper(),
        country=find_country(event.customer),
        text=read_text(event.raw) if is_message else "",
        member=send.member if send else "",
        is_follow_up=isinstance(event, MessageEvent)
        and (event.is_echo or event.kind in FOLLOW_UP_KINDS),
    )


def is_of_one_number(event: WebhookEvent) -> bool:
    """Return whether one number of ours sent or received it, though the event may not say which."""
    return isinstance(event, MessageEvent | StatusEvent)


def list_sent_message_ids(event: WebhookEvent) -> tuple[str, ...]:
    """Return the IDs by which our message that an event is about may be found."""
    if isinstance(event, StatusEvent):
        return tuple(key for key in (event.wamid, event.message_id) if key)
    if isinstance(event, MessageEvent) and not event.is_echo:
        replied_to = find_first_text(as_object(event.raw.get("context")), "id")
        reacted_to = find_first_text(as_object(event.raw.get("reaction")), "message_id")
        return tuple(key for key in (replied_to, reacted_to) if key)
    return ()


def find_country(customer: Customer) -> str:
    """Return the country of a customer's number, else of their user ID; "" if neither has one."""
    if customer.phone:
        try:
            number = phonenumbers.parse(f"+{customer.phone}")
        except phonenumbers.NumberParseException:
            number = None
        region = phonenumbers.region_code_for_number(number) if number else None
        if region and region.isalpha():
            return str(region)
    country, point, _ = (customer.user_id or customer.parent_user_id).partition(".")
    return country if point and len(country) == 2 else ""


def read_text(message: Json) -> str:
    """Return the words of a message in Meta's shape: its text, caption, choice or file name."""
    inner = as_object(as_object(message.get("edit")).get("message"))
    body = inner or as_object(message.get("message")) or message
    found: list[str] = []
    for *path, name in _TEXT_PATHS:
        part = body
        for step in path:
            part = as_object(part.get(step))
        found.append(find_first_text(part, name))
    for kind in _MEDIA_KINDS:
        media = as_object(body.get(kind))
        found += [find_first_text(media, "caption"), find_first_text(media, "filename")]
    for contact in iter_objects(body.get("contacts")):
        found.append(find_first_text(as_object(contact.get("name")), "formatted_name"))
    return "\n".join([text for text in found if text])


def _find_group(event: WebhookEvent, *, is_ours: bool) -> EventGroup:
    if isinstance(event, MessageEvent):
        return EventGroup.MESSAGE
    if isinstance(event, StatusEvent):
        if event.kind == FAILED_KIND:
            return EventGroup.FAILED
        return EventGroup.STATUS if is_ours else EventGroup.ALL
    if isinstance(event, TemplateEvent):
        return EventGroup.TEMPLATE
    if isinstance(event, AccountEvent) and event.kind not in UNREQUESTED_ACCOUNT_KINDS:
        return EventGroup.ACCOUNT
    return EventGroup.ALL


def _find_priced_category(status: Json) -> str:
    """Return the category at which a message is priced; Meta's variants count as their category.

    Variants are ``marketing_lite`` and ``authentication_international``, for example.
    """
    priced = find_first_text(as_object(status.get("pricing")), "category").upper()
    return next((name for name in PRICED_CATEGORIES if name in priced), priced)


def _find_template_category(change: Json) -> str:
    """Return the category that a changed template has or will have.

    An announced change has ``correct_category``, which will apply, and the current one in
    ``new_category``.
    """
    return find_first_text(change, "correct_category", "new_category", "message_template_category")
