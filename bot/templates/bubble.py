"""A message as WhatsApp renders it: in a bubble, with the filled-in values highlighted."""

from __future__ import annotations

from collections.abc import Mapping

from bot.chakra.template import Template
from bot.slack import blocks
from bot.slack.blocks import Markup
from bot.slack.commands.reply import Block
from bot.templates.preview import render_preview
from bot.templates.variables import FieldKind, list_template_fields

_START, _END = "\ue000", "\ue001"
"""Private characters around a value, which no message contains once `_mark` has run."""
_CODE_BLOCK = "```"


def render_bubble(template: Template, values: Mapping[str, str]) -> list[Block]:
    """Return the preview as a quote, in which the values of variables are code."""
    drawn: list[Block] = []
    for block in render_preview(template, _mark(template, values)):
        text = block.get("text", {}).get("text", "")
        drawn += blocks.sections(_quote(_set_off(text))) if text else [_unmark(block)]
    return drawn


def _mark(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    texts = {field.key for field in list_template_fields(template) if field.kind is FieldKind.TEXT}
    clean = {key: value.replace(_START, "").replace(_END, "") for key, value in values.items()}
    return {
        key: f"{_START}{value.strip()}{_END}" if key in texts and value.strip() else value
        for key, value in clean.items()
    }


def _set_off(text: str) -> str:
    """Return the text with its values as code, except in WhatsApp's own code blocks."""
    parts = text.split(_CODE_BLOCK)
    for index, part in enumerate(parts):
        if index % 2:
            parts[index] = part.replace(_START, "").replace(_END, "")
            continue
        before, *marked = part.split(_START)
        values = [piece.partition(_END) for piece in marked]
        parts[index] = before + "".join(
            f"`{value.replace('`', chr(39))}`{after}" for value, _, after in values
        )
    return _CODE_BLOCK.join(parts)


def _quote(text: str) -> Markup:
    if _CODE_BLOCK in text:  # a quote sign inside it would be shown
        return Markup(text)
    return Markup("\n".join(f"&gt; {line}" for line in text.split("\n")))


def _unmark(block: Block) -> Block:
    elements = [
        {**element, "text": element["text"].replace(_START, "").replace(_END, "")}
        if isinstance(element.get("text"), str)
        else element
        for element in block.get("elements", ())
    ]
    return {**block, "elements": elements} if elements else block
