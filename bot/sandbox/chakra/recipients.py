"""Recipients, and what happens to a message to each. The known ones are in ``numbers.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import phonenumbers
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from bot.sandbox.chakra.faults import (
    Errors200,
    Fault,
    Hang,
    Html,
    ResetAfter,
    ResetBefore,
    Slow,
    Throttle,
)
from bot.sandbox.chakra.sent import META, PHONE, State
from bot.sandbox.chakra.traffic import Asked

SEED = Path(__file__).with_name("numbers.json")
SHAPE = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)
UNDELIVERABLE = 131026

Trouble = Literal[
    "slow", "hang", "reset_before", "reset_after", "throttle", "errors_in_200", "html"
]
TROUBLES: Mapping[Trouble, Fault] = {
    "slow": Slow(5),
    "hang": Hang(),
    "reset_before": ResetBefore(),
    "reset_after": ResetAfter(),
    "throttle": Throttle(message_ms=850),
    "errors_in_200": Errors200("The message could not be queued"),
    "html": Html(),
}


class Step(BaseModel):
    """A status event, ``after`` seconds from the acceptance; ``code`` is Meta's."""

    model_config = SHAPE

    after: float
    status: State
    code: int | None = None


USUAL = (
    Step(after=0.6, status="SENT"),
    Step(after=1.2, status="DELIVERED"),
    Step(after=2.5, status="READ"),
)
LOST = (Step(after=0.6, status="FAILED", code=UNDELIVERABLE),)


class KnownNumber(BaseModel):
    """A recipient with a scripted outcome.

    ``says`` is a line for the demo. ``refused_with`` is Meta's immediate error; ``answers`` is a
    reply, ``presses`` presses the first quick reply; ``trouble`` is a fault on the way to Chakra;
    ``wrote`` opens the 24-hour window at the start.
    """

    model_config = SHAPE

    number: str
    says: str
    steps: tuple[Step, ...] = USUAL
    refused_with: int | None = None
    pair_limit: bool = False
    answers: str = ""
    presses: bool = False
    legacy_events: bool = False
    wrote: bool = False
    trouble: Trouble | None = None


class Recipients:
    def __init__(self, known: tuple[KnownNumber, ...]) -> None:
        self.known = known
        self._by_number = {one.number: one for one in known}

    def of(self, number: str) -> KnownNumber:
        """Return the recipient's script; any other possible number reads its messages."""
        known = self._by_number.get(number)
        if known is not None:
            return known
        steps = USUAL if _can_exist(number) else LOST
        return KnownNumber(number=number, says="", steps=steps)

    def trouble(self, asked: Asked) -> Fault | None:
        """Return the fault that this request's recipient triggers."""
        known = self._by_number.get(_recipient(asked))
        return TROUBLES[known.trouble] if known is not None and known.trouble else None


def read_recipients() -> Recipients:
    rows = json.loads(SEED.read_bytes())
    return Recipients(tuple(KnownNumber.model_validate(row) for row in rows))


def _recipient(asked: Asked) -> str:
    """Return the recipient's number; "" if only Chakra knows it, or for other requests."""
    if f"{asked.method} {asked.endpoint}" == PHONE:
        return asked.path.split("/")[-2]
    if f"{asked.method} {asked.endpoint}" == META and isinstance(asked.json, dict):
        return str(asked.json.get("to", "")).removeprefix("+")
    return ""


def _can_exist(number: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}"))
    except phonenumbers.NumberParseException:
        return False
