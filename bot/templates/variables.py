"""The values that a template needs, as the fields of a form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.chakra.template import Button, Template, Variable

MEDIA, FILE, FILENAME, CODE = "media", "file", "filename", "otp"
LATITUDE, LONGITUDE = "latitude", "longitude"
LOCATION_NAME, LOCATION_ADDRESS = "location_name", "location_address"
VARIABLE_PREFIX = "var_"
"""The prefix of the keys of variables."""

_MEDIA_NOUNS: Mapping[str, str] = {"IMAGE": "Picture", "VIDEO": "Video", "DOCUMENT": "Document"}


class FieldKind(StrEnum):
    TEXT = "text"
    URL_SUFFIX = "suffix"
    """The end of a button's link."""
    COUPON = "coupon"
    CODE = "code"
    LINK = "link"
    FILE = "file"
    """An upload, instead of the LINK."""
    FILENAME = "filename"
    """The name that the recipient sees for a document."""
    COORDINATE = "degrees"


@dataclass(frozen=True, slots=True)
class TemplateField:
    """One input of the form.

    ``key`` is the field's ``block_id`` and the name of its value, such as ``var_body_1``,
    ``var_header_first_name``, ``var_button_0_1`` or ``media``. ``label`` and ``example`` are
    unescaped text from Chakra.
    """

    key: str
    label: str
    example: str = ""
    kind: FieldKind = FieldKind.TEXT
    optional: bool = False


def template_fields(template: Template) -> tuple[TemplateField, ...]:
    """Return the fields in the order header, body, buttons; each key once."""
    if template.is_one_time_code:
        return (TemplateField(CODE, "One-time code", kind=FieldKind.CODE),)
    found = [
        *_header_fields(template),
        *(_variable_field(template, variable) for variable in template_variables(template)),
    ]
    return tuple({field.key: field for field in found}.values())


def template_variables(template: Template) -> tuple[Variable, ...]:
    """Return the template's variables, each once, without those of buttons that don't exist."""
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
    """Return the field that a typed name (``1``, ``first_name``) means.

    A name matches a key, a key without ``var_``, or a variable; one of the body wins.
    """
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


def typed_names(fields: Sequence[TemplateField]) -> tuple[str, ...]:
    """Return the names by which `match_field` finds one of these fields, in lower case."""
    found: dict[str, None] = {}
    for field in fields:
        key = field.key.lower()
        bare = key.removeprefix(VARIABLE_PREFIX)
        parts = bare.split("_", 2 if bare.startswith("button_") else 1)
        found |= dict.fromkeys((key, bare, parts[-1]))
    return tuple(name for name in found if match_field(fields, name))


def component_values(
    template: Template, component: str, values: Mapping[str, str]
) -> dict[str, str]:
    """Return variable -> value for ``component`` "header" or "body", without empty ones."""
    if template.is_one_time_code:
        return {"1": values[CODE]} if component == "body" and values.get(CODE) else {}
    return _filled_values(
        (variable for variable in template_variables(template) if variable.component == component),
        values,
    )


def button_values(template: Template, position: int, values: Mapping[str, str]) -> dict[str, str]:
    """Return variable -> value for the button at ``position``, counted from 0."""
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
        yield TemplateField(MEDIA, f"{noun}: a link", kind=FieldKind.LINK, optional=True)
        yield TemplateField(FILE, f"{noun}: or a file", kind=FieldKind.FILE, optional=True)
    if template.media_format == "DOCUMENT":
        yield TemplateField(
            FILENAME, "Document: its name", "Invoice.pdf", FieldKind.FILENAME, optional=True
        )
    if template.has_location_header:
        yield TemplateField(LATITUDE, "Latitude", "12.9716", FieldKind.COORDINATE)
        yield TemplateField(LONGITUDE, "Longitude", "77.5946", FieldKind.COORDINATE)
        yield TemplateField(LOCATION_NAME, "Place name", optional=True)
        yield TemplateField(LOCATION_ADDRESS, "Place address", optional=True)


def _variable_field(template: Template, variable: Variable) -> TemplateField:
    if variable.component == "button":
        return _button_field(variable, template.buttons[variable.button_index])
    where = " (header)" if variable.component == "header" else ""
    return TemplateField(
        field_key(variable), _humanize_name(variable.name) + where, variable.example
    )


def _button_field(variable: Variable, button: Button) -> TemplateField:
    if button.type == "COPY_CODE":
        return TemplateField(field_key(variable), "Coupon code", variable.example, FieldKind.COUPON)
    label = f'"{button.text}" button: end of its link' if button.text else "Button: end of its link"
    return TemplateField(field_key(variable), label, variable.example, FieldKind.URL_SUFFIX)


def _humanize_name(name: str) -> str:
    """Return ``‹1›`` for ``1`` and ``First name`` for ``first_name``."""
    return f"‹{name}›" if name.isdigit() else name.replace("_", " ").strip().capitalize() or name
