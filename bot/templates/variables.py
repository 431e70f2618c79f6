"""What a template asks for, as the fields of a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.chakra.template import Button, Template, Variable

MEDIA, FILE, FILENAME, CODE = "media", "file", "filename", "otp"
LATITUDE, LONGITUDE = "latitude", "longitude"
LOCATION_NAME, LOCATION_ADDRESS = "location_name", "location_address"
VARIABLE_PREFIX = "var_"
"""What the keys of variables begin with."""

_MEDIA_NOUNS: Mapping[str, str] = {"IMAGE": "picture", "VIDEO": "video", "DOCUMENT": "document"}


class FieldKind(StrEnum):
    TEXT = "text"
    URL_SUFFIX = "suffix"
    """The end of a button's address."""
    COUPON = "coupon"
    CODE = "code"
    LINK = "link"
    FILE = "file"
    """An upload; either it or the LINK is given."""
    COORDINATE = "degrees"


@dataclass(frozen=True, slots=True)
class TemplateField:
    """``key`` is the field's ``block_id`` and the name of its value: ``var_body_1``,
    ``var_header_first_name``, ``var_button_0_1``, ``media``. ``label`` and ``example`` are plain
    text from outside."""

    key: str
    label: str
    example: str = ""
    kind: FieldKind = FieldKind.TEXT
    optional: bool = False


def template_fields(template: Template) -> tuple[TemplateField, ...]:
    """In the order header, body, buttons; each key once."""
    if template.is_one_time_code:
        return (TemplateField(CODE, "One-time code", kind=FieldKind.CODE),)
    found = [
        *_header_fields(template),
        *(_variable_field(template, variable) for variable in template_variables(template)),
    ]
    return tuple({field.key: field for field in found}.values())


def template_variables(template: Template) -> tuple[Variable, ...]:
    """The template's variables, each once. Of a component that is there twice, as Meta never has
    it, what belongs to no button of the template is left out."""
    count = len(template.buttons)
    found = (
        variable
        for variable in template.variables
        if variable.component != "button" or variable.button_index < count
    )
    return tuple({field_key(variable): variable for variable in found}.values())


def field_key(variable: Variable) -> str:
    position = (
        f"button_{variable.button_index}" if variable.component == "button" else variable.component
    )
    return f"{VARIABLE_PREFIX}{position}_{variable.name}"


def match_field(fields: Sequence[TemplateField], typed: str) -> TemplateField | None:
    """The field that ``1=…`` or ``first_name=…`` of a typed line means: by its key, by its key
    without ``var_``, or by its variable, of the body before others."""
    name = typed.strip().lower()
    by_key = {field.key.lower(): field for field in fields}
    bare = (f"{VARIABLE_PREFIX}{part}{name}" for part in ("", "body_", "header_"))
    for key in (name, *bare):
        if key in by_key:
            return by_key[key]
    buttons = [
        key
        for key in by_key
        if key.startswith(f"{VARIABLE_PREFIX}button_") and key.endswith(f"_{name}")
    ]
    return by_key[buttons[0]] if len(buttons) == 1 else None


def component_values(
    template: Template, component: str, values: Mapping[str, str]
) -> dict[str, str]:
    """Variable -> value, of "header" or "body", as far as they are filled in."""
    if template.is_one_time_code:
        return {"1": values[CODE]} if component == "body" and values.get(CODE) else {}
    return _filled_values(
        (variable for variable in template_variables(template) if variable.component == component),
        values,
    )


def button_values(template: Template, position: int, values: Mapping[str, str]) -> dict[str, str]:
    """The same of one button, by its place among all, from 0."""
    own_variables = (
        variable
        for variable in template_variables(template)
        if variable.component == "button" and variable.button_index == position
    )
    return _filled_values(own_variables, values)


def _filled_values(variables: Iterator[Variable], values: Mapping[str, str]) -> dict[str, str]:
    return {
        variable.name: value
        for variable in variables
        if (value := values.get(field_key(variable), ""))
    }


def _header_fields(template: Template) -> Iterator[TemplateField]:
    if template.media_format:
        noun = _MEDIA_NOUNS[template.media_format]
        yield TemplateField(MEDIA, f"Link to the {noun}", kind=FieldKind.LINK, optional=True)
        yield TemplateField(FILE, f"Or upload the {noun}", kind=FieldKind.FILE, optional=True)
    if template.has_location_header:
        yield TemplateField(LATITUDE, "Latitude", "12.9716", FieldKind.COORDINATE)
        yield TemplateField(LONGITUDE, "Longitude", "77.5946", FieldKind.COORDINATE)
        yield TemplateField(LOCATION_NAME, "Name of the place", optional=True)
        yield TemplateField(LOCATION_ADDRESS, "Address of the place", optional=True)


def _variable_field(template: Template, variable: Variable) -> TemplateField:
    if variable.component == "button":
        return _button_field(variable, template.buttons[variable.button_index])
    where = " in the heading" if variable.component == "header" else ""
    return TemplateField(
        field_key(variable), _humanize_name(variable.name) + where, variable.example
    )


def _button_field(variable: Variable, button: Button) -> TemplateField:
    if button.type == "COPY_CODE":
        return TemplateField(field_key(variable), "Coupon code", variable.example, FieldKind.COUPON)
    label = f"End of the link of “{button.text}”" if button.text else "End of the link"
    return TemplateField(field_key(variable), label, variable.example, FieldKind.URL_SUFFIX)


def _humanize_name(name: str) -> str:
    """``‹1›``; ``First name`` of ``first_name``."""
    return f"‹{name}›" if name.isdigit() else name.replace("_", " ").strip().capitalize() or name
