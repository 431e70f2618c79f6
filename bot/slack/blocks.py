"""Block Kit in our words. Pure. Text from outside goes in as ``str`` and is escaped here; only what
this module made itself (:class:`Markup`) passes unescaped, so no name can mention a channel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.slack.commands.reply import Block, Choice, Message, View

# Slack's limits, from docs.slack.dev/reference/block-kit and /reference/views.
MAX_SECTION_TEXT_LENGTH = 3_000
MAX_FIELD_TEXT_LENGTH = 2_000
MAX_SECTION_FIELDS = 10
MAX_BUTTON_TEXT_LENGTH = 75
MAX_OPTION_TEXT_LENGTH = 75
MAX_OPTION_DESCRIPTION_LENGTH = 75
MAX_OPTIONS = 100
MAX_VIEW_TITLE_LENGTH = 24
MAX_PLACEHOLDER_LENGTH = 150
MAX_LABEL_LENGTH = 2_000
MAX_ALT_TEXT_LENGTH = 2_000
MAX_IMAGE_URL_LENGTH = 3_000
MAX_BUTTON_VALUE_LENGTH = 2_000
MAX_CONTEXT_ELEMENTS = 10
MAX_FORM_FILE_BYTES = 10 * 1024 * 1024

_UNSAFE = re.compile(
    "[&<>\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u0590-\u08ff\ufb1d-\ufefc]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_WHITESPACE = re.compile(r"\s+")
_LINE_BREAK = re.compile(r"\s*\n\s*")


class Markup(str):
    """Mrkdwn that was made here and may pass as it is."""

    __slots__ = ()


def escape(text: str) -> Markup:
    """Outside text as mrkdwn that shows the same characters and mentions nobody.

    Control and direction-override characters go; right-to-left text is isolated (U+2068 … U+2069)
    so that it does not turn the words around it.
    """
    if type(text) is Markup:
        return text
    if not _UNSAFE.search(text):
        return Markup(text)
    safe = _CONTROL.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(f"\u2068{safe}\u2069" if _RIGHT_TO_LEFT.search(safe) else safe)


def clip(text: str, max_length: int) -> str:
    """``text`` cut to ``most`` characters, the last of them an ellipsis where something went."""
    if len(text) <= max_length:
        return text
    cut = text[: max_length - 1].rstrip()
    if isinstance(text, Markup):
        cut = re.sub(r"&[a-z]{0,3}$|<[^<>]*$", "", cut)
        return Markup(cut + "…")
    return cut + "…"


def markup(*parts: str) -> Markup:
    """The parts, one behind the other, each escaped unless it is markup already."""
    return Markup("".join([escape(part) for part in parts]))


def lines(parts: Iterable[str]) -> Markup:
    return Markup("\n".join([escape(part) for part in parts]))


def bold(text: str) -> Markup:
    """One line in bold. Asterisks of the text itself would end it early, so they become ∗."""
    flat = _WHITESPACE.sub(" ", escape(text)).strip().replace("*", "∗")
    return Markup(f"*{flat}*") if flat else Markup("")


def italic(text: str) -> Markup:
    flat = _WHITESPACE.sub(" ", escape(text)).strip()
    return Markup(f"_{flat}_") if flat else Markup("")


def code(text: str) -> Markup:
    """Text to copy. A backtick or a new line would end it: an apostrophe, and a space."""
    flat = _LINE_BREAK.sub(" ", escape(text)).replace("`", "'")
    return Markup(f"`{flat}`")


def mention(user_id: str) -> Markup:
    """``user`` is a Slack member id from a signed request or a mention, never typed text."""
    return Markup(f"<@{escape(user_id)}>")


def channel_mention(channel_id: str) -> Markup:
    return Markup(f"<#{escape(channel_id)}>")


def plain_text(text: str, max_length: int) -> dict[str, Any]:
    return {
        "type": "plain_text",
        "text": clip(_CONTROL.sub("", text), max_length) or " ",
        "emoji": True,
    }


def mrkdwn(text: str, max_length: int = MAX_SECTION_TEXT_LENGTH) -> dict[str, Any]:
    safe = escape(text)
    return {
        "type": "mrkdwn",
        "text": (safe if len(safe) <= max_length else clip(safe, max_length)) or " ",
    }


def section(text: str, *, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if accessory is not None:
        block["accessory"] = accessory
    return block


def fields(pairs: Iterable[tuple[str, str]]) -> list[Block]:
    """Label and value, two columns; as many sections as Slack's ten fields a section need."""
    cells = [_field(label, value) for label, value in pairs]
    return [
        {"type": "section", "fields": cells[start : start + MAX_SECTION_FIELDS]}
        for start in range(0, len(cells), MAX_SECTION_FIELDS)
    ]


def _field(label: str, value: str) -> Block:
    text = f"*{escape(label)}*\n{escape(value)}"
    return {
        "type": "mrkdwn",
        "text": text
        if len(text) <= MAX_FIELD_TEXT_LENGTH
        else clip(Markup(text), MAX_FIELD_TEXT_LENGTH),
    }


def header(text: str) -> Block:
    """Our own words only: a header is plain text and shows entities as they stand."""
    return {"type": "header", "text": plain_text(text, 150)}


def text_message(text: str) -> Message:
    """One plain answer."""
    return Message(escape(text), (section(text),))


def context(*parts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(part) for part in parts[:MAX_CONTEXT_ELEMENTS]]}


def divider() -> Block:
    return {"type": "divider"}


def image(url: str, alt: str) -> Block | None:
    """A picture beside a section, or nothing where Slack would refuse the address."""
    if not url.startswith(("https://", "http://")) or len(url) > MAX_IMAGE_URL_LENGTH:
        return None
    return {
        "type": "image",
        "image_url": url,
        "alt_text": clip(alt, MAX_ALT_TEXT_LENGTH) or "picture",
    }


def button(text: str, action: str, value: str = "", *, style: str = "") -> Block:
    element: Block = {
        "type": "button",
        "text": plain_text(text, MAX_BUTTON_TEXT_LENGTH),
        "action_id": action,
    }
    if value:
        element["value"] = value[:MAX_BUTTON_VALUE_LENGTH]
    if style:
        element["style"] = style
    return element


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def option(choice: Choice) -> Block:
    made: Block = {"text": plain_text(choice.text, MAX_OPTION_TEXT_LENGTH), "value": choice.value}
    if choice.description:
        made["description"] = plain_text(choice.description, MAX_OPTION_DESCRIPTION_LENGTH)
    return made


def select(
    action: str, placeholder: str, choices: Sequence[Choice], *, initial: str | None = None
) -> Block:
    made = [option(choice) for choice in choices[:MAX_OPTIONS]]
    element: Block = {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, MAX_PLACEHOLDER_LENGTH),
        "options": made,
    }
    chosen = next((one for one in made if one["value"] == initial), None)
    if chosen is not None:
        element["initial_option"] = chosen
    return element


def text_field(
    block_id: str,
    label: str,
    *,
    action: str,
    initial: str = "",
    hint: str = "",
    optional: bool = False,
    multiline: bool = False,
    dispatch_action: bool = False,
    max_length: int = MAX_SECTION_TEXT_LENGTH,
) -> Block:
    """``live`` tells the action of every letter."""
    element: Block = {"type": "plain_text_input", "action_id": action, "max_length": max_length}
    if multiline:
        element["multiline"] = True
    if initial:
        element["initial_value"] = initial[:max_length]
    if dispatch_action:
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    block = _input(block_id, label, element, hint=hint, optional=optional)
    return {**block, "dispatch_action": True} if dispatch_action else block


def external_field(
    block_id: str, label: str, *, action: str, placeholder: str, initial: Choice | None = None
) -> Block:
    """A menu whose options are asked for as one types; choosing one is told to the action."""
    element: Block = {
        "type": "external_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, MAX_PLACEHOLDER_LENGTH),
        "min_query_length": 0,
    }
    if initial is not None:
        element["initial_option"] = option(initial)
    block = _input(block_id, label, element, hint="", optional=False)
    return {**block, "dispatch_action": True}


def select_field(
    block_id: str,
    label: str,
    *,
    action: str,
    placeholder: str,
    choices: Sequence[Choice],
    initial: str | None = None,
    hint: str = "",
    dispatch_action: bool = False,
) -> Block:
    """Like :func:`select`, as a field of a form; ``live`` tells the action of every choice."""
    element = select(action, placeholder, choices, initial=initial)
    block = _input(block_id, label, element, hint=hint, optional=False)
    return {**block, "dispatch_action": True} if dispatch_action else block


def file_field(
    block_id: str,
    label: str,
    *,
    action: str,
    filetypes: Sequence[str] = (),
    hint: str = "",
    optional: bool = False,
) -> Block:
    """One file from the person's device, of up to 10 MB (``MAX_FORM_FILE_BYTES``); in modals only,
    and
    with the scope files:read. ``filetypes`` are endings of names, none for all: a convenience,
    says Slack, and no check. It cannot be filled in beforehand, and tells no action: the file comes
    with the submission, or with what else of the form is used.

    docs.slack.dev/reference/block-kit/block-elements/file-input-element
    """
    element: Block = {"type": "file_input", "action_id": action, "max_files": 1}
    if filetypes:
        element["filetypes"] = list(filetypes)
    return _input(block_id, label, element, hint=hint, optional=optional)


def _input(block_id: str, label: str, element: Block, *, hint: str, optional: bool) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(label, MAX_LABEL_LENGTH),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = plain_text(hint, MAX_LABEL_LENGTH)
    return block


def form_modal(callback_id: str, title: str, submit: str, blocks: Sequence[Block]) -> View:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, MAX_VIEW_TITLE_LENGTH),
        "submit": plain_text(submit, MAX_VIEW_TITLE_LENGTH),
        "close": plain_text("Cancel", MAX_VIEW_TITLE_LENGTH),
        "blocks": list(blocks),
    }


def info_modal(title: str, blocks: Sequence[Block]) -> View:
    """A modal that only tells: no inputs, one Close."""
    return {
        "type": "modal",
        "callback_id": "notice",
        "title": plain_text(title, MAX_VIEW_TITLE_LENGTH),
        "close": plain_text("Close", MAX_VIEW_TITLE_LENGTH),
        "blocks": list(blocks),
    }


def with_values(
    view: View, values: Mapping[str, str], leading_blocks: Sequence[Block] = ()
) -> View:
    """A form of ours once more, with what the person had entered and a word above it."""
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    again: View = {key: view[key] for key in kept if view.get(key)}
    again["blocks"] = [*leading_blocks, *(_refill(block, values) for block in view["blocks"])]
    return again


def _refill(block: Block, values: Mapping[str, str]) -> Block:
    value = values.get(block.get("block_id", ""))
    element = block.get("element", {})
    if value is None or element.get("type") not in _INITIAL_VALUE_KEYS:
        return block
    name = _INITIAL_VALUE_KEYS[element["type"]]
    kept = {key: item for key, item in element.items() if key != name}
    chosen: Any = value
    if name == "initial_option":
        chosen = next((one for one in element["options"] if one["value"] == value), None)
    return {**block, "element": {**kept, name: chosen} if chosen else kept}


_INITIAL_VALUE_KEYS = {"plain_text_input": "initial_value", "static_select": "initial_option"}
"""The type of an element -> what it begins with."""
