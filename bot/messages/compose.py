"""A template and what was filled in -> the request that sends it.

Chakra's own form wherever it can express the send, as only what is sent that way is known to be
told of by signed events; else Meta's form, which Chakra passes on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from bot.chakra.outgoing import (
    ButtonParameter,
    Json,
    LocationParameter,
    MediaParameter,
    MetaTemplate,
    TemplateMessage,
    TextParameter,
    parameters,
)
from bot.chakra.template import Template, Variable
from bot.errors import UsageError
from bot.messages.recipients import Recipient
from bot.templates import variables as asked
from bot.templates.variables import key_of

LONGEST_FILENAME = 240
"""Characters, Meta's media reference."""

_FILENAME = re.compile(r"[^/\\\x00-\x1f]+\.[A-Za-z0-9]{1,8}")

Values = Mapping[str, str]
"""Field's key -> what was filled in; beside the fields, ``filename`` of a document."""


@dataclass(frozen=True, slots=True)
class ToPhone:
    """For ``Messages.send_template``. ``followable``: its delivery shows in signed events."""

    phone: str = field(repr=False)
    message: TemplateMessage
    followable: ClassVar[bool] = True

    def body(self) -> Json:
        return self.message.body()


@dataclass(frozen=True, slots=True)
class ForProcess:
    """For ``Messages.send_template_for_process``: Chakra takes the number from the process."""

    procedure: str
    key: str
    message: TemplateMessage
    followable: ClassVar[bool] = True

    def body(self) -> Json:
        return self.message.body()


@dataclass(frozen=True, slots=True)
class AsMeta:
    """For ``Messages.send``. Its delivery shows in the pass-through webhook only, whose deliveries
    are not known to be signed."""

    sender_id: str
    message: MetaTemplate
    followable: ClassVar[bool] = False

    def body(self) -> Json:
        return self.message.body()


Sending = ToPhone | ForProcess | AsMeta


def compose(
    template: Template,
    values: Values,
    recipient: Recipient,
    sender_id: str,
    *,
    say_language: bool = True,
) -> Sending:
    """``values`` are those that ``rules`` has nothing against; ``sender_id`` is Meta's id of the
    sending number. Without ``say_language`` Chakra is left to find the only language there is.

    Raises ``UsageError`` for a process whose number is not known, where Chakra's own form cannot
    express the send.
    """
    given = {key: value.strip() for key, value in values.items() if value.strip()}
    if fits_chakra(template):
        message = _chakras(template, given, sender_id, say_language=say_language)
        if recipient.procedure:
            return ForProcess(recipient.procedure, recipient.key, message)
        return ToPhone(recipient.digits, message)
    if not recipient.digits:
        raise UsageError(
            "This template can only be sent to a phone number, and the record shows none. "
            "Type the number instead."
        )
    return AsMeta(sender_id, as_meta(template, given, recipient.digits))


def fits_chakra(template: Template) -> bool:
    """Whether Chakra's form is sure to mean what was filled in.

    It names a button's value by "1" and not by the button; with values for two buttons, which one
    gets which is documented nowhere.
    """
    return len(_button_variables(template)) < 2


def as_meta(template: Template, given: Values, phone: str) -> MetaTemplate:
    names = template.named
    code = given.get(asked.CODE, "")
    return MetaTemplate(
        to=phone,
        name=template.name,
        language=template.language,
        header=_metas_header(template, given),
        text=tuple(
            TextParameter(value, name if names else "")
            for name, value in asked.of(template, "body", given).items()
        ),
        buttons=tuple(_metas_button(template, place, given, code) for place in _filled(template)),
    )


def filename_in(url: str) -> str:
    """The last part of an address, where it looks like a file's name; else ""."""
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2], errors="replace").strip()
    except ValueError:
        return ""
    return name if len(name) <= LONGEST_FILENAME and _FILENAME.fullmatch(name) else ""


# --- Chakra's form -------------------------------------------------------------------------------


def _chakras(
    template: Template, given: Values, sender_id: str, *, say_language: bool
) -> TemplateMessage:
    if template.one_time_code:
        return TemplateMessage(
            whatsapp_phone_number_id=sender_id,
            template_name=template.name,
            language=_language(template, say_language),
            otp_code=given.get(asked.CODE),
        )
    link = given.get(asked.MEDIA)
    return TemplateMessage(
        whatsapp_phone_number_id=sender_id,
        template_name=template.name,
        language=_language(template, say_language),
        mapping=parameters(asked.of(template, "body", given)),
        header_mapping=parameters(asked.of(template, "header", given)),
        button_mapping=parameters(_numbered(template, given)),
        image_url=link if template.media == "IMAGE" else None,
        video_url=link if template.media == "VIDEO" else None,
        document_url=link if template.media == "DOCUMENT" else None,
        filename=(_filename(given) or None) if template.media == "DOCUMENT" else None,
        location_latitude=_degrees(template, given, asked.LATITUDE),
        location_longitude=_degrees(template, given, asked.LONGITUDE),
        location_name=given.get(asked.PLACE) if template.location else None,
        location_address=given.get(asked.ADDRESS) if template.location else None,
    )


def _language(template: Template, said: bool) -> str | None:
    return (template.language or None) if said else None


def _numbered(template: Template, given: Values) -> dict[str, str]:
    """The values of buttons, counted from "1" as the documented example has it."""
    found = [given[key_of(one)] for one in _button_variables(template) if key_of(one) in given]
    return {str(number): value for number, value in enumerate(found, 1)}


def _button_variables(template: Template) -> list[Variable]:
    return [one for one in asked.blanks(template) if one.component == "button"]


def _filename(given: Values) -> str:
    """Meta shows it as the document's title."""
    return given.get(asked.FILENAME, "")[:LONGEST_FILENAME] or filename_in(
        given.get(asked.MEDIA, "")
    )


def _degrees(template: Template, given: Values, name: str) -> float | None:
    return float(given[name]) if template.location and name in given else None


# --- Meta's form ---------------------------------------------------------------------------------


def _metas_header(
    template: Template, given: Values
) -> TextParameter | MediaParameter | LocationParameter | None:
    if template.media and asked.MEDIA in given:
        named = _filename(given) if template.media == "DOCUMENT" else ""
        return MediaParameter(template.media.lower(), given[asked.MEDIA], named)
    if template.location and {asked.LATITUDE, asked.LONGITUDE} <= given.keys():
        return LocationParameter(
            float(given[asked.LATITUDE]),
            float(given[asked.LONGITUDE]),
            given.get(asked.PLACE, ""),
            given.get(asked.ADDRESS, ""),
        )
    texts = asked.of(template, "header", given)
    names = template.named
    return next((TextParameter(text, name if names else "") for name, text in texts.items()), None)


def _filled(template: Template) -> list[int]:
    """The places of the buttons that take a value."""
    if template.one_time_code:
        return [place for place, one in enumerate(template.buttons) if one.type == "OTP"]
    return list(dict.fromkeys(one.button for one in _button_variables(template)))


def _metas_button(template: Template, place: int, given: Values, code: str) -> ButtonParameter:
    """A one-time code stands in its button once more, as the end of a link: Meta's rule."""
    value = code or next(iter(asked.of_button(template, place, given).values()), "")
    sort = "copy_code" if template.buttons[place].type == "COPY_CODE" else "url"
    return ButtonParameter(sort, place, value)
