"""Whole messages: chat.*, response_url bodies, and messages in an ack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.slack.limits.blocks import check_blocks
from bot.sandbox.slack.limits.tables import count_cells
from bot.sandbox.slack.limits.traversal import count_characters, iter_blocks
from bot.sandbox.slack.limits.validation_report import Json, PayloadFinding, ValidationReport

_RESPONSE_TYPES = ("in_channel", "ephemeral")


def check_message(message: Json) -> list[PayloadFinding]:
    report = ValidationReport("message")
    if not any(message.get(part) for part in ("text", "blocks", "attachments")):
        report.add("message.empty", "", "no text, blocks or attachments")
    _check_text(report, message)
    if message.get("blocks") is not None:
        blocks = report.require_array(message["blocks"], "/blocks")
        if blocks is not None:
            report.check_count("message.blocks", len(blocks), "/blocks")
            check_blocks(report, blocks)
            _check_message_totals(report, blocks)
    if message.get("attachments") is not None:
        attachments = report.require_array(message["attachments"], "/attachments")
        if attachments is not None:
            report.check_count("message.attachments", len(attachments), "/attachments")
            _check_attachments(report, attachments)
    return report.findings


def check_response_body(body: Json) -> list[PayloadFinding]:
    """Check a response_url body or a command's ack: a message, or only an instruction about one."""
    report = ValidationReport("message")
    if body.get("response_type") is not None:
        kind = body["response_type"]
        report.check_one_of("respond.type", kind, _RESPONSE_TYPES, "/response_type")
    if body.get("delete_original") and not (body.get("text") or body.get("blocks")):
        return report.findings
    return report.findings + check_message(body)


def _check_text(report: ValidationReport, message: Json) -> None:
    text = message.get("text")
    if text is None:
        text = ""
    report.check_length("message.text", text, "/text")
    report.check_length("message.text.long", text, "/text")
    if message.get("blocks") and not text:
        report.add("message.fallback", "/text", "blocks without text: notifications stay empty")


def _check_attachments(report: ValidationReport, attachments: Sequence[Any]) -> None:
    for index, attachment in enumerate(attachments):
        at = f"/attachments/{index}"
        checked = report.require_object(attachment, at)
        if checked is None or checked.get("blocks") is None:
            continue
        blocks = report.require_array(checked["blocks"], f"{at}/blocks")
        if blocks is not None:
            check_blocks(report, blocks, f"{at}/blocks")


def _check_message_totals(report: ValidationReport, blocks: Sequence[Any]) -> None:
    """Check the limits that hold over all blocks of a message."""
    kinds = [block.get("type") for block in iter_blocks(blocks)]
    tables = [block for block in iter_blocks(blocks) if block.get("type") == "data_table"]
    report.check_count("message.charts", kinds.count("data_visualization"), "/blocks")
    report.check_total_length("message.cells", sum(map(count_cells, tables)), "/blocks")
    report.check_total_length("message.size", count_characters(blocks), "/blocks")
