"""Recipients of a message: a typed phone number, a colleague, or a process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple, Protocol

from bot.cache import Cached
from bot.chakra.models import User, is_uuid
from bot.chakra.process import Process
from bot.chakra.text import sanitize_line
from bot.errors import BotError, NotFound, ResourceNotFound, Unavailable, UsageError, not_found_as
from bot.messages.record_keys import parse_key, parse_process
from bot.processes.directory import Record
from bot.processes.query import NameMatch, match_name
from bot.text.phones import (
    InvalidPhone,
    Phone,
    PhoneParser,
    PhoneProblem,
    format_international,
    is_phone_like,
)
from bot.users import query
from bot.users.index import Matches
from bot.users.phrases import strip_details
from bot.users.picker import spell_count

EXAMPLE_NUMBER = "+91 98765 43210"
LANDLINE_WARNING = "This is a landline. It only works if it's registered with WhatsApp."
FORMER_NUMBER_WARNING = (
    "This is an older form of a number. WhatsApp may still use it, so it's sent as it is. "
    "Today's form: {present}."
)
MAX_RECIPIENT_LENGTH = 200
"""Characters of a typed recipient."""
MAX_NAME_LENGTH = 80

MAX_CHOICES = 8
"""People offered as a choice in a form; it stores their names in its metadata."""
MAX_LISTED = 4
MAX_OPTION_LENGTH = 75
"""Characters. docs.slack.dev/reference/block-kit/composition-objects/option-object"""
EXAMPLE_KEY = "LEAD-004038"
RECIPIENT_HINT = (
    f"Use a phone number ({EXAMPLE_NUMBER}), a colleague's name, or a lead's name or key "
    f"(lead {EXAMPLE_KEY})."
)

_NAMED_PHONE = re.compile(r"([^\d+＋]{2,}?)[\s,(<:·]+([+＋]?[\d\s().-]{7,})[)>]?")


class RecipientKind(StrEnum):
    """The form in which a recipient was given."""

    PHONE = "phone"
    USER = "user"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient of a message.

    ``digits`` is the number with its country code, "" if a process shows none; ``present_digits``
    is its current form, by which duplicates are recognized. ``label`` is for the sender only: it
    contains the whole number. ``warning`` is a sentence. ``procedure`` and ``key`` ("lead",
    "LEAD-004038") are those of a ``process``; ``name`` is the person's, "" for a number.
    """

    kind: RecipientKind
    digits: str = field(repr=False)
    label: str = field(repr=False)
    warning: str = ""
    procedure: str = ""
    key: str = ""
    present_digits: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    process: Process | None = field(default=None, repr=False)

    @property
    def reference(self) -> str:
        """The process as a person types it, "lead LEAD-004038"; "" for others."""
        return f"{self.procedure} {self.key}".strip()


class UserLookup(Protocol):
    """The part of `bot.users.directory.Directory` that is used here."""

    async def find(self, text: str) -> Cached[Matches]: ...
    async def get_user(self, user_id: str) -> Cached[User]: ...


class RecordLookup(Protocol):
    """The part of `bot.processes.directory.RecordDirectory` that is used here."""

    def list_cached_kinds(self) -> Collection[str]: ...
    async def get(self, procedure: str, key: str) -> Record: ...
    async def find_by_key(self, key: str) -> tuple[Record, ...]: ...
    async def find_by_name(self, typed: str, kind: str = "") -> tuple[Record, ...]: ...
    async def find_by_email(self, email: str, kind: str = "") -> tuple[Record, ...]: ...
    async def find_by_phone(self, typed: str, kind: str = "") -> tuple[Record, ...]: ...


class RecipientChoice(NamedTuple):
    """One of several people: ``value`` is what `RecipientResolver.resolve` takes for them."""

    value: str
    label: str


class AmbiguousRecipient(UsageError):
    """Several people match; ``is_similar`` if they only resemble what was typed."""

    def __init__(
        self, typed: str, choices: Sequence[RecipientChoice], *, is_similar: bool = False
    ) -> None:
        shown = sanitize_line(typed, 60)
        listed = "; ".join(choice.label for choice in choices[:MAX_LISTED])
        what = (
            f"No one is called exactly “{shown}”. Did you mean"
            if is_similar
            else f"{spell_count(len(choices))} people match “{shown}”. Pick one"
        )
        super().__init__(f"{what}: {listed}{'; …' if len(choices) > MAX_LISTED else '.'}")
        self.choices = tuple(choices)
        self.typed = typed


class RecipientResolver:
    """Finds the recipient that a number, a name or a record stands for."""

    def __init__(self, users: UserLookup, records: RecordLookup, phones: PhoneParser) -> None:
        self._users = users
        self._records = records
        self._phones = phones

    @property
    def kinds(self) -> Collection[str]:
        """The types of records, such as "lead"."""
        return self._records.list_cached_kinds()

    async def resolve(self, typed: str) -> Recipient:
        """Return the recipient: a number, a record by key or name, or a colleague.

        Raise ``AmbiguousRecipient``, ``UsageError`` or ``NotFound`` with a sentence, or an error of
        Chakra.
        """
        text = sanitize_line(typed)
        if not text:
            raise UsageError(f"Enter a phone number with its country code, like {EXAMPLE_NUMBER}.")
        if len(text) > MAX_RECIPIENT_LENGTH:
            raise UsageError("That is too long for a recipient.")
        if is_phone_like(text):
            return parse_phone(text, self._phones)
        if named := parse_process(text):
            return await self._resolve_process(text, *named)
        kind, _, rest = text.partition(" ")
        if rest.strip() and kind.casefold() in self.kinds:
            return await self._resolve_record(kind.casefold(), rest.strip())
        if key := parse_key(text):
            recipient = await self._resolve_key(key)
            if recipient:
                return recipient
        if (named_phone := _NAMED_PHONE.fullmatch(text)) and is_phone_like(named_phone[2]):
            return await self._resolve_named_phone(named_phone[1].strip(), named_phone[2])
        return await self._resolve_person(text)

    async def get_user(self, user_id: str) -> Recipient:
        """Return a colleague; raise ``NotFound`` without a usable number, ``ResourceNotFound``."""
        return self._from_user((await self._users.get_user(user_id)).value)

    async def get_process(self, procedure: str, key: str) -> Recipient:
        """Return a process, even without a number: Chakra may know it. Raise ``NotFound``."""
        hint = "Check the record type and key (for example: lead LEAD-004038)."
        with not_found_as(procedure, key, hint=hint):
            found = await self._records.get(procedure, key)
        return self._from_record(found)

    async def _resolve_process(self, text: str, procedure: str, key: str) -> Recipient:
        try:
            return await self.get_process(procedure, key)
        except NotFound:
            keyed = await self._records.find_by_key(key)
            if len(found := [record for record in keyed if record.procedure == procedure]) > 1:
                return self._choose(text, [], found)
            people = (await self._users.find(text)).value  # a person may be called "Agent 7"
            if people.total != 1 or people.fuzzy:
                raise
            return self._from_user(people.users[0])

    async def _resolve_key(self, key: str) -> Recipient | None:
        """Return the record with this key; for an ID the colleague, else the record."""
        if is_uuid(key):
            with suppress(ResourceNotFound):
                return await self.get_user(key)
        found = await self._records.find_by_key(key)
        return self._choose(key, [], found) if found else None

    async def _resolve_record(self, kind: str, text: str) -> Recipient:
        """Return the record of one type with this name, number or address."""
        if is_phone_like(text):
            found = await self._records.find_by_phone(text, kind)
        elif emails := query.extract_emails(text):
            found = await self._records.find_by_email(emails[0], kind)
        else:
            found = await self._records.find_by_name(text, kind)
        if not found:
            raise NotFound(kind, text, hint=f"Try its name, its number or its key ({EXAMPLE_KEY}).")
        return self._choose(text, [], found)

    async def _resolve_named_phone(self, name: str, phone: str) -> Recipient:
        """Return the number, with the name if it belongs to a colleague with that name."""
        recipient = parse_phone(phone, self._phones)
        try:
            found = (await self._users.find(name)).value
        except BotError:
            return recipient
        numbers = [self._phones.find(stored) for user in found.users for stored in user.phones]
        if not found.fuzzy and any(
            number is not None and number.present == recipient.present_digits for number in numbers
        ):
            label = f"{sanitize_line(name, 80)}, {recipient.label}"
            return replace(recipient, label=label, name=sanitize_line(name, 80))
        return recipient

    async def _resolve_person(self, text: str) -> Recipient:
        text = strip_details(text)  # "mei's number"
        emails = query.extract_emails(text)
        search = (
            self._records.find_by_email(emails[0]) if emails else self._records.find_by_name(text)
        )
        users_found, records_found = await asyncio.gather(
            self._users.find(text), search, return_exceptions=True
        )
        if isinstance(users_found, BaseException):
            raise users_found
        matches = users_found.value
        users = [] if matches.fuzzy else list(matches.users)
        if isinstance(records_found, BaseException):
            if not isinstance(records_found, BotError | TimeoutError):
                raise records_found
            if not users:
                raise _to_outage(records_found)
            records_found = ()
        if not users and not records_found:
            if matches.fuzzy and matches.users:
                choices = [self._build_user_choice(user) for user in matches.users[:MAX_CHOICES]]
                raise AmbiguousRecipient(text, choices, is_similar=True)
            raise NotFound("recipient", text, hint=RECIPIENT_HINT)
        return self._choose(text, users, records_found)

    def _choose(self, text: str, users: Sequence[User], records: Sequence[Record]) -> Recipient:
        """Return the best match; raise ``AmbiguousRecipient`` for several.

        A whole name wins over one of its words; a colleague never wins over a record.
        """
        whole_users = [user for user in users if match_name(text, user.name) is NameMatch.WHOLE]
        whole_records = [
            record for record in records if match_name(text, record.process.name) is NameMatch.WHOLE
        ]
        if whole_users or whole_records:
            users, records = whole_users, whole_records
        if len(users) + len(records) > 1:
            choices = [self._build_user_choice(user) for user in users]
            choices += [self._record_choice(record) for record in records]
            raise AmbiguousRecipient(text, choices[:MAX_CHOICES])
        return self._from_user(users[0]) if users else self._from_record(records[0])

    def _build_user_choice(self, user: User) -> RecipientChoice:
        number = next(filter(None, map(self._phones.find, user.phones)), None)
        phone = format_international(number.digits) if number else "no phone number"
        return RecipientChoice(user.id, _label_choice(user.name, "colleague", phone))

    def _record_choice(self, record: Record) -> RecipientChoice:
        number = self._phones.find(record.process.international_phone)
        phone = format_international(number.digits) if number else "no phone number"
        kind = f"{record.procedure} {record.key}"
        return RecipientChoice(record.choice, _label_choice(record.process.name, kind, phone))

    def _from_record(self, record: Record) -> Recipient:
        process = record.process
        number = self._phones.find(process.international_phone)
        known = number.digits if number is not None else ""
        reference = f"{record.procedure} {record.key}"
        parts = (reference, process.name, format_international(known) if known else "")
        return Recipient(
            RecipientKind.PROCESS,
            known,
            ", ".join(sanitize_line(part, MAX_NAME_LENGTH) for part in parts if part),
            warning=_render_record_warning(process.phone, number),
            procedure=record.procedure,
            key=record.process.id if record.by_id else record.key,
            name=sanitize_line(process.name, MAX_NAME_LENGTH),
            process=process,
        )

    def _from_user(self, user: User) -> Recipient:
        """Return the user with the first of their numbers that is valid."""
        for stored in user.phones:
            number = self._phones.find(stored)
            if number is not None:
                name = sanitize_line(user.name, MAX_NAME_LENGTH)
                return _from_phone(RecipientKind.USER, number, name)
        hint = "Type a number instead."
        raise NotFound("phone number", user.name, hint=hint)


def format_named_phone(name: str, phone: str) -> str:
    """Return ``Priya Sharma, +91 99999 99999``, which `RecipientResolver.resolve` accepts.

    A name with digits is left out: it could be mistaken for part of the number.
    """
    digits = phone.lstrip("+")
    number = format_international(digits)
    number = number if number.startswith("+") else f"+{digits}"
    shown = sanitize_line(name, MAX_NAME_LENGTH)
    return f"{shown}, {number}" if shown and not any(map(str.isdecimal, shown)) else number


def parse_phone(typed: str, parser: PhoneParser) -> Recipient:
    """Return the recipient with this number; raise ``UsageError`` if it is not valid."""
    try:
        number = parser.parse(typed)
    except InvalidPhone as invalid:
        raise UsageError(_render_invalid_number(typed, invalid)) from None
    return _from_phone(RecipientKind.PHONE, number)


def _from_phone(kind: RecipientKind, number: Phone, name: str = "") -> Recipient:
    label = ", ".join(part for part in (name, format_international(number.digits)) if part)
    warning = _render_phone_warning(number)
    return Recipient(kind, number.digits, label, warning, present_digits=number.present, name=name)


def _label_choice(name: str, kind: str, phone: str) -> str:
    """Return what a choice shows; Slack shows 75 characters of an option."""
    rest = f" · {kind} · {phone}"
    return sanitize_line(name, max(MAX_OPTION_LENGTH - len(rest), 10)) + rest


def _to_outage(error: BotError | TimeoutError) -> BotError:
    return error if isinstance(error, BotError) else Unavailable("Chakra took too long.")


def _render_invalid_number(text: str, invalid: InvalidPhone) -> str:
    code = f"+{invalid.country_code}"
    match invalid.problem:
        case PhoneProblem.NO_COUNTRY_CODE:
            return f"Include the country code, like {EXAMPLE_NUMBER}."
        case PhoneProblem.TOO_FEW_DIGITS if not invalid.country_code:
            pass
        case PhoneProblem.TOO_FEW_DIGITS | PhoneProblem.TOO_SHORT:
            return f"This number is too short for {code}. Check the digits."
        case PhoneProblem.TOO_LONG:
            return f"This number is too long for {code}. Check the digits."
        case PhoneProblem.INVALID:
            return f"This isn't a valid number for {code}. Check the digits and the country code."
    return f"“{sanitize_line(text, 30)}” isn't a phone number. Try {EXAMPLE_NUMBER}."


def _render_phone_warning(number: Phone) -> str:
    if number.is_former:
        return FORMER_NUMBER_WARNING.format(present=format_international(number.present))
    return LANDLINE_WARNING if number.is_landline else ""


def _render_record_warning(stored: str, number: Phone | None) -> str:
    if not stored:
        return "This record shows no phone number; Chakra may still know one."
    if number is None:
        return "The phone number in this record doesn't look right."
    return _render_phone_warning(number)
