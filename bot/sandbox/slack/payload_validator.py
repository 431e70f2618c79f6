"""The validation of outgoing payloads; it records refusals and warnings."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.slack.errors import PayloadWarning, RejectedPayload, WebApiError
from bot.sandbox.slack.limits import (
    BOUNDS,
    PayloadFinding,
    PayloadSurface,
    check_message,
    check_options_response,
    check_response_body,
    check_view,
    check_view_response,
    choose_error_code,
)
from bot.sandbox.slack.messages import MessageContent

MAX_RECORDED = 1_000
_TRUNCATION_RULE = "message.text"
"""Slack truncates a text that is too long instead of refusing it."""


class PayloadValidator:
    def __init__(self) -> None:
        self.rejections: deque[RejectedPayload] = deque(maxlen=MAX_RECORDED)
        self.warnings: deque[PayloadWarning] = deque(maxlen=MAX_RECORDED)
        self._refuses_private_tables = False

    def refuse_private_tables(self) -> None:
        """Refuse data tables in messages for one person. Whether Slack accepts them is INFERRED."""
        self._refuses_private_tables = True

    def validate_message(self, source: str, payload: Mapping[str, Any]) -> MessageContent:
        self._check_private_table(source, payload, is_private=source == "chat.postEphemeral")
        self._validate(source, payload, check_message(payload), "message")
        return _build_content(payload)

    def validate_response(self, source: str, payload: Mapping[str, Any]) -> MessageContent:
        is_private = payload.get("response_type") != "in_channel"
        self._check_private_table(source, payload, is_private=is_private)
        self._validate(source, payload, check_response_body(payload), "message")
        return _build_content(payload)

    def validate_view(
        self, source: str, view: object, surface: PayloadSurface = "modal"
    ) -> dict[str, Any]:
        self._validate(source, view, check_view(view, surface=surface), surface)
        return dict(view) if isinstance(view, Mapping) else {}

    def validate_view_response(self, body: Mapping[str, Any], view: Mapping[str, Any]) -> None:
        self._validate("view_submission ack", body, check_view_response(body, view), "modal")

    def validate_options(self, body: object) -> dict[str, Any]:
        self._validate("block_suggestion ack", body, check_options_response(body), "modal")
        return dict(body) if isinstance(body, Mapping) else {}

    def _check_private_table(
        self, source: str, payload: Mapping[str, Any], *, is_private: bool
    ) -> None:
        blocks = payload.get("blocks")
        tables = [
            block
            for block in (blocks if isinstance(blocks, list) else ())
            if isinstance(block, dict) and block.get("type") == "data_table"
        ]
        if tables and is_private and self._refuses_private_tables:
            raise self.record_rejection(source, "invalid_blocks", payload)

    def record_rejection(self, source: str, error: str, payload: Any) -> WebApiError:
        """Record a payload that is refused for a reason outside the limits."""
        self.rejections.append(RejectedPayload(source, error, (), payload))
        return WebApiError(error)

    def _validate(
        self, source: str, payload: Any, findings: Sequence[PayloadFinding], surface: PayloadSurface
    ) -> None:
        refused = [f for f in findings if f.is_error and f.rule != _TRUNCATION_RULE]
        for finding in findings:
            if not finding.is_error or finding.rule == _TRUNCATION_RULE:
                found = (source, finding.rule, finding.pointer, finding.message)
                self.warnings.append(PayloadWarning(*found))
        if refused:
            code = choose_error_code(refused, surface)
            messages = tuple(str(finding) for finding in refused)
            self.rejections.append(RejectedPayload(source, code, messages, payload))
            raise WebApiError(code, refused)


def _build_content(payload: Mapping[str, Any]) -> MessageContent:
    text = payload.get("text") or ""
    return MessageContent(
        text=text[: BOUNDS["message.text"].high],
        blocks=payload.get("blocks"),
        attachments=payload.get("attachments"),
        metadata=payload.get("metadata"),
    )
