"""Recipients of a message: a typed phone number, a colleague, or a process."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bot.cache import Cached
from bot.chakra.models import User
from bot.chakra.process import Process
from bot.chakra.text import sanitize_line
from bot.errors import NotFound, UsageError, not_found_as
from bot.text.invisible import remove_invisible
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

EXAMPLE_NUMBER = "+91 98765 43210"
LANDLINE_WARNING = "This is a landline. It only works if it's registered with WhatsApp."
FORMER_NUMBER_WARNING = (
    "This is an older form of a number. WhatsApp may still use it, so it's sent as it is. "
    "Today's form: {present}."
)
MAX_RECIPIENT_LENGTH = 200
"""Characters of a typed recipient."""
MAX_NAME_LENGTH = 80

_PROCESS_PATTERN = re.compile(
    r"([a-z][a-z0-9_]{1,40})(?:\s*[/#:]\s*|\s+)([\w.-]{1,80})", re.IGNORECASE
)
_KEY_PATTERN = re.compile(r"(?=.*\d)[\w.-]+")


class RecipientKind(StrEnum):
    """The form in which a recipient was given."""

    PHONE = "phone"
    USER = "user"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient of a message.

    ``digits`` is the number with its country code, "" if a process shows none; ``present_digits``
    is today's form of it, by which duplicates are recognized. ``label`` is for the sender only: it
    contains the whole number. ``name`` is theirs, "" if unknown. ``warning`` is a sentence.
    ``procedure`` and ``key`` ("lead",
    "LEAD-004038") are those of a process.
    """

    kind: RecipientKind
    digits: str = field(repr=False)
    label: str = field(repr=False)
    warning: str = ""
    procedure: str = ""
    key: str = ""
    present_digits: str = field(default="", repr=False)
    name: str = field(default="", repr=False)

    @property
    def reference(self) -> str:
        """The process as a person types it, "lead LEAD-004038"; "" for others."""
        return f"{self.procedure} {self.key}".strip()


class UserLookup(Protocol):
    """The part of `bot.users.directory.Directory` that is used here."""

    async def find(self, text: str) -> Cached[Matches]: ...
    async def get_user(self, user_id: str) -> Cached[User]: ...


class ProcessLookup(Protocol):
    """The part of `bot.chakra.processes.ProcessesApi` that is used here."""

    async def find(self, procedure: str, key: str) -> Process: ...


class RecipientResolver:
    """``region`` is the country of numbers typed without a country code."""

    def __init__(
        self, users: UserLookup, processes: ProcessLookup, region: str | None = None
    ) -> None:
        self._users = users
        self._processes = processes
        self._parser = PhoneParser(region)

    async def resolve(self, typed: str) -> Recipient:
        """Return the recipient: a number, a process (``lead LEAD-004038``), else a colleague.

        Raise ``UsageError`` or ``NotFound`` with a sentence, or an error of Chakra.
        """
        text = sanitize_line(typed)
        if not text:
            raise UsageError(f"Enter a phone number with its country code, like {EXAMPLE_NUMBER}.")
        if len(text) > MAX_RECIPIENT_LENGTH:
            raise UsageError("That is too long for a recipient.")
        if is_phone_like(text):
            return parse_phone(text, self._parser)
        named = parse_process(text)
        if named is None:
            return await self._find_by_name(text)
        try:
            return await self.get_process(*named)
        except NotFound:
            found = (await self._users.find(text)).value  # a person may be called "Agent 7"
            if found.total != 1 or found.fuzzy:
                raise
            return self._from_user(found.users[0])

    async def get_user(self, user_id: str) -> Recipient:
        """Return a colleague; raise ``NotFound`` without a usable number, ``ResourceNotFound``."""
        return self._from_user((await self._users.get_user(user_id)).value)

    async def get_process(self, procedure: str, key: str) -> Recipient:
        """Return a process, even without a number: Chakra may know it. Raise ``NotFound``."""
        hint = "Check the record type and key (for example: lead LEAD-004038)."
        with not_found_as(procedure, key, hint=hint):
            found = await self._processes.find(procedure, key)
        number = self._parser.find(found.international_phone)
        known = number.digits if number is not None else ""
        parts = (f"{procedure} {key}", found.name, format_international(known) if known else "")
        return Recipient(
            RecipientKind.PROCESS,
            known,
            ", ".join(sanitize_line(part, MAX_NAME_LENGTH) for part in parts if part),
            warning=_record_warning(found.phone, number),
            procedure=procedure,
            key=key,
            name=sanitize_line(found.name, MAX_NAME_LENGTH),
        )

    async def _find_by_name(self, text: str) -> Recipient:
        matches = (await self._users.find(text)).value
        if not matches.total:
            hint = (
                f"Use a phone number ({EXAMPLE_NUMBER}), a colleague's name, or a lead's key "
                "(lead LEAD-004038)."
            )
            raise NotFound("recipient", text, hint=hint)
        if matches.total > 1 or matches.fuzzy:
            candidate = matches.users[0]
            raise UsageError(
                f"No one is called exactly “{sanitize_line(text, 60)}”."
                if matches.fuzzy
                else f"{matches.total} people match “{sanitize_line(text, 60)}”. Be more exact.",
                example=candidate.email or candidate.username or None,
            )
        return self._from_user(matches.users[0])

    def _from_user(self, user: User) -> Recipient:
        """Return the user with the first of their numbers that is valid."""
        for stored in user.phones:
            number = self._parser.find(stored)
            if number is not None:
                name = sanitize_line(user.name, MAX_NAME_LENGTH)
                return _from_phone(RecipientKind.USER, number, name)
        hint = "Type a number instead."
        raise NotFound("phone number", user.name, hint=hint)


def parse_phone(typed: str, parser: PhoneParser) -> Recipient:
    """Return the recipient with this number; raise ``UsageError`` if it is not valid."""
    try:
        number = parser.parse(typed)
    except InvalidPhone as invalid:
        raise UsageError(_invalid_number_message(typed, invalid)) from None
    return _from_phone(RecipientKind.PHONE, number)


def _from_phone(kind: RecipientKind, number: Phone, name: str = "") -> Recipient:
    label = ", ".join(part for part in (name, format_international(number.digits)) if part)
    warning = _phone_warning(number)
    return Recipient(kind, number.digits, label, warning, present_digits=number.present, name=name)


def parse_process(text: str) -> tuple[str, str] | None:
    """Return procedure and key of ``lead LEAD-004038`` or ``lead/LEAD-004038``; else None.

    The key has a digit, which names of people have not.
    """
    found = _PROCESS_PATTERN.fullmatch(remove_invisible(text))
    if found is None or not _KEY_PATTERN.fullmatch(found[2]) or query.extract_emails(text):
        return None
    return found[1].lower(), found[2]


def _invalid_number_message(text: str, invalid: InvalidPhone) -> str:
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


def _phone_warning(number: Phone) -> str:
    if number.is_former:
        return FORMER_NUMBER_WARNING.format(present=format_international(number.present))
    return LANDLINE_WARNING if number.is_landline else ""


def _record_warning(stored: str, number: Phone | None) -> str:
    if not stored:
        return "This record shows no phone number; Chakra may still know one."
    if number is None:
        return "The phone number in this record doesn't look right."
    return _phone_warning(number)
