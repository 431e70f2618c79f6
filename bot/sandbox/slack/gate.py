"""The validation of outgoing payloads; it records refusals and warnings."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.slack.limits import (
    BOUNDS,
    Finding,
    Surface,
    check_message,
    check_options_answer,
    check_response,
    check_view,
    check_view_response,
    error_code,
)
from bot.sandbox.slack.messages import Content
from bot.sandbox.slack.refusal import PayloadWarning, Refused, RefusedPayload

KEPT = 1_000
_CUT = "message.text"
"""Slack truncates a text that is too long instead of refusing it."""


class Gate:
    def __init__(self) -> None:
        self.refusals: deque[RefusedPayload] = deque(maxlen=KEPT)
        self.warnings: deque[PayloadWarning] = deque(maxlen=KEPT)

    def message(self, where: str, payload: Mapping[str, Any]) -> Content:
        self._judge(where, payload, check_message(payload), "message")
        return _content(payload)

    def response(self, where: str, payload: Mapping[str, Any]) -> Content:
        self._judge(where, payload, check_response(payload), "message")
        return _content(payload)

    def view(self, where: str, view: object) -> dict[str, Any]:
        self._judge(where, view, check_view(view), "modal")
        return dict(view) if isinstance(view, Mapping) else {}

    def view_response(self, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        self._judge("view_submission ack", body, check_view_response(body, view), "modal")

    def options(self, body: object) -> dict[str, Any]:
        self._judge("block_suggestion ack", body, check_options_answer(body), "modal")
        return dict(body) if isinstance(body, Mapping) else {}

    def refuse(self, where: str, error: str, payload: Any) -> Refused:
        """Record a payload that is refused for a reason outside the limits."""
        self.refusals.append(RefusedPayload(where, error, (), payload))
        return Refused(error)

    def _judge(
        self, where: str, payload: Any, findings: Sequence[Finding], surface: Surface
    ) -> None:
        refused = [f for f in findings if f.refused and f.rule != _CUT]
        for finding in findings:
            if not finding.refused or finding.rule == _CUT:
                found = (where, finding.rule, finding.pointer, finding.text)
                self.warnings.append(PayloadWarning(*found))
        if refused:
            code = error_code(refused, surface)
            messages = tuple(str(finding) for finding in refused)
            self.refusals.append(RefusedPayload(where, code, messages, payload))
            raise Refused(code, refused)


def _content(payload: Mapping[str, Any]) -> Content:
    text = payload.get("text") or ""
    return Content(
        text=text[: BOUNDS["message.text"].high],
        blocks=payload.get("blocks"),
        attachments=payload.get("attachments"),
        metadata=payload.get("metadata"),
    )
