"""Render a customer's message in Slack's markup, with one function for each type.

Source: developers.facebook.com/documentation/business-messaging/whatsapp, "Messages webhooks
reference". Every field is read leniently: missing ones are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.chakra.text import has_visible_text
from bot.conversations import listed_shapes
from bot.conversations.media import MediaFile, read_media
from bot.slack import blocks
from bot.slack.blocks import Markup, italic, lines, markup
from bot.templates.preview import to_mrkdwn
from bot.webhooks.events import Json
from bot.webhooks.fields import as_object, find_first_text, iter_objects

MAX_BODY_LENGTH = 2_000
"""Characters of a message that a channel shows; Slack's limit for one section is 3,000."""
MAX_SUMMARY_LENGTH = 150
EMPTY_TEXT = "Empty message"
MAP_URL = "https://www.openstreetmap.org/?mlat={}&amp;mlon={}"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a message shows.

    ``body`` is all of it, and ``summary`` one line for notifications and quotes. ``more`` labels
    the button that shows the rest to one reader, "" if there is no more to read.
    """

    body: Markup
    summary: Markup
    media: MediaFile | None = None
    more: str = ""


def read_shape(message: Json, *, is_private: bool = False) -> Shape:
    """Return the shape of a message in Meta's format; ``is_private``: only one person reads it.

    For reactions, edits and deletions it is a line about them: see `bot.conversations.entry`.
    """
    body = as_object(message.get("message")) or message  # an echo in `standby` is nested
    media = read_media(body)
    if media is not None:
        return _read_media_shape(media)
    kind = find_first_text(body, "type")
    read = _READERS.get(kind, _read_unknown)
    return read(_Source(as_object(body.get(kind)), body, is_private))


def build_text_shape(text: str) -> Shape:
    """Return the shape of words as the customer typed them."""
    if not has_visible_text(text):
        return _build_line_shape(italic(EMPTY_TEXT))
    body = to_mrkdwn(text.strip("\n"))
    return Shape(body, summarize(text), more="Read all" if len(body) > MAX_BODY_LENGTH else "")


def summarize(text: str) -> Markup:
    """Return the words as one escaped line."""
    line = " ".join(blocks.clip(text, 4 * MAX_SUMMARY_LENGTH).split())
    return to_mrkdwn(blocks.clip(line, MAX_SUMMARY_LENGTH))


def _build_line_shape(line: Markup, more: str = "") -> Shape:
    return Shape(line, line, more=more)


def _read_media_shape(media: MediaFile) -> Shape:
    label = markup(f"{media.kind.emoji} {media.kind.label}")
    if media.kind.label == "File":
        label = markup(label, ": ", media.name)
    caption = build_text_shape(media.caption) if has_visible_text(media.caption) else None
    if caption is None:
        return Shape(label, label, media)
    summary = markup(label, ": ", caption.summary)
    return Shape(lines((label, caption.body)), summary, media, caption.more)


# --- one reader for each type -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """A message and, as ``content``, the object of its type."""

    content: Json
    message: Json
    is_private: bool


_Reader = Callable[[_Source], Shape]


def _read_text(source: _Source) -> Shape:
    text = source.content.get("body")
    return build_text_shape(text if isinstance(text, str) else "")


def _read_location(source: _Source) -> Shape:
    name = " · ".join(
        filter(
            None,
            (find_first_text(source.content, "name"), find_first_text(source.content, "address")),
        )
    )
    place = _format_place(source.content, is_private=source.is_private)
    label = markup(":round_pushpin: ", name or "Location")
    if place is None:
        return _build_line_shape(label)
    link = Markup(f"<{MAP_URL.format(*place)}|Map>")
    return Shape(
        markup(label, " (", link, ")"), label, more="" if source.is_private else "Exact location"
    )


def _format_place(content: Json, *, is_private: bool) -> tuple[str, str] | None:
    """Return latitude and longitude; for a channel rounded to about 100 m."""
    numbers = (content.get("latitude"), content.get("longitude"))
    try:
        latitude, longitude = (float(number) for number in numbers if number is not None)
    except (TypeError, ValueError):
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    digits = 6 if is_private else 3  # a channel's masks treat seven digits as a phone number
    return f"{latitude:.{digits}f}", f"{longitude:.{digits}f}"


def _read_contacts(source: _Source) -> Shape:
    listed = listed_shapes.read_contacts(source.message, is_private=source.is_private)
    more = "Show numbers" if listed.has_numbers and not source.is_private else ""
    return Shape(listed.body, listed.summary, more=more)


def _read_order(source: _Source) -> Shape:
    body, summary = listed_shapes.render_order(source.content)
    return Shape(body, summary, more="Read all" if len(body) > MAX_BODY_LENGTH else "")


def _read_button(source: _Source) -> Shape:
    text = find_first_text(source.content, "text", "payload")
    return _build_pressed_shape(text)


def _read_interactive(source: _Source) -> Shape:
    kind = find_first_text(source.content, "type")
    inner = as_object(source.content.get(kind))
    if kind == "nfm_reply":
        body, summary = listed_shapes.read_flow_answers(inner)
        return Shape(body, summary, more="Read all" if len(body) > MAX_BODY_LENGTH else "")
    if kind == "call_permission_reply":
        accepted = find_first_text(inner, "response").lower() == "accept"
        allows = "The customer allows calls." if accepted else "The customer doesn't want calls."
        return _build_line_shape(markup(":telephone_receiver: ", allows))
    if find_first_text(inner, "title", "id"):
        return _build_pressed_shape(
            find_first_text(inner, "title", "id"), find_first_text(inner, "description")
        )
    return _read_unknown(replace(source, content=inner, message={"type": kind or "interactive"}))


def _build_pressed_shape(title: str, description: str = "") -> Shape:
    chosen = markup(":radio_button: ", blocks.bold(title) or italic(EMPTY_TEXT))
    body = markup(chosen, " · ", description) if description else chosen
    return Shape(body, markup("Pressed “", title, "”"))


def _read_reaction(source: _Source) -> Shape:
    emoji = find_first_text(source.content, "emoji")
    if not emoji:
        return _build_line_shape(markup("Removed a reaction"))
    return _build_line_shape(markup("Reacted with ", blocks.clip(emoji, 20)))


def _read_edit(source: _Source) -> Shape:
    edited = as_object(source.content.get("message"))
    if find_first_text(edited, "type") == "edit":
        return _read_unknown(source)
    return read_shape(edited, is_private=source.is_private)


def _read_revoke(_: _Source) -> Shape:
    return _build_line_shape(italic("Deleted a message"))


def _read_system(source: _Source) -> Shape:
    kind = find_first_text(source.content, "type")
    if kind == "customer_identity_changed":
        text = "This customer has a new phone or has reinstalled WhatsApp."
    elif kind == "user_changed_user_id":
        text = "This customer has a new WhatsApp user ID. Their number isn't shown to businesses."
    elif "_changed_" in kind:
        text = "This customer has a new number."
    else:
        text = (
            find_first_text(source.content, "body") or "WhatsApp sent a notice about this customer."
        )
    return _build_line_shape(markup(":information_source: ", blocks.clip(text, MAX_SUMMARY_LENGTH)))


def _read_unsupported(source: _Source) -> Shape:
    """Return Meta's text.

    Button replies may come as this type to a number that is also used in the phone app (INFERRED,
    API.md, Webhooks).
    """
    error = next(iter_objects(source.message.get("errors")), {})
    reason = find_first_text(as_object(error.get("error_data")), "details") or find_first_text(
        error, "title", "message"
    )
    kind = find_first_text(source.content, "type").replace("_", " ")
    what = f"a message of a kind ({kind})" if kind and kind != "unknown" else "a message of a kind"
    sentence = f"The customer sent {what} that WhatsApp doesn't pass on. Ask what it was."
    line = markup(":grey_question: ", sentence)
    return Shape(lines((line, markup("WhatsApp: ", reason))) if reason else line, line)


def _read_unknown(source: _Source) -> Shape:
    kind = find_first_text(source.message, "type").replace("_", " ") or "unknown"
    line = markup(f":grey_question: This kind of message isn't shown here: {kind}")
    if not source.is_private:
        return _build_line_shape(line, more="Details")
    return Shape(
        lines((line, *listed_shapes.iter_raw_fields(source.content or source.message))), line
    )


_READERS: Mapping[str, _Reader] = {
    "text": _read_text,
    "location": _read_location,
    "contacts": _read_contacts,
    "order": _read_order,
    "button": _read_button,
    "interactive": _read_interactive,
    "reaction": _read_reaction,
    "edit": _read_edit,
    "revoke": _read_revoke,
    "system": _read_system,
    "unsupported": _read_unsupported,
}
