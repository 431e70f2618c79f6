"""Our WhatsApp numbers: their quality, their limits, and how much of them this app has used."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from bot.aio.clock import Clock, wait_for
from bot.cache import Cache, Cached
from bot.chakra.models import BusinessAccount, PhoneNumber
from bot.chakra.numbers import PhoneNumbersApi
from bot.errors import BotError
from bot.messages.repository import Sends
from bot.slack.blocks import Markup, bold, lines, markup
from bot.templates.catalog import SENDERS_CACHE_KIND, TemplateCatalog

DAY_SECONDS: Final = 86_400.0
TIMEOUT_SECONDS: Final = 3.0
ACCOUNTS_KEY: Final = "accounts"
MAX_NUMBERS: Final = 10
MAX_NOTE_LENGTH: Final = 200
UNLIMITED: Final = -1
QUALITIES: Final = {
    "GREEN": ":large_green_circle: high quality",
    "YELLOW": ":large_yellow_circle: medium quality",
    "RED": ":red_circle: low quality",
}
_TIER = re.compile(r"(?:TIER_)?(\d{1,9})(K|M)?", re.IGNORECASE)
_UNITS: Final = {"": 1, "K": 1_000, "M": 1_000_000}


@dataclass(frozen=True, slots=True)
class NumbersReport:
    """Numbers and accounts as Chakra lists them.

    ``used`` is how many people this app has sent templates to within a day; ``None`` if the
    database can't be asked.
    """

    numbers: tuple[PhoneNumber, ...]
    accounts: tuple[BusinessAccount, ...]
    used: int | None


class SenderNumbers:
    """Reads the report. ``plugin_id`` is "" for the numbers of the whole team."""

    def __init__(
        self,
        catalog: TemplateCatalog,
        numbers: PhoneNumbersApi,
        cache: Cache,
        sends: Sends,
        clock: Clock,
        *,
        plugin_id: str,
    ) -> None:
        self._catalog = catalog
        self._numbers = numbers
        self._cache = cache
        self._sends = sends
        self._clock = clock
        self._plugin_id = plugin_id

    async def read(self, *, refresh: bool = False) -> NumbersReport | None:
        """Return the report; ``None`` if the numbers can't be listed within three seconds."""
        try:
            return await wait_for(self._clock, self._read(refresh=refresh), TIMEOUT_SECONDS)
        except (BotError, TimeoutError):
            return None

    async def _read(self, *, refresh: bool) -> NumbersReport:
        numbers, accounts, used = await asyncio.gather(
            self._catalog.get_numbers(refresh=refresh),
            self._list_accounts(refresh=refresh),
            self._count_used(),
        )
        return NumbersReport(numbers.value, accounts, used)

    async def _list_accounts(self, *, refresh: bool) -> tuple[BusinessAccount, ...]:
        """Return the accounts; none if Chakra doesn't list them: that it does is INFERRED."""

        async def load() -> tuple[BusinessAccount, ...]:
            return await self._numbers.list_accounts(self._plugin_id)

        try:
            found: Cached[tuple[BusinessAccount, ...]] = await self._cache.get(
                SENDERS_CACHE_KIND, ACCOUNTS_KEY, load, refresh=refresh
            )
        except BotError:
            return ()
        return found.value

    async def _count_used(self) -> int | None:
        try:
            return await self._sends.count_recipients(self._clock.time() - DAY_SECONDS)
        except BotError:
            return None


def find_daily_limit(number: PhoneNumber) -> int | None:
    """Return how many people the business may contact first within a day, by Meta's tier.

    ``UNLIMITED`` if there is no limit, ``None`` if the tier is unknown.
    """
    if "UNLIMITED" in number.messaging_limit.upper():
        return UNLIMITED
    tier = _TIER.fullmatch(number.messaging_limit)
    return int(tier[1]) * _UNITS[(tier[2] or "").upper()] if tier else None


def describe_limit(number: PhoneNumber) -> str:
    """Return "1,000 people a day", or the tier as Chakra has it; "" if it has none."""
    limit = find_daily_limit(number)
    if limit is None:
        return number.messaging_limit and f"limit {_humanize(number.messaging_limit)}"
    return "no daily limit" if limit == UNLIMITED else f"{limit:,} people a day"


def describe_quality(number: PhoneNumber) -> str:
    """Return "high quality" without its mark; "" if Chakra doesn't rate the number."""
    return _describe_score(number).rpartition(": ")[2]


def _describe_score(number: PhoneNumber) -> str:
    score = number.quality.upper()
    if score in ("", "UNKNOWN", "NA"):
        return ""
    return QUALITIES.get(score, f"quality {_humanize(number.quality)}")


def describe_number(number: PhoneNumber, used: int | None) -> Markup:
    """Return a number as the status shows it: its name, quality and remaining limit."""
    title = markup(bold(number.name))
    if number.display_phone_number and number.display_phone_number != number.name:
        title = markup(title, "  ", number.display_phone_number)
    facts = [_describe_connection(number), _describe_score(number), describe_limit(number)]
    left = _describe_remaining(number, used)
    facts += [left, _describe_name_status(number), "test number" if number.is_sandbox else ""]
    rows = [title, markup(*_join(facts))]
    if number.problems:
        rows.append(markup(":warning: ", number.problems[:MAX_NOTE_LENGTH]))
    return lines(rows)


def describe_numbers(report: NumbersReport) -> list[Markup]:
    """Return the status lines about numbers, and an explanation of their figures."""
    shown = [describe_number(number, report.used) for number in report.numbers[:MAX_NUMBERS]]
    if len(report.numbers) > MAX_NUMBERS:
        shown.append(markup(f"… and {len(report.numbers) - MAX_NUMBERS} more numbers"))
    return shown


def describe_accounts(report: NumbersReport) -> Markup:
    """Return the business accounts in a line, and an explanation of the limits."""
    named = [
        f"{account.name or account.id} ({_humanize(account.chakra_status) or 'status unknown'})"
        for account in report.accounts[:MAX_NUMBERS]
    ]
    accounts = f"Business accounts: {', '.join(named)}. " if named else ""
    return markup(
        accounts,
        "A limit is how many people you can contact first within 24 hours. What's left counts only "
        "what this app sent; templates to people who wrote within 24 hours are counted too, though "
        "WhatsApp doesn't count them.",
    )


def _describe_remaining(number: PhoneNumber, used: int | None) -> str:
    limit = find_daily_limit(number)
    if used is None or limit is None or limit == UNLIMITED:
        return ""
    return f"{max(0, limit - used):,} left today"


def _describe_connection(number: PhoneNumber) -> str:
    if not number.status and not number.chakra_status:
        return ""
    if number.is_connected:
        return "connected"
    states = dict.fromkeys(
        _humanize(state)
        for state in (number.status, number.chakra_status)
        if state and state.upper() != "CONNECTED"
    )
    return f":warning: {', '.join(states)}"


def _describe_name_status(number: PhoneNumber) -> str:
    return f"name {_humanize(number.name_status)}" if number.name_status else ""


def _join(facts: list[str]) -> list[str]:
    return ["  ·  ".join(fact for fact in facts if fact)]


def _humanize(code: str) -> str:
    return code.replace("_", " ").lower()
