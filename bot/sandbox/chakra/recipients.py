"""Recipients, and the outcome of a message to each. The known ones are in ``numbers.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from bot.sandbox.chakra.accepted_send import SEND_META_MESSAGE, SEND_TO_PHONE, DeliveryStatus
from bot.sandbox.chakra.faults import (
    DelayedResponse,
    ErrorsWithStatus200,
    Fault,
    Hang,
    HtmlErrorPage,
    ResetAfterHandling,
    ResetBeforeHandling,
    TooManyRequests,
)
from bot.sandbox.chakra.request_log import RecordedRequest
from bot.sandbox.chakra.whatsapp_ids import is_whatsapp_id

SEED_PATH = Path(__file__).with_name("numbers.json")
MODEL_CONFIG = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)
UNDELIVERABLE_CODE = 131026

FaultName = Literal[
    "slow", "hang", "reset_before", "reset_after", "throttle", "errors_in_200", "html"
]
FAULTS_BY_NAME: Mapping[FaultName, Fault] = {
    "slow": DelayedResponse(5),
    "hang": Hang(),
    "reset_before": ResetBeforeHandling(),
    "reset_after": ResetAfterHandling(),
    "throttle": TooManyRequests(message_ms=850),
    "errors_in_200": ErrorsWithStatus200("The message could not be queued"),
    "html": HtmlErrorPage(),
}


class StatusStep(BaseModel):
    """A status event, ``after`` seconds from the acceptance; ``code`` is Meta's."""

    model_config = MODEL_CONFIG

    after: float
    status: DeliveryStatus
    code: int | None = None


DEFAULT_STEPS = (
    StatusStep(after=0.6, status="SENT"),
    StatusStep(after=1.2, status="DELIVERED"),
    StatusStep(after=2.5, status="READ"),
)
UNDELIVERABLE_STEPS = (StatusStep(after=0.6, status="FAILED", code=UNDELIVERABLE_CODE),)


class ScriptedRecipient(BaseModel):
    """A recipient with a scripted outcome.

    ``says`` is a line for the demo. ``refused_with`` is Meta's immediate error; ``answers`` is a
    reply, ``presses`` presses the first quick reply; ``trouble`` is a fault on the way to Chakra;
    ``wrote`` opens the 24-hour window at the start.
    """

    model_config = MODEL_CONFIG

    number: str
    says: str
    steps: tuple[StatusStep, ...] = DEFAULT_STEPS
    refused_with: int | None = None
    pair_limit: bool = False
    answers: str = ""
    presses: bool = False
    legacy_events: bool = False
    wrote: bool = False
    trouble: FaultName | None = None


class ScriptedRecipients:
    def __init__(self, scripted: tuple[ScriptedRecipient, ...]) -> None:
        self.scripted = scripted
        self._by_number = {recipient.number: recipient for recipient in scripted}

    def get(self, number: str) -> ScriptedRecipient:
        """Return the recipient's script; any other possible number reads its messages."""
        known = self._by_number.get(number)
        if known is not None:
            return known
        steps = DEFAULT_STEPS if is_whatsapp_id(number) else UNDELIVERABLE_STEPS
        return ScriptedRecipient(number=number, says="", steps=steps)

    def find_fault(self, request: RecordedRequest) -> Fault | None:
        """Return the fault that this request's recipient triggers."""
        known = self._by_number.get(_find_recipient_number(request))
        return FAULTS_BY_NAME[known.trouble] if known is not None and known.trouble else None


@cache
def load_recipients() -> ScriptedRecipients:
    rows = json.loads(SEED_PATH.read_bytes())
    return ScriptedRecipients(tuple(ScriptedRecipient.model_validate(row) for row in rows))


def _find_recipient_number(request: RecordedRequest) -> str:
    """Return the recipient's number; "" if only Chakra knows it, or for other requests."""
    if f"{request.method} {request.endpoint}" == SEND_TO_PHONE:
        return request.path.split("/")[-2]
    if f"{request.method} {request.endpoint}" == SEND_META_MESSAGE and isinstance(
        request.json, dict
    ):
        return str(request.json.get("to", "")).removeprefix("+")
    return ""
