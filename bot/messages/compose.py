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
    JsonObject,
    LocationParameter,
    MediaParameter,
    MetaTemplate,
    TemplateMessage,
    TextParameter,
    build_parameters,
)
from bot.chakra.template import Template, Variable
from bot.errors import UsageError
from bot.messages.recipients import Recipient
from bot.templates import variables as asked
from bot.templates.variables import field_key

MAX_FILENAME_LENGTH = 240
"""Characters, Meta's media reference."""

_FILENAME_PATTERN = re.compile(r"[^/\\\x00-\x1f]+\.[A-Za-z0-9]{1,8}")

Values = Mapping[str, str]
"""Field's key -> what was filled in; beside the fields, ``filename`` of a document."""


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """For ``MessagesApi.send_template``. ``followable``: its delivery shows in signed events."""

    phone: str = field(repr=False)
    message: TemplateMessage
    followable: ClassVar[bool] = True

    def body(self) -> JsonObject:
        return self.message.body()


@dataclass(frozen=True, slots=True)
class ProcessMessage:
    """For ``MessagesApi.send_template_for_process``: Chakra takes the number from the process."""

    procedure: str
    key: str
    message: TemplateMessage
    followable: ClassVar[bool] = True

    def body(self) -> JsonObject:
        return self.message.body()


@dataclass(frozen=True, slots=True)
class PassthroughMessage:
    """For ``MessagesApi.send``. Its delivery shows in the pass-through webhook only, whose
    deliveries
    are not known to be signed."""

    sender_id: str
    message: MetaTemplate
    followable: ClassVar[bool] = False

    def body(self) -> JsonObject:
        return self.message.body()


OutboundMessage = PhoneMessage | ProcessMessage | PassthroughMessage


def compose(
    template: Template,
    values: Values,
    recipient: Recipient,
    sender_id: str,
    *,
    include_language: bool = True,
) -> OutboundMessage:
    """``values`` are those that ``rules`` has nothing against; ``sender_id`` is Meta's id of the
    sending number. Without ``say_language`` Chakra is left to find the only language there is.

    Raises ``UsageError`` for a process whose number is not known, where Chakra's own form cannot
    express the send.
    """
    given = {key: value.strip() for key, value in values.items() if value.strip()}
    if fits_chakra_format(template):
        message = _to_chakra_message(template, given, sender_id, include_language=include_language)
        if recipient.procedure:
            return ProcessMessage(recipient.procedure, recipient.key, message)
        return PhoneMessage(recipient.digits, message)
    if not recipient.digits:
        raise UsageError(
            "This template can only be sent to a phone number, and the record shows none. "
            "Type the number instead."
        )
    return PassthroughMessage(sender_id, to_meta_template(template, given, recipient.digits))


def fits_chakra_format(template: Template) -> bool:
    """Whether Chakra's form is sure to mean what was filled in.

    It names a button's value by "1" and not by the button; with values for two buttons, which one
    gets which is documented nowhere.
    """
    return len(_button_variables(template)) < 2


def to_meta_template(template: Template, given: Values, phone: str) -> MetaTemplate:
    names = template.has_named_variables
    code = given.get(asked.CODE, "")
    return MetaTemplate(
        to=phone,
        name=template.name,
        language=template.language,
        header=_meta_header(template, given),
        text=tuple(
            TextParameter(value, name if names else "")
            for name, value in asked.component_values(template, "body", given).items()
        ),
        buttons=tuple(
            _meta_button(template, position, given, code)
            for position in _filled_button_positions(template)
        ),
    )


def extract_filename(url: str) -> str:
    """The last part of an address, where it looks like a file's name; else ""."""
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2], errors="replace").strip()
    except ValueError:
        return ""
    return name if len(name) <= MAX_FILENAME_LENGTH and _FILENAME_PATTERN.fullmatch(name) else ""


# --- Chakra's form -------------------------------------------------------------------------------


def _to_chakra_message(
    template: Template, given: Values, sender_id: str, *, include_language: bool
) -> TemplateMessage:
    if template.is_one_time_code:
        return TemplateMessage(
            whatsapp_phone_number_id=sender_id,
            template_name=template.name,
            language=_language_or_none(template, include_language),
            otp_code=given.get(asked.CODE),
        )
    link = given.get(asked.MEDIA)
    return TemplateMessage(
        whatsapp_phone_number_id=sender_id,
        template_name=template.name,
        language=_language_or_none(template, include_language),
        mapping=build_parameters(asked.component_values(template, "body", given)),
        header_mapping=build_parameters(asked.component_values(template, "header", given)),
        button_mapping=build_parameters(_numbered_button_values(template, given)),
        image_url=link if template.media_format == "IMAGE" else None,
        video_url=link if template.media_format == "VIDEO" else None,
        document_url=link if template.media_format == "DOCUMENT" else None,
        filename=(_document_filename(given) or None)
        if template.media_format == "DOCUMENT"
        else None,
        location_latitude=_coordinate(template, given, asked.LATITUDE),
        location_longitude=_coordinate(template, given, asked.LONGITUDE),
        location_name=given.get(asked.LOCATION_NAME) if template.has_location_header else None,
        location_address=given.get(asked.LOCATION_ADDRESS)
        if template.has_location_header
        else None,
    )


def _language_or_none(template: Template, include: bool) -> str | None:
    return (template.language or None) if include else None


def _numbered_button_values(template: Template, given: Values) -> dict[str, str]:
    """The values of buttons, counted from "1" as the documented example has it."""
    found = [
        given[field_key(variable)]
        for variable in _button_variables(template)
        if field_key(variable) in given
    ]
    return {str(number): value for number, value in enumerate(found, 1)}


def _button_variables(template: Template) -> list[Variable]:
    return [
        variable
        for variable in asked.template_variables(template)
        if variable.component == "button"
    ]


def _document_filename(given: Values) -> str:
    """Meta shows it as the document's title."""
    return given.get(asked.FILENAME, "")[:MAX_FILENAME_LENGTH] or extract_filename(
        given.get(asked.MEDIA, "")
    )


def _coordinate(template: Template, given: Values, name: str) -> float | None:
    return float(given[name]) if template.has_location_header and name in given else None


# --- Meta's form ---------------------------------------------------------------------------------


def _meta_header(
    template: Template, given: Values
) -> TextParameter | MediaParameter | LocationParameter | None:
    if template.media_format and asked.MEDIA in given:
        filename = _document_filename(given) if template.media_format == "DOCUMENT" else ""
        return MediaParameter(template.media_format.lower(), given[asked.MEDIA], filename)
    if template.has_location_header and {asked.LATITUDE, asked.LONGITUDE} <= given.keys():
        return LocationParameter(
            float(given[asked.LATITUDE]),
            float(given[asked.LONGITUDE]),
            given.get(asked.LOCATION_NAME, ""),
            given.get(asked.LOCATION_ADDRESS, ""),
        )
    texts = asked.component_values(template, "header", given)
    names = template.has_named_variables
    return next((TextParameter(text, name if names else "") for name, text in texts.items()), None)


def _filled_button_positions(template: Template) -> list[int]:
    """The places of the buttons that take a value."""
    if template.is_one_time_code:
        return [
            position for position, variable in enumerate(template.buttons) if variable.type == "OTP"
        ]
    return list(dict.fromkeys(variable.button_index for variable in _button_variables(template)))


def _meta_button(template: Template, position: int, given: Values, code: str) -> ButtonParameter:
    """A one-time code stands in its button once more, as the end of a link: Meta's rule."""
    value = code or next(iter(asked.button_values(template, position, given).values()), "")
    button_type = "copy_code" if template.buttons[position].type == "COPY_CODE" else "url"
    return ButtonParameter(button_type, position, value)
