"""Compose the request that sends a template with its values.

Chakra's own format is used whenever it can express the send, because only those messages are known
to be reported by signed events; otherwise Meta's format, which Chakra passes through.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from bot.chakra.outgoing import (
    ActionParameter,
    ButtonParameter,
    HeaderParameter,
    JsonObject,
    LocationParameter,
    MediaParameter,
    MetaCard,
    MetaTemplate,
    TemplateMessage,
    TextParameter,
    build_parameters,
)
from bot.chakra.template import Template, Variable
from bot.errors import UsageError
from bot.messages.recipients import Recipient
from bot.templates import variables as asked
from bot.templates.variables import build_field_key

MAX_FILENAME_LENGTH = 240
"""Characters. Source: Meta's media reference."""

ACTION_BUTTONS: Mapping[str, str] = {"CATALOG": "CATALOG", "FLOW": "flow"}
"""Meta's type of a button that opens something in WhatsApp -> its ``sub_type`` in a send."""
UNUSED_FLOW = "unused"
"""Meta's default: the answers go to Chakra, which needs no token from this app."""

DOCUMENT_EXTENSIONS = ("pdf", "txt", "doc", "docx", "xls", "xlsx", "ppt", "pptx")
_FILENAME_PATTERN = re.compile(r"[^/\\\x00-\x1f]+\.[A-Za-z0-9]{1,8}")

Values = Mapping[str, str]
"""Values by field key, and the ``filename`` of a document."""


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """The body for ``MessagesApi.send_template``; ``followable`` if signed events report on it."""

    phone: str = field(repr=False)
    message: TemplateMessage
    followable: ClassVar[bool] = True

    def to_body(self) -> JsonObject:
        """Return the body of the request."""
        return self.message.to_body()


@dataclass(frozen=True, slots=True)
class ProcessMessage:
    """The body for ``MessagesApi.send_template_for_process``: the number is the process's."""

    procedure: str
    key: str
    message: TemplateMessage
    followable: ClassVar[bool] = True

    def to_body(self) -> JsonObject:
        """Return the body of the request."""
        return self.message.to_body()


@dataclass(frozen=True, slots=True)
class PassthroughMessage:
    """The body for ``MessagesApi.send_meta_message``.

    Only the pass-through webhook reports its delivery, and that is not known to be signed.
    """

    sender_id: str
    message: MetaTemplate
    followable: ClassVar[bool] = False

    def to_body(self) -> JsonObject:
        """Return the body of the request."""
        return self.message.to_body()


OutboundMessage = PhoneMessage | ProcessMessage | PassthroughMessage


def compose(
    template: Template,
    values: Values,
    recipient: Recipient,
    sender_id: str,
    *,
    include_language: bool = True,
) -> OutboundMessage:
    """Return the request. ``values`` are valid; ``sender_id`` is Meta's ID of the sending number.

    Without ``include_language`` Chakra uses the only language there is. Raise ``UsageError`` for
    a process without a known number if Chakra's format cannot express the send.
    """
    given = {key: value.strip() for key, value in values.items() if value.strip()}
    if fits_chakra_format(template):
        message = _to_chakra_message(template, given, sender_id, include_language=include_language)
        if recipient.procedure:
            return ProcessMessage(recipient.procedure, recipient.key, message)
        return PhoneMessage(recipient.digits, message)
    if not recipient.digits:
        raise UsageError(
            "This template can only be sent to a phone number, and this record has none. "
            "Type the number instead."
        )
    return PassthroughMessage(sender_id, to_meta_template(template, given, recipient.digits))


def fits_chakra_format(template: Template) -> bool:
    """Return whether Chakra's format expresses the values without ambiguity.

    It numbers button values from "1" instead of naming the button; with values for two buttons, it
    is not documented which one gets which. It has no fields for carousels, offers, catalogs and
    flows.
    """
    has_action = any(button.type in ACTION_BUTTONS for button in template.buttons)
    if template.cards or template.offer is not None or has_action:
        return False
    return len(_list_button_variables(template)) < 2


def to_meta_template(template: Template, given: Values, phone: str) -> MetaTemplate:
    """Return the template message in Meta's format."""
    return MetaTemplate(
        to=phone,
        name=template.name,
        language=template.language,
        header=_build_meta_header(template, given),
        text=_build_meta_texts(template, "body", given),
        buttons=_build_meta_buttons(template, given),
        cards=tuple(
            MetaCard(
                header=_build_meta_media(template, given, card),
                text=_build_meta_texts(template, "body", given, card),
                buttons=_build_meta_buttons(template, given, card),
            )
            for card in range(len(template.cards))
        ),
        expires_at=int(given[asked.EXPIRATION]) if asked.EXPIRATION in given else None,
    )


def extract_filename(url: str) -> str:
    """Return the last part of a URL if it looks like a file name; else ""."""
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2], errors="replace").strip()
    except ValueError:
        return ""
    return name if len(name) <= MAX_FILENAME_LENGTH and _FILENAME_PATTERN.fullmatch(name) else ""


# --- Chakra's format ---------------------------------------------------------------------


def _to_chakra_message(
    template: Template, given: Values, sender_id: str, *, include_language: bool
) -> TemplateMessage:
    if template.is_one_time_code:
        return TemplateMessage(
            whatsapp_phone_number_id=sender_id,
            template_name=template.name,
            language=_choose_language(template, include_language),
            otp_code=given.get(asked.CODE),
        )
    link = given.get(asked.MEDIA)
    return TemplateMessage(
        whatsapp_phone_number_id=sender_id,
        template_name=template.name,
        language=_choose_language(template, include_language),
        mapping=build_parameters(asked.get_component_values(template, "body", given)),
        header_mapping=build_parameters(asked.get_component_values(template, "header", given)),
        button_mapping=build_parameters(_number_button_values(template, given)),
        image_url=link if template.media_format == "IMAGE" else None,
        video_url=link if template.media_format == "VIDEO" else None,
        document_url=link if template.media_format == "DOCUMENT" else None,
        filename=(_choose_document_filename(given) or None)
        if template.media_format == "DOCUMENT"
        else None,
        location_latitude=_coordinate(template, given, asked.LATITUDE),
        location_longitude=_coordinate(template, given, asked.LONGITUDE),
        location_name=given.get(asked.LOCATION_NAME) if template.has_location_header else None,
        location_address=given.get(asked.LOCATION_ADDRESS)
        if template.has_location_header
        else None,
    )


def _choose_language(template: Template, include: bool) -> str | None:
    return (template.language or None) if include else None


def _number_button_values(template: Template, given: Values) -> dict[str, str]:
    """Return the values of buttons, numbered from "1" as in the documented example."""
    found = [
        given[build_field_key(variable)]
        for variable in _list_button_variables(template)
        if build_field_key(variable) in given
    ]
    return {str(number): value for number, value in enumerate(found, 1)}


def _list_button_variables(template: Template) -> list[Variable]:
    return [
        variable
        for variable in asked.list_template_variables(template)
        if variable.component == "button"
    ]


def _choose_document_filename(given: Values) -> str:
    """Return the file name, which Meta shows as the document's title."""
    in_link = extract_filename(given.get(asked.MEDIA, ""))
    name, extension = given.get(asked.FILENAME, ""), _find_extension(in_link)
    if (
        name
        and extension in DOCUMENT_EXTENSIONS
        and _find_extension(name) not in DOCUMENT_EXTENSIONS
    ):
        end = f".{extension}"  # phones use it to open the file
        return name[: MAX_FILENAME_LENGTH - len(end)] + end
    return name[:MAX_FILENAME_LENGTH] or in_link


def _find_extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _coordinate(template: Template, given: Values, name: str) -> float | None:
    return float(given[name]) if template.has_location_header and name in given else None


# --- Meta's format ---------------------------------------------------------------------


def _build_meta_texts(
    template: Template, component: str, given: Values, card: int | None = None
) -> tuple[TextParameter, ...]:
    names = template.has_named_variables
    found = asked.get_component_values(template, component, given, card)
    return tuple(TextParameter(value, name if names else "") for name, value in found.items())


def _build_meta_header(template: Template, given: Values) -> HeaderParameter | None:
    if template.media_format:
        return _build_meta_media(template, given)
    if template.has_location_header and {asked.LATITUDE, asked.LONGITUDE} <= given.keys():
        return LocationParameter(
            float(given[asked.LATITUDE]),
            float(given[asked.LONGITUDE]),
            given.get(asked.LOCATION_NAME, ""),
            given.get(asked.LOCATION_ADDRESS, ""),
        )
    return next(iter(_build_meta_texts(template, "header", given)), None)


def _build_meta_media(
    template: Template, given: Values, card: int | None = None
) -> MediaParameter | None:
    media_format = (template if card is None else template.cards[card]).media_format
    link = given.get(asked.list_media_keys(card)[0])
    if not media_format or link is None:
        return None
    filename = (
        _choose_document_filename(given) if media_format == "DOCUMENT" and card is None else ""
    )
    return MediaParameter(media_format.lower(), link, filename)


def _build_meta_buttons(
    template: Template, given: Values, card: int | None = None
) -> tuple[ButtonParameter | ActionParameter, ...]:
    """Return the buttons that a send names; by Meta's rule a one-time code is repeated in its."""
    found: list[ButtonParameter | ActionParameter] = []
    code = given.get(asked.CODE, "") if template.is_one_time_code else ""
    holder = template if card is None else template.cards[card]
    for position, button in enumerate(holder.buttons):
        value = next(iter(asked.get_button_values(template, position, given, card).values()), "")
        if button.type in ACTION_BUTTONS:
            sub_type = ACTION_BUTTONS[button.type]
            token = UNUSED_FLOW if button.type == "FLOW" else value
            found.append(ActionParameter(sub_type, position, token))
        elif button.type == "OTP" and code:
            found.append(ButtonParameter("url", position, code))
        elif button.variable_names and not template.is_one_time_code:
            sub_type = "copy_code" if button.type == "COPY_CODE" else "url"
            found.append(ButtonParameter(sub_type, position, value))
    return tuple(found)
