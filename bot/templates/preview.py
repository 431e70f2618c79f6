"""The preview of a message as blocks: WhatsApp's formatting as Slack's, variables filled in.

Both write *bold*, _italic_, ~struck~ and ``` code ``` the same way, so most text is unchanged. Only
what Slack alone would interpret (its markup, emoji names) is neutralized.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.chakra.template import (
    VARIABLE_PATTERN,
    Button,
    ComponentHolder,
    OfferDetails,
    Template,
)
from bot.chakra.text import sanitize_text
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import MOMENT_LENGTH, Markup, bold, code, italic, lines, markup
from bot.slack.commands.reply import Block
from bot.templates import variables as asked
from bot.templates.field_values import normalize_values

MAX_BUTTONS = 12
"""Buttons; WhatsApp allows ten."""
MAX_LINE_LENGTH = 200
MAX_URL_LENGTH = 150

# Characters as Slack counts them, with "&amp;" for "&". Together they leave room for a card in the
# 12,000 of a message. WhatsApp's longest body reaches the limit only if it is all ampersands.
MAX_CARDS, MAX_CARD_LENGTH = 10, 400
MAX_HEADER_LENGTH, MAX_BODY_LENGTH, MAX_FOOTER_LENGTH, MAX_BUTTONS_LENGTH = 600, 5_200, 300, 1_200

# Meta writes this text itself, in the template's language. Source: Meta's page on authentication
# templates.
OTP_TEXT = "*{{1}}* is your verification code."
OTP_CAUTION = " For your security, do not share this code."
OTP_EXPIRY = "This code expires in {} minutes."
OTP_BUTTON = "Copy code"

MEDIA_LABELS: Mapping[str, str] = {
    "IMAGE": ":frame_with_picture: Picture",
    "VIDEO": ":film_frames: Video",
    "DOCUMENT": ":page_facing_up: Document",
}
BUTTON_EMOJI: Mapping[str, str] = {
    "QUICK_REPLY": ":leftwards_arrow_with_hook:",
    "URL": ":link:",
    "PHONE_NUMBER": ":telephone_receiver:",
    "COPY_CODE": ":clipboard:",
    "OTP": ":clipboard:",
    "FLOW": ":memo:",
    "CATALOG": ":shopping_bags:",
}
DEFAULT_BUTTON_EMOJI = ":black_square_button:"

_EMOJI_NAME = re.compile(r":(?=[a-z0-9_+'-]+:)")
_WORD_JOINER = "\u2060"
"""A character without width, so that Slack doesn't read the colon before it as an emoji name."""


def render_preview(template: Template, values: Mapping[str, str] | None = None) -> list[Block]:
    """Return the blocks: at most seven, and one a card. A variable without a value is shown as ‹1›.

    ``values`` are those of a form: key of the field -> value (for ``file``, the upload's name).
    """
    normalized = normalize_values(template, values or {})
    given = {key: value for key, value in normalized.items() if value}
    header = _render_header(template, given)
    content = [blocks.section(blocks.clip(header, MAX_HEADER_LENGTH))] if header else []
    if template.offer is not None:
        content.append(blocks.section(_offer(template.offer, given)))
    content += _render_body(_render_filled_body(template, given))
    footer = _render_footer(template)
    if footer:
        content.append(blocks.context(blocks.clip(to_mrkdwn(footer), MAX_FOOTER_LENGTH)))
    buttons = _render_buttons(template, template, given)
    if buttons:
        content.append(blocks.section(blocks.clip(lines(buttons), MAX_BUTTONS_LENGTH)))
    content += _render_cards(template, given)
    if template.other_components:
        content.append(blocks.context(_render_unsupported_parts(template)))
    return content


def render_summary_line(
    template: Template, values: Mapping[str, str] | None = None, max_length: int = 150
) -> Markup:
    """Return the beginning of the text in one line, for notifications and lists."""
    flat = " ".join(
        _fill_variables(_get_body_text(template), _get_body_values(template, values or {})).split()
    )
    return markup(blocks.clip(flat, max_length))


def render_plain_text(template: Template, values: Mapping[str, str]) -> str:
    """Return header and body with their values, as WhatsApp formats them."""
    given = {key: value for key, value in normalize_values(template, values).items() if value}
    parts = [_render_plain_header(template, given), _render_filled_body(template, given)]
    return "\n".join(part.strip() for part in parts if part.strip())


def _render_plain_header(template: Template, given: Mapping[str, str]) -> str:
    if template.media_format:
        noun = MEDIA_LABELS[template.media_format].split()[-1]
        return f"{noun}: {given.get(asked.FILENAME) or given.get(asked.FILE) or noun.lower()}"
    if template.header is None or not template.header.text.strip():
        return ""
    text = _fill_variables(
        template.header.text, asked.get_component_values(template, "header", given)
    )
    return f"*{text.strip()}*"


def to_mrkdwn(text: str) -> Markup:
    """Return WhatsApp text as mrkdwn.

    Right-to-left text isn't isolated: a mark at the start of a line would hide the quote sign or
    the asterisk after it.
    """
    safe = sanitize_text(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(_EMOJI_NAME.sub(f":{_WORD_JOINER}", safe))


def _render_header(template: Template, given: Mapping[str, str]) -> Markup:
    header = template.header
    if header is None:
        return Markup("")
    if template.media_format:
        name = given.get(asked.FILENAME) or _get_media_name(given)
        return _render_media_header(template.media_format, name)
    if template.has_location_header:
        return _render_location_header(given)
    if header.text.strip():
        text = _fill_variables(header.text, asked.get_component_values(template, "header", given))
        return bold(blocks.clip(text, MAX_LINE_LENGTH))
    if header.format and header.format != "TEXT":
        return italic(f"{blocks.clip(header.format.capitalize(), 60)} header")
    return Markup("")


def _get_media_name(given: Mapping[str, str], card: int | None = None) -> str:
    link, file = asked.list_media_keys(card)
    return given.get(file) or given.get(link) or ""


def _render_media_header(media_format: str, name: str) -> Markup:
    """Show the link, not the picture: Slack rejects a whole message whose image it can't fetch."""
    label = code(blocks.clip(name, MAX_URL_LENGTH)) if name else "‹file›"
    return markup(Markup(MEDIA_LABELS[media_format]), "  ", label)


def _offer(offer: OfferDetails, given: Mapping[str, str]) -> Markup:
    """Return ``⌛ Flash sale! · ends tomorrow at 5 PM``."""
    name = bold(blocks.clip(offer.text.strip() or "Limited-time offer", MAX_LINE_LENGTH))
    ends: list[str] = []
    if offer.has_expiration:
        moment = given.get(asked.EXPIRATION, "")
        is_moment = moment.isascii() and moment.isdecimal() and len(moment) == MOMENT_LENGTH
        ends = [" · ends ", format_date_token(int(moment)) if is_moment else "‹date and time›"]
    return markup(Markup(":hourglass_flowing_sand: "), name, *ends)


def _render_cards(template: Template, given: Mapping[str, str]) -> list[Block]:
    """Return a section for each card, in order."""
    sections: list[Block] = []
    for number, card in enumerate(template.cards[:MAX_CARDS]):
        parts = [bold(f"Card {number + 1}")]
        if card.media_format:
            parts.append(_render_media_header(card.media_format, _get_media_name(given, number)))
        if card.body is not None:
            values = asked.get_component_values(template, "body", given, number)
            parts.append(to_mrkdwn(_fill_variables(card.body.text, values).strip()))
        parts += _render_buttons(card, template, given, number)
        sections.append(blocks.section(blocks.clip_counted(lines(parts), MAX_CARD_LENGTH)))
    return sections


def _render_location_header(given: Mapping[str, str]) -> Markup:
    latitude, longitude = (given.get(key) for key in (asked.LATITUDE, asked.LONGITUDE))
    degrees = f"{latitude or '‹latitude›'}, {longitude or '‹longitude›'}"
    position = [given.get(key, "") for key in (asked.LOCATION_NAME, asked.LOCATION_ADDRESS)]
    place_lines = [blocks.clip(part, MAX_LINE_LENGTH) for part in position if part]
    pin = Markup(":round_pushpin: ")
    first_line = markup(
        pin, bold(place_lines[0]) if place_lines else blocks.clip(degrees, MAX_LINE_LENGTH)
    )
    return lines(
        [
            first_line,
            *place_lines[1:],
            *([blocks.clip(degrees, MAX_LINE_LENGTH)] if place_lines else []),
        ]
    )


def _get_body_text(template: Template) -> str:
    """Return the body; for an authentication template without one, Meta's text in English."""
    body = template.body
    text = body.text if body else ""
    if template.is_one_time_code and not text.strip():
        caution = body is not None and bool(body.add_security_recommendation)
        return OTP_TEXT + (OTP_CAUTION if caution else "")
    return text


def _get_body_values(template: Template, given: Mapping[str, str]) -> Mapping[str, str]:
    return asked.get_component_values(template, "body", given)


def _render_filled_body(template: Template, given: Mapping[str, str]) -> str:
    return _fill_variables(_get_body_text(template), _get_body_values(template, given))


def _render_footer(template: Template) -> str:
    footer = template.footer
    if footer is None:
        return ""
    if footer.code_expiration_minutes and not footer.text.strip():
        return OTP_EXPIRY.format(footer.code_expiration_minutes)
    return footer.text.strip()


def _fill_variables(text: str, values: Mapping[str, str]) -> str:
    return VARIABLE_PATTERN.sub(lambda found: values.get(found[1]) or f"‹{found[1]}›", text)


def _render_body(text: str) -> list[Block]:
    body = blocks.clip_counted(to_mrkdwn(text.strip()), MAX_BODY_LENGTH)
    return blocks.sections(body) if body.strip() else [blocks.section(italic("(no text)"))]


def _render_buttons(
    holder: ComponentHolder,
    template: Template,
    given: Mapping[str, str],
    card: int | None = None,
) -> list[Markup]:
    """Return a line for each button of ``holder``: the template, or its card at ``card``."""
    visible = [
        _render_button(button, asked.get_button_values(template, position, given, card))
        for position, button in enumerate(holder.buttons[:MAX_BUTTONS])
    ]
    more = len(holder.buttons) - len(visible)
    return [*visible, markup(f"and {more} more")] if more else visible


def _render_button(button: Button, values: Mapping[str, str]) -> Markup:
    sign = Markup(BUTTON_EMOJI.get(button.type, DEFAULT_BUTTON_EMOJI))
    text = button.text or (OTP_BUTTON if button.type in ("OTP", "COPY_CODE") else button.type)
    target = blocks.clip(_get_button_target(button, values), MAX_URL_LENGTH)
    label = bold(blocks.clip(text, 60)) or bold("Button")
    return markup(sign, " ", label, *(["  ", code(target)] if target else []))


def _get_button_target(button: Button, values: Mapping[str, str]) -> str:
    """Return the link, the phone number, the code that it copies, or the product that it shows."""
    if button.type == "COPY_CODE":
        return values.get("1") or "‹code›"
    if button.type == "CATALOG":
        return values.get("1", "")
    return _fill_variables(button.url, values) or button.phone_number


def _render_unsupported_parts(template: Template) -> str:
    names = [
        part.type.replace("_", " ").lower() or "newer component"
        for part in template.other_components
    ]
    listed = ", ".join(dict.fromkeys(names))
    return blocks.clip(f"Not shown in this preview: {listed}", MAX_LINE_LENGTH) + "."
