"""Whom a message goes to: a phone number as people type it, a person of the team, or a process."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from bot.cache import Cached
from bot.chakra.models import User
from bot.chakra.process import Process
from bot.chakra.text import plain
from bot.errors import Missing, NotFound, UsageError
from bot.text.phones import FEWEST_DIGITS, written
from bot.users import query
from bot.users.index import Matches

EXAMPLE = "+91 98765 43210"
LANDLINE = "This is a landline. WhatsApp reaches it only if it was registered there."
LANDLINES = frozenset(
    {PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE}
)
WHOLE = 11
"""Digits from which a number without a plus may be one with its country code, where no country is
set: national numbers that long begin with a zero, and no country code does."""
LONGEST = 200
"""Characters of what may name a recipient."""

_PHONE = re.compile(r"(?:tel:)?[+＋(]?[\d\s().\-‐-―/+＋]+")
_PROCESS = re.compile(r"([a-z][a-z0-9_]{1,40})(?:\s*[/#:]\s*|\s+)([\w.-]{1,80})", re.IGNORECASE)
_KEY = re.compile(r"(?=.*\d)[\w.-]+")


class Kind(StrEnum):
    PHONE = "phone"
    USER = "user"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Recipient:
    """``digits``: the number with its country code; of a process "" where the record shows none.
    ``shown`` is for the one person who sends: the number is whole in it. ``warning`` is a sentence.
    ``procedure`` and ``key`` ("lead", "LEAD-004038") only of a process."""

    kind: Kind
    digits: str = field(repr=False)
    shown: str = field(repr=False)
    warning: str = ""
    procedure: str = ""
    key: str = ""


class Team(Protocol):
    """A :class:`bot.users.directory.Directory`, as far as it is asked here."""

    async def find(self, text: str) -> Cached[Matches]: ...
    async def user(self, user_id: str) -> Cached[User]: ...


class Records(Protocol):
    """The :class:`bot.chakra.processes.Processes`, as far as they are asked here."""

    async def find(self, procedure: str, key: str) -> Process: ...


class Recipients:
    """``region`` is the country of numbers that are typed without a country code."""

    def __init__(self, team: Team, records: Records, region: str | None = None) -> None:
        self._team = team
        self._records = records
        self._region = region or None

    async def find(self, typed: str) -> Recipient:
        """By what it looks like: a number, ``lead LEAD-004038``, else somebody of the team.

        Raises ``UsageError`` or ``NotFound`` with a sentence, and the errors of Chakra.
        """
        text = plain(typed)
        if not text:
            raise UsageError(f"Give a phone number with its country code, as {EXAMPLE}.")
        if len(text) > LONGEST:
            raise UsageError("That is too long for a recipient.")
        if _PHONE.fullmatch(text):
            return phone(text, self._region)
        named = process_named(text)
        if named is None:
            return await self._called(text)
        try:
            return await self.process(*named)
        except NotFound:
            found = (await self._team.find(text)).value  # somebody may be called "Agent 7"
            if found.total != 1 or found.close:
                raise
            return self._of(found.people[0])

    async def user(self, user_id: str) -> Recipient:
        """Raises ``NotFound`` where Chakra has no usable number of theirs; ``Missing``."""
        return self._of((await self._team.user(user_id)).value)

    async def process(self, procedure: str, key: str) -> Recipient:
        """Raises ``NotFound``. A record without a number is taken: Chakra may know which it is."""
        try:
            found = await self._records.find(procedure, key)
        except Missing:
            hint = "Check its type and its key, as in “lead LEAD-004038”."
            raise NotFound(procedure, key, hint=hint) from None
        number = _valid(found.phone, self._region)
        known = _e164(number) if number is not None else ""
        parts = (f"{procedure} {key}", found.name, written(known) if known else "")
        return Recipient(
            Kind.PROCESS,
            known,
            ", ".join(plain(part, 80) for part in parts if part),
            warning=_about_record(found.phone, number),
            procedure=procedure,
            key=key,
        )

    async def _called(self, text: str) -> Recipient:
        matches = (await self._team.find(text)).value
        if not matches.total:
            hint = f"Give a phone number with its country code, as {EXAMPLE}, or an e-mail address."
            raise NotFound("recipient", text, hint=hint)
        if matches.total > 1 or matches.close:
            first = matches.people[0]
            raise UsageError(
                f"Nobody is called exactly “{plain(text, 60)}”."
                if matches.close
                else f"{matches.total} people match “{plain(text, 60)}”. Be more exact.",
                example=first.email or first.username or None,
            )
        return self._of(matches.people[0])

    def _of(self, user: User) -> Recipient:
        """The first number that is one."""
        for stored in user.phones:
            number = _valid(stored, self._region)
            if number is not None:
                digits = _e164(number)
                shown = f"{plain(user.name, 80)}, {written(digits)}"
                return Recipient(Kind.USER, digits, shown, _warning(number))
        hint = "Chakra has no phone number of theirs. Type the number instead."
        raise NotFound("phone number", user.name, hint=hint)


def phone(typed: str, region: str | None = None) -> Recipient:
    """Raises ``UsageError`` for what is no number that could be called."""
    text = typed.strip().removeprefix("tel:")
    number = _parsed(text, region)
    if number is None or not phonenumbers.is_valid_number(number):
        raise UsageError(_why_not(text, number, region))
    digits = _e164(number)
    return Recipient(Kind.PHONE, digits, written(digits), _warning(number))


def process_named(text: str) -> tuple[str, str] | None:
    """``lead LEAD-004038`` or ``lead/LEAD-004038``: the key has a digit, as names have not."""
    found = _PROCESS.fullmatch(text.strip())
    if found is None or not _KEY.fullmatch(found[2]) or query.emails(text):
        return None
    return found[1].lower(), found[2]


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    """The likeliest reading: with the country given, else as a number that has its country code."""
    typed = _narrow(text)
    readings: list[tuple[str, str | None]] = []
    if region and not typed.startswith("+"):
        readings.append((typed, region))
    digits = phonenumbers.normalize_digits_only(typed)
    if typed.startswith("+"):
        readings.append((typed, None))
    elif digits.startswith("00"):
        readings.append((f"+{digits[2:]}", None))
    elif region or len(digits) >= WHOLE:
        readings.append((f"+{digits}", None))
    parsed = [found for reading in readings if (found := _read(*reading)) is not None]
    valid = (one for one in parsed if phonenumbers.is_valid_number(one))
    return next(valid, parsed[0] if parsed else None)


def _valid(stored: str, region: str | None) -> PhoneNumber | None:
    number = _parsed(stored, region) if stored else None
    return number if number is not None and phonenumbers.is_valid_number(number) else None


def _narrow(text: str) -> str:
    return text.strip().removeprefix("(").replace("＋", "+").strip()


def _read(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _why_not(text: str, number: PhoneNumber | None, region: str | None) -> str:
    bare = not region and not _narrow(text).startswith(("+", "00"))
    if bare and len(phonenumbers.normalize_digits_only(text)) >= FEWEST_DIGITS:
        return f"Write the number with its country code, as {EXAMPLE}."
    if number is None:
        return f"“{plain(text, 30)}” is no phone number. Write it as {EXAMPLE}."
    code = f"+{number.country_code}"
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        return f"This number is too short for {code}. Check the digits."
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        return f"This number is too long for {code}. Check the digits."
    return f"No phone in {code} has this number. Check the digits and the country code."


def _warning(number: PhoneNumber) -> str:
    return LANDLINE if phonenumbers.number_type(number) in LANDLINES else ""


def _about_record(stored: str, number: PhoneNumber | None) -> str:
    if not stored:
        return "No phone number was found in this record; Chakra may still know one."
    if number is None:
        return "The phone number in this record does not look right."
    return _warning(number)


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164).removeprefix("+")
