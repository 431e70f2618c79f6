"""Build Block Kit blocks. Pure.

Text from outside is passed as ``str`` and escaped here. Only :class:`Markup`, made in this module,
is inserted unchanged, so no name can mention a channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bot.slack.commands.markup import unescape
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
MOMENT_LENGTH = 10
"""Digits of a date and time in epoch seconds, as Slack's picker requires."""
MAX_FORM_FILE_BYTES = 10 * 1024 * 1024

MAX_MISSING_NOTE_LENGTH = 40
"""Characters of "… (1,234 more characters)"."""
MAX_TEXT_SECTIONS = 3
"""Sections of one text: more would not leave room for other blocks in Slack's 12,000 characters."""

_UNSAFE = re.compile(
    "[&<>\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u0590-\u08ff\ufb1d-\ufefc]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_WHITESPACE = re.compile(r"\s+")
_LINE_BREAK = re.compile(r"\s*\n\s*")
_INCOMPLETE = re.compile(r"&[a-z]{0,3}$|<[^<>]*$")
"""An entity or a link that was cut in the middle."""


class Markup(str):
    """Mrkdwn that is safe to show unchanged."""

    __slots__ = ()


NO_MARKUP = Markup("")


def escape(text: str) -> Markup:
    """Return text from outside as mrkdwn that shows the same characters and mentions no one.

    Control and direction-override characters are removed. Right-to-left text is isolated (U+2068 …
    U+2069) so that it doesn't reorder its neighbors.
    """
    if type(text) is Markup:
        return text
    if not _UNSAFE.search(text):
        return Markup(text)
    safe = _CONTROL.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(f"\u2068{safe}\u2069" if _RIGHT_TO_LEFT.search(safe) else safe)


def clip(text: str, max_length: int) -> str:
    """Return ``text`` cut to ``max_length`` characters, with an ellipsis if it was longer."""
    if len(text) <= max_length:
        return text
    cut = text[: max_length - 1].rstrip()
    if isinstance(text, Markup):
        return Markup(_INCOMPLETE.sub("", cut) + "…")
    return cut + "…"


def clip_counted(text: Markup, max_length: int) -> Markup:
    """Return ``text`` cut to ``max_length`` characters; if it was longer, say how much is missing.

    ``max_length`` must leave room for that note.
    """
    if len(text) <= max_length:
        return text
    cut = _INCOMPLETE.sub("", text[: max_length - MAX_MISSING_NOTE_LENGTH].rstrip())
    missing = len(unescape(text)) - len(unescape(cut))
    return Markup(f"{cut}… ({missing:,} more characters)")


def split_text(text: Markup, max_length: int, max_parts: int | None = None) -> list[Markup]:
    """Split at line breaks, else at spaces, else between characters, dropping only that space.

    With ``max_parts`` the last part is whatever is left, and may be longer.
    """
    parts: list[Markup] = []
    while len(text) > max_length and len(parts) + 1 != max_parts:
        window = text[: max_length + 1]
        cut = max(window.rfind("\n"), 0) or max(window.rfind(" "), 0)
        if not window[:cut].strip():
            cut = len(_INCOMPLETE.sub("", window[:max_length])) or max_length
        part = _INCOMPLETE.sub("", text[:cut]) or text[:cut]
        parts.append(Markup(part.rstrip()))
        text = Markup(text[len(part) :].lstrip(" ").removeprefix("\n"))
    return [*parts, text]


def markup(*parts: str) -> Markup:
    """Return the parts joined; each is escaped unless it is markup already."""
    return Markup("".join([escape(part) for part in parts]))


def lines(parts: Iterable[str]) -> Markup:
    return Markup("\n".join([escape(part) for part in parts]))


def bold(text: str) -> Markup:
    """Return one bold line. Asterisks in the text would end it early, so they become ∗."""
    flat = _WHITESPACE.sub(" ", escape(text)).strip().replace("*", "∗")
    return Markup(f"*{flat}*") if flat else Markup("")


def italic(text: str) -> Markup:
    flat = _WHITESPACE.sub(" ", escape(text)).strip()
    return Markup(f"_{flat}_") if flat else Markup("")


def code(text: str) -> Markup:
    """Return text to copy. Backticks become apostrophes, line breaks spaces: they would end it."""
    flat = _LINE_BREAK.sub(" ", escape(text)).replace("`", "'")
    return Markup(f"`{flat}`")


def mention(user_id: str) -> Markup:
    """Return a mention.

    ``user_id`` is a Slack member ID from a signed request or a mention, never typed text.
    """
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
    return {"type": "mrkdwn", "text": clip_counted(escape(text), max_length) or " "}


def section(text: str, *, accessory: Block | None = None) -> Block:
    """Return one section. A text that may be longer than 3,000 characters needs ``sections``."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if accessory is not None:
        block["accessory"] = accessory
    return block


def sections(text: str) -> list[Block]:
    """Return as many sections as the text needs; the last one says how much is missing, if any."""
    parts = split_text(escape(text), MAX_SECTION_TEXT_LENGTH, MAX_TEXT_SECTIONS)
    return [section(part) for part in parts if part.strip()] or [section(" ")]


def fields(pairs: Iterable[tuple[str, str]]) -> list[Block]:
    """Return label and value in two columns, in sections of up to ten fields."""
    cells = [_field(label, value) for label, value in pairs]
    return [
        {"type": "section", "fields": cells[start : start + MAX_SECTION_FIELDS]}
        for start in range(0, len(cells), MAX_SECTION_FIELDS)
    ]


def _field(label: str, value: str) -> Block:
    return mrkdwn(Markup(f"*{escape(label)}*\n{escape(value)}"), MAX_FIELD_TEXT_LENGTH)


def header(text: str) -> Block:
    """Return a header, for our own text only: it is plain text and shows entities literally."""
    return {"type": "header", "text": plain_text(text, 150)}


def text_message(text: str) -> Message:
    """Return a message of one text."""
    return Message(escape(text), tuple(sections(text)))


def context(*parts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(part) for part in parts[:MAX_CONTEXT_ELEMENTS]]}


def divider() -> Block:
    return {"type": "divider"}


def image(url: str, alt: str) -> Block | None:
    """Return the picture beside a section, or ``None`` if Slack would reject the URL."""
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
    chosen = next((item for item in made if item["value"] == initial), None)
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
    placeholder: str = "",
    optional: bool = False,
    multiline: bool = False,
    dispatch_action: bool = False,
    max_length: int = MAX_SECTION_TEXT_LENGTH,
) -> Block:
    """Return a text field; ``dispatch_action`` calls the action for every character."""
    element: Block = {"type": "plain_text_input", "action_id": action, "max_length": max_length}
    if multiline:
        element["multiline"] = True
    if placeholder.strip():
        element["placeholder"] = plain_text(placeholder, MAX_PLACEHOLDER_LENGTH)
    if initial:
        element["initial_value"] = initial[:max_length]
    if dispatch_action:
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    block = input_field(block_id, label, element, hint=hint, optional=optional)
    return {**block, "dispatch_action": True} if dispatch_action else block


def external_field(
    block_id: str, label: str, *, action: str, placeholder: str, initial: Choice | None = None
) -> Block:
    """Return a menu whose options are loaded while typing; a choice calls the action."""
    element: Block = {
        "type": "external_select",
        "action_id": action,
        "placeholder": plain_text(placeholder, MAX_PLACEHOLDER_LENGTH),
        "min_query_length": 0,
    }
    if initial is not None:
        element["initial_option"] = option(initial)
    block = input_field(block_id, label, element, hint="", optional=False)
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
    """Return a select as a form field; ``dispatch_action`` calls the action for every choice."""
    element = select(action, placeholder, choices, initial=initial)
    block = input_field(block_id, label, element, hint=hint, optional=False)
    return {**block, "dispatch_action": True} if dispatch_action else block


def moment_field(block_id: str, label: str, *, action: str, initial: str = "") -> Block:
    """Return a picker of date and time, in the person's zone; a choice calls the action.

    Its value, and ``initial`` if it is one, are epoch seconds of ten digits.

    docs.slack.dev/reference/block-kit/block-elements/datetime-picker-element
    """
    element: Block = {"type": "datetimepicker", "action_id": action}
    if initial.isascii() and initial.isdecimal() and len(initial) == MOMENT_LENGTH:
        element["initial_date_time"] = int(initial)
    block = input_field(block_id, label, element, hint="", optional=False)
    return {**block, "dispatch_action": True}


def file_field(
    block_id: str,
    label: str,
    *,
    action: str,
    filetypes: Sequence[str] = (),
    hint: str = "",
    optional: bool = False,
) -> Block:
    """Return a field for one file of up to 10 MB (``MAX_FORM_FILE_BYTES``), in modals only.

    It needs the scope files:read. ``filetypes`` are file name endings, none for all; Slack doesn't
    enforce them. It can't have an initial value and calls no action: the file comes with the
    submission, or with the next action in the form.

    docs.slack.dev/reference/block-kit/block-elements/file-input-element
    """
    element: Block = {"type": "file_input", "action_id": action, "max_files": 1}
    if filetypes:
        element["filetypes"] = list(filetypes)
    return input_field(block_id, label, element, hint=hint, optional=optional)


def input_field(
    block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = False
) -> Block:
    """Return an element as a form's field."""
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
    """Return a modal without inputs."""
    return {
        "type": "modal",
        "callback_id": "notice",
        "title": plain_text(title, MAX_VIEW_TITLE_LENGTH),
        "close": plain_text("Close", MAX_VIEW_TITLE_LENGTH),
        "blocks": list(blocks),
    }
