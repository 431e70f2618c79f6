"""Refusals: Slack's error codes for the app, sentences for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.limits import PayloadFinding


class WebApiError(Exception):
    """Slack's ``{"ok": false, "error": code}``.

    ``findings`` become ``response_metadata.messages``; ``more`` is merged into the body.
    """

    def __init__(
        self,
        code: str,
        findings: Sequence[PayloadFinding] = (),
        *,
        status: int = 200,
        retry_after: int | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.findings = tuple(findings)
        self.status = status
        self.retry_after = retry_after
        self.extra = extra

    @property
    def messages(self) -> list[str]:
        return [str(finding) for finding in self.findings if finding.is_error]

    def to_body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error": self.code, **self.extra}
        if self.messages:
            body["response_metadata"] = {"messages": self.messages}
        return body


class ActionNotPossible(Exception):
    """Raised when Slack's client wouldn't let a person do this; the message says why."""


@dataclass(frozen=True)
class RejectedPayload:
    """A refused payload of the app; ``where`` is a method, or what was acknowledged."""

    source: str
    error: str
    messages: tuple[str, ...]
    payload: Any


@dataclass(frozen=True)
class PayloadWarning:
    """An accepted payload with a flaw that people would notice: a ``warn`` rule of the limits."""

    source: str
    rule: str
    pointer: str
    text: str
