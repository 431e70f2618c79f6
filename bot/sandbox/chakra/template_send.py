"""Chakra's own format of a template send, parsed and translated into Meta's components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, StrictFloat, StrictInt, StrictStr, ValidationError
from pydantic.alias_generators import to_camel

from bot.sandbox.chakra.envelope import RequestError
from bot.sandbox.chakra.template import MEDIA_FORMATS, EmbeddedTemplate, list_variable_names

MODEL_CONFIG = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)
"""Undocumented fields are refused: what the real API does with them is UNKNOWN, so clients should
not send them."""

REQUIRED_FIELDS = frozenset({"whatsappPhoneNumberId", "templateName"})
Coordinate = StrictFloat | StrictInt


class MappedValue(BaseModel):
    model_config = MODEL_CONFIG

    schema_property_name: StrictStr
    schema_property_value: StrictStr


class TemplateSendBody(BaseModel):
    """A send's documented fields; the vendor's SDK is their source."""

    model_config = MODEL_CONFIG

    whatsapp_phone_number_id: StrictStr
    template_name: StrictStr
    language: StrictStr | None = None
    mapping: tuple[MappedValue, ...] = ()
    header_mapping: tuple[MappedValue, ...] = ()
    button_mapping: tuple[MappedValue, ...] = ()
    image_url: StrictStr | None = None
    video_url: StrictStr | None = None
    document_url: StrictStr | None = None
    filename: StrictStr | None = None
    location_latitude: Coordinate | None = None
    location_longitude: Coordinate | None = None
    location_name: StrictStr | None = None
    location_address: StrictStr | None = None
    otp_code: StrictStr | None = None

    @property
    def media_links(self) -> dict[str, str]:
        """The media links by header format; an empty link counts as not given.

        The vendor's own n8n node sends empty links, and 0 for both degrees, by default.
        """
        given = zip(MEDIA_FORMATS, (self.image_url, self.video_url, self.document_url), strict=True)
        return {kind: link for kind, link in given if link}

    @property
    def has_location(self) -> bool:
        """Whether a place is given; 0 for both degrees counts as not given."""
        return bool(self.location_latitude or self.location_longitude)

    def with_sample_media(self, template: EmbeddedTemplate) -> TemplateSendBody:
        """Return the send with the template's sample, if its media header has no link.

        INFERRED for sends for a process: the documented one has no image for a template that needs
        one.
        """
        kind = template.header_format
        if kind not in MEDIA_FORMATS or self.media_links:
            return self
        return self.model_copy(update={f"{kind.lower()}_url": template.sample_link})


def parse_send_body(body: Mapping[str, Any]) -> TemplateSendBody:
    """Parse the body. Raise ``RequestError`` (400; the messages are INFERRED).

    Empty texts count as not given: the vendor's own n8n node sends them by default.
    """
    given = {name: value for name, value in body.items() if value != "" or name in REQUIRED_FIELDS}
    try:
        return TemplateSendBody.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    raise RequestError(400, f"{place}: {first['msg']}")


def to_meta_components(
    send_body: TemplateSendBody, template: EmbeddedTemplate
) -> list[dict[str, Any]]:
    """Return Meta's components, unchecked against the template."""
    made = [
        *_iter_header_components(send_body, template),
        *_iter_body_components(send_body, template),
        *_iter_button_components(send_body, template),
    ]
    return [component for component in made if component["parameters"]]


def _iter_header_components(
    send_body: TemplateSendBody, template: EmbeddedTemplate
) -> Iterator[dict[str, Any]]:
    """Yield the header.

    A mapping beside a media header is ignored: the documented full request has both.
    """
    parameters = [
        _build_media_parameter(kind, link, send_body.filename)
        for kind, link in send_body.media_links.items()
    ]
    if send_body.has_location:
        parameters.append(_build_location_parameter(send_body))
    if template.header_format not in MEDIA_FORMATS:
        parameters += [
            _build_text_parameter(mapping, template) for mapping in send_body.header_mapping
        ]
    yield {"type": "header", "parameters": parameters}


def _iter_body_components(
    send_body: TemplateSendBody, template: EmbeddedTemplate
) -> Iterator[dict[str, Any]]:
    mapped = send_body.mapping
    if template.parameter_format == "POSITIONAL":
        mapped = tuple(
            sorted(
                mapped, key=lambda one: (len(one.schema_property_name), one.schema_property_name)
            )
        )
    parameters = [_build_text_parameter(mapping, template) for mapping in mapped]
    if send_body.otp_code is not None:
        parameters.append({"type": "text", "text": send_body.otp_code})
    yield {"type": "body", "parameters": parameters}


def _iter_button_components(
    send_body: TemplateSendBody, template: EmbeddedTemplate
) -> Iterator[dict[str, Any]]:
    """Yield the buttons. That ``"1"`` names the first one that takes a value is INFERRED."""
    values = {
        mapping.schema_property_name: mapping.schema_property_value
        for mapping in send_body.button_mapping
    }
    taking = [place for place, button in enumerate(template.buttons) if requires_value(button)]
    for number, place in enumerate(taking, 1):
        kind = template.buttons[place]["type"].upper()
        value = send_body.otp_code if kind == "OTP" else values.pop(str(number), None)
        if value is not None:
            yield _build_button_component(place, kind, value)
    for number, value in enumerate(values.values(), len(template.buttons)):
        yield _build_button_component(number, "URL", value)


def requires_value(button: Mapping[str, Any]) -> bool:
    """Return whether a send must fill in this button."""
    kind = button["type"].upper()
    return kind in ("COPY_CODE", "OTP") or (
        kind == "URL" and bool(list_variable_names(button["url"]))
    )


def _build_button_component(place: int, kind: str, value: str) -> dict[str, Any]:
    if kind == "COPY_CODE":
        sub_type, parameter = "copy_code", {"type": "coupon_code", "coupon_code": value}
    else:
        sub_type, parameter = "url", {"type": "text", "text": value}
    return {"type": "button", "sub_type": sub_type, "index": str(place), "parameters": [parameter]}


def _build_text_parameter(one: MappedValue, template: EmbeddedTemplate) -> dict[str, Any]:
    parameter = {"type": "text", "text": one.schema_property_value}
    if template.parameter_format == "NAMED":
        parameter["parameter_name"] = one.schema_property_name
    return parameter


def _build_media_parameter(kind: str, link: str, filename: str | None) -> dict[str, Any]:
    media = {"link": link}
    if kind == "DOCUMENT" and filename is not None:
        media["filename"] = filename
    return {"type": kind.lower(), kind.lower(): media}


def _build_location_parameter(send_body: TemplateSendBody) -> dict[str, Any]:
    given = {
        "latitude": send_body.location_latitude,
        "longitude": send_body.location_longitude,
        "name": send_body.location_name,
        "address": send_body.location_address,
    }
    location = {key: value for key, value in given.items() if value is not None}
    return {"type": "location", "location": location}
