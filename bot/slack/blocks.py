"""Block Kit in our words. Pure. Text from outside goes in as ``str`` and is escaped here; only what
this module made itself (:class:`Markup`) passes unescaped, so no name can mention a channel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.slack.commands.reply import Block, Choice, Message, View

# Slack's limits, from docs.slack.dev/reference/block-kit and /reference/views.
SECTION_TEXT = 3_000
FIELD_TEXT = 2_000
FIELDS = 10
BUTTON_TEXT = 75
OPTION_TEXT = 75
OPTION_DESCRIPTION = 75
OPTIONS = 100
VIEW_TITLE = 24
PLACEHOLDER = 150
LABEL = 2_000
ALT_TEXT = 2_000
IMAGE_URL = 3_000
BUTTON_VALUE = 2_000
CONTEXT_ELEMENTS = 10
FORM_FILE_BYTES = 10 * 1024 * 1024

_UNSAFE = re.compile(
    "[&<>\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u0590-\u08ff\ufb1d-\ufefc]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_BLANK = re.compile(r"\s+")
_BREAK = re.compile(r"\s*\n\s*")


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


def clip(text: str, most: int) -> str:
    """``text`` cut to ``most`` characters, the last of them an ellipsis where something went."""
    if len(text) <= most:
        return text
    cut = text[: most - 1].rstrip()
    if isinstance(text, Markup):
        cut = re.sub(r"&[a-z]{0,3}$|<[^<>]*$", "", cut)
        return Markup(cut + "…")
    return cut + "…"


def words(*parts: str) -> Markup:
    """The parts, one behind the other, each escaped unless it is markup already."""
    return Markup("".join([escape(part) for part in parts]))


def lines(parts: Iterable[str]) -> Markup:
    return Markup("\n".join([escape(part) for part in parts]))


def bold(text: str) -> Markup:
    """One line in bold. Asterisks of the text itself would end it early, so they become ∗."""
    flat = _BLANK.sub(" ", escape(text)).strip().replace("*", "∗")
    return Markup(f"*{flat}*") if flat else Markup("")


def italic(text: str) -> Markup:
    flat = _BLANK.sub(" ", escape(text)).strip()
    return Markup(f"_{flat}_") if flat else Markup("")


def code(text: str) -> Markup:
    """Text to copy. A backtick or a new line would end it: an apostrophe, and a space."""
    flat = _BREAK.sub(" ", escape(text)).replace("`", "'")
    return Markup(f"`{flat}`")


def mention(user: str) -> Markup:
    """``user`` is a Slack member id from a signed request or a mention, never typed text."""
    return Markup(f"<@{escape(user)}>")


def channel(channel_id: str) -> Markup:
    return Markup(f"<#{escape(channel_id)}>")


def plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": clip(_CONTROL.sub("", text), most) or " ", "emoji": True}


def mrkdwn(text: str, most: int = SECTION_TEXT) -> dict[str, Any]:
    safe = escape(text)
    return {"type": "mrkdwn", "text": (safe if len(safe) <= most else clip(safe, most)) or " "}


def section(text: str, *, accessory: Block | None = None) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if accessory is not None:
        block["accessory"] = accessory
    return block


def fields(pairs: Iterable[tuple[str, str]]) -> list[Block]:
    """Label and value, two columns; as many sections as Slack's ten fields a section need."""
    cells = [_cell(label, value) for label, value in pairs]
    return [
        {"type": "section", "fields": cells[start : start + FIELDS]}
        for start in range(0, len(cells), FIELDS)
    ]


def _cell(label: str, value: str) -> Block:
    text = f"*{escape(label)}*\n{escape(value)}"
    return {
        "type": "mrkdwn",
        "text": text if len(text) <= FIELD_TEXT else clip(Markup(text), FIELD_TEXT),
    }


def header(text: str) -> Block:
    """Our own words only: a header is plain text and shows entities as they stand."""
    return {"type": "header", "text": plain(text, 150)}


def told(text: str) -> Message:
    """One plain answer."""
    return Message(escape(text), (section(text),))


def context(*parts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(part) for part in parts[:CONTEXT_ELEMENTS]]}


def divider() -> Block:
    return {"type": "divider"}


def image(url: str, alt: str) -> Block | None:
    """A picture beside a section, or nothing where Slack would refuse the address."""
    if not url.startswith(("https://", "http://")) or len(url) > IMAGE_URL:
        return None
    return {"type": "image", "image_url": url, "alt_text": clip(alt, ALT_TEXT) or "picture"}


def button(text: str, action: str, value: str = "", *, style: str = "") -> Block:
    element: Block = {"type": "button", "text": plain(text, BUTTON_TEXT), "action_id": action}
    if value:
        element["value"] = value[:BUTTON_VALUE]
    if style:
        element["style"] = style
    return element


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def option(choice: Choice) -> Block:
    made: Block = {"text": plain(choice.text, OPTION_TEXT), "value": choice.value}
    if choice.description:
        made["description"] = plain(choice.description, OPTION_DESCRIPTION)
    return made


def select(
    action: str, placeholder: str, choices: Sequence[Choice], *, initial: str | None = None
) -> Block:
    made = [option(choice) for choice in choices[:OPTIONS]]
    element: Block = {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(placeholder, PLACEHOLDER),
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
    live: bool = False,
    most: int = SECTION_TEXT,
) -> Block:
    """``live`` tells the action of every letter."""
    element: Block = {"type": "plain_text_input", "action_id": action, "max_length": most}
    if multiline:
        element["multiline"] = True
    if initial:
        element["initial_value"] = initial[:most]
    if live:
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    block = _input(block_id, label, element, hint=hint, optional=optional)
    return {**block, "dispatch_action": True} if live else block


def external_field(
    block_id: str, label: str, *, action: str, placeholder: str, chosen: Choice | None = None
) -> Block:
    """A menu whose options are asked for as one types; choosing one is told to the action."""
    element: Block = {
        "type": "external_select",
        "action_id": action,
        "placeholder": plain(placeholder, PLACEHOLDER),
        "min_query_length": 0,
    }
    if chosen is not None:
        element["initial_option"] = option(chosen)
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
    live: bool = False,
) -> Block:
    """Like :func:`select`, as a field of a form; ``live`` tells the action of every choice."""
    element = select(action, placeholder, choices, initial=initial)
    block = _input(block_id, label, element, hint=hint, optional=False)
    return {**block, "dispatch_action": True} if live else block


def file_field(
    block_id: str,
    label: str,
    *,
    action: str,
    filetypes: Sequence[str] = (),
    hint: str = "",
    optional: bool = False,
) -> Block:
    """One file from the person's device, of up to 10 MB (``FORM_FILE_BYTES``); in modals only, and
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
        "label": plain(label, LABEL),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = plain(hint, LABEL)
    return block


def form(callback: str, title: str, submit: str, blocks: Sequence[Block]) -> View:
    return {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, VIEW_TITLE),
        "submit": plain(submit, VIEW_TITLE),
        "close": plain("Cancel", VIEW_TITLE),
        "blocks": list(blocks),
    }


def notice(title: str, blocks: Sequence[Block]) -> View:
    """A modal that only tells: no inputs, one Close."""
    return {
        "type": "modal",
        "callback_id": "notice",
        "title": plain(title, VIEW_TITLE),
        "close": plain("Close", VIEW_TITLE),
        "blocks": list(blocks),
    }


def refilled(view: View, values: Mapping[str, str], above: Sequence[Block] = ()) -> View:
    """A form of ours once more, with what the person had entered and a word above it."""
    kept = ("type", "callback_id", "title", "submit", "close", "private_metadata")
    again: View = {key: view[key] for key in kept if view.get(key)}
    again["blocks"] = [*above, *(_refill(block, values) for block in view["blocks"])]
    return again


def _refill(block: Block, values: Mapping[str, str]) -> Block:
    value = values.get(block.get("block_id", ""))
    element = block.get("element", {})
    if value is None or element.get("type") not in _REFILLED:
        return block
    name = _REFILLED[element["type"]]
    kept = {key: item for key, item in element.items() if key != name}
    chosen: Any = value
    if name == "initial_option":
        chosen = next((one for one in element["options"] if one["value"] == value), None)
    return {**block, "element": {**kept, name: chosen} if chosen else kept}


_REFILLED = {"plain_text_input": "initial_value", "static_select": "initial_option"}
"""The type of an element -> what it begins with."""
