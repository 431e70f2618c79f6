"""What the recipient will see, as blocks: WhatsApp's formatting in Slack's, variables filled in.

Both write *bold*, _italic_, ~struck~ and ``` code ``` alike, so a text goes over nearly as it is;
what Slack alone would make something of (its markup, the names of emoji) is kept from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.chakra.template import VARIABLE, Button, Template
from bot.chakra.text import written
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, italic, lines, markup
from bot.slack.commands.reply import Block
from bot.templates import variables as asked

MOST_BUTTONS = 12
"""WhatsApp allows ten."""
LONGEST_LINE = 200
LONGEST_LINK = 150

# Characters as Slack counts them, with "&amp;" for "&". Together they leave room for a card in the
# 12,000 of a message; only WhatsApp's longest text of nothing but such signs would fill the body.
HEADER, BODY, FOOTER, ROWS = 600, 5_200, 300, 1_200

# Meta writes these words itself, in the template's language. Source: Meta's page on authentication
# templates.
OTP_TEXT = "*{{1}}* is your verification code."
OTP_CAUTION = " For your security, do not share this code."
OTP_EXPIRY = "This code expires in {} minutes."
OTP_BUTTON = "Copy code"

MEDIA: Mapping[str, str] = {
    "IMAGE": ":frame_with_picture: Picture",
    "VIDEO": ":film_frames: Video",
    "DOCUMENT": ":page_facing_up: Document",
}
BUTTONS: Mapping[str, str] = {
    "QUICK_REPLY": ":leftwards_arrow_with_hook:",
    "URL": ":link:",
    "PHONE_NUMBER": ":telephone_receiver:",
    "COPY_CODE": ":clipboard:",
    "OTP": ":clipboard:",
    "FLOW": ":memo:",
}
OTHER_BUTTON = ":black_square_button:"

_EMOJI_NAME = re.compile(r":(?=[a-z0-9_+'-]+:)")
_UNSEEN = "\u2060"
"""A word joiner: it takes no room, and after it Slack sees no name of an emoji."""


def preview(template: Template, values: Mapping[str, str] | None = None) -> list[Block]:
    """At most six blocks. A variable without a value is shown as ‹1›. ``values`` as in a form:
    field's key -> value; a ``file`` among them is the name of the upload."""
    given = {key: value.strip() for key, value in (values or {}).items() if value.strip()}
    header = _header(template, given)
    made = [blocks.section(blocks.clip(header, HEADER))] if header else []
    made += [blocks.section(part) for part in _parts(_body(template, given))]
    footer = _footer(template)
    if footer:
        made.append(blocks.context(blocks.clip(formatted(footer), FOOTER)))
    buttons = _buttons(template, given)
    if buttons:
        made.append(blocks.section(blocks.clip(lines(buttons), ROWS)))
    if template.others:
        made.append(blocks.context(_not_shown(template)))
    return made


def summary(template: Template, values: Mapping[str, str] | None = None, most: int = 150) -> Markup:
    """The beginning of the text in one line, for notifications and lists."""
    flat = " ".join(_filled(_text(template), _body_values(template, values or {})).split())
    return markup(blocks.clip(flat, most))


def formatted(text: str) -> Markup:
    """A text of WhatsApp's as mrkdwn. Nothing is isolated for its direction: a mark at the start
    of a line would hide the quote sign or the asterisk behind it."""
    safe = written(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(_EMOJI_NAME.sub(f":{_UNSEEN}", safe))


def _header(template: Template, given: Mapping[str, str]) -> Markup:
    header = template.header
    if header is None:
        return Markup("")
    if template.media:
        return _media(template, given)
    if template.location:
        return _location(given)
    if header.text.strip():
        text = _filled(header.text, asked.of(template, "header", given))
        return bold(blocks.clip(text, LONGEST_LINE))
    if header.format and header.format != "TEXT":
        return italic(f"{blocks.clip(header.format.capitalize(), 60)} header")
    return Markup("")


def _media(template: Template, given: Mapping[str, str]) -> Markup:
    """Its address, not the picture: Slack refuses the whole message for one it cannot fetch."""
    name = given.get(asked.FILE) or given.get(asked.FILENAME) or given.get(asked.MEDIA)
    shown = code(blocks.clip(name, LONGEST_LINK)) if name else "‹file›"
    return markup(Markup(MEDIA[template.media]), "  ", shown)


def _location(given: Mapping[str, str]) -> Markup:
    latitude, longitude = (given.get(key) for key in (asked.LATITUDE, asked.LONGITUDE))
    degrees = f"{latitude or '‹latitude›'}, {longitude or '‹longitude›'}"
    place = [given.get(key, "") for key in (asked.PLACE, asked.ADDRESS)]
    told = [blocks.clip(part, LONGEST_LINE) for part in place if part]
    pin = Markup(":round_pushpin: ")
    shown = markup(pin, bold(told[0]) if told else blocks.clip(degrees, LONGEST_LINE))
    return lines([shown, *told[1:], *([blocks.clip(degrees, LONGEST_LINE)] if told else [])])


def _text(template: Template) -> str:
    """Of an authentication template Meta's own words, in English where Meta does not list them."""
    body = template.body
    text = body.text if body else ""
    if template.one_time_code and not text.strip():
        caution = body is not None and bool(body.add_security_recommendation)
        return OTP_TEXT + (OTP_CAUTION if caution else "")
    return text


def _body_values(template: Template, given: Mapping[str, str]) -> Mapping[str, str]:
    return asked.of(template, "body", given)


def _body(template: Template, given: Mapping[str, str]) -> str:
    return _filled(_text(template), _body_values(template, given))


def _footer(template: Template) -> str:
    footer = template.footer
    if footer is None:
        return ""
    if footer.code_expiration_minutes and not footer.text.strip():
        return OTP_EXPIRY.format(footer.code_expiration_minutes)
    return footer.text.strip()


def _filled(text: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: values.get(found[1]) or f"‹{found[1]}›", text)


def _parts(text: str) -> Sequence[Markup]:
    """The text cut into what one section holds, at line ends where that can be."""
    parts: list[str] = []
    room = ""
    for line in blocks.clip(formatted(text.strip()), BODY).split("\n"):
        if room and len(room) + 1 + len(line) > blocks.MAX_SECTION_TEXT_LENGTH:
            parts.append(room)
            room = line
        else:
            room = f"{room}\n{line}" if room or parts else line
    parts.append(room)
    return [Markup(part) for part in parts if part.strip()] or [italic("(no text)")]


def _buttons(template: Template, given: Mapping[str, str]) -> list[Markup]:
    shown = [
        _button(template, place, button, given)
        for place, button in enumerate(template.buttons[:MOST_BUTTONS])
    ]
    more = len(template.buttons) - len(shown)
    return [*shown, markup(f"and {more} more")] if more else shown


def _button(template: Template, place: int, button: Button, given: Mapping[str, str]) -> Markup:
    sign = Markup(BUTTONS.get(button.type, OTHER_BUTTON))
    text = button.text or (OTP_BUTTON if button.type in ("OTP", "COPY_CODE") else button.type)
    target = blocks.clip(_target(template, place, button, given), LONGEST_LINK)
    label = bold(blocks.clip(text, 60)) or bold("Button")
    return markup(sign, " ", label, *(["  ", code(target)] if target else []))


def _target(template: Template, place: int, button: Button, given: Mapping[str, str]) -> str:
    """Where it leads, or what it copies."""
    values = asked.of_button(template, place, given)
    if button.type == "COPY_CODE":
        return values.get("1") or "‹code›"
    return _filled(button.url, values) or button.phone_number


def _not_shown(template: Template) -> str:
    names = [
        part.type.replace("_", " ").lower() or "part of a newer sort" for part in template.others
    ]
    told = ", ".join(dict.fromkeys(names))
    return blocks.clip(f"It also has what cannot be shown here: {told}", LONGEST_LINE) + "."
