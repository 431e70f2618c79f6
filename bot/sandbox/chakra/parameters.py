"""Whether a send's values fit the template, as Meta checks it, and the resulting text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.chakra.mapping import takes_value
from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaRefused
from bot.sandbox.chakra.template import MEDIA, Template, filled, variables_in

MISSING = 131008
INVALID_VALUE = 131009
WRONG_NUMBER = 132000
TOO_LONG = 132005
WRONG_FORMAT = 132012
BAD_TEXT = 132018

FORBIDDEN = re.compile(r"[\n\r\t]| {5,}")
"""Meta: a parameter has no new lines, no tabs and no more than four spaces in a row."""
LONGEST_BODY = 1024
LONGEST_HEADER = 60
LONGEST_SUFFIX = 2000
LONGEST_CODE = 15
"""Of a coupon code and a one-time code: characters, Meta's components reference."""

OTP_BODY = "*{{1}}* is your verification code."
"""The fixed text of authentication templates, in English."""

Parameter = Mapping[str, Any]


def rendered(template: Template, components: Any) -> str:
    """Return the body as the recipient reads it. Raise ``MetaRefused`` for invalid values."""
    given = list(_components(components))
    _check_header(template, _parameters(given, "header"))
    text = _body(template, _parameters(given, "body"))
    _check_buttons(template, [one for one in given if one["type"] == "button"])
    _check_cards(template, given)
    return text


def links_in(components: Any) -> Iterator[tuple[str, str]]:
    """Yield the kind and link of each media file that Meta will fetch."""
    for component in _components(components):
        for parameter in component.get("parameters", ()):
            media = parameter.get(parameter.get("type"))
            if isinstance(media, dict) and isinstance(media.get("link"), str):
                yield parameter["type"], media["link"]


def check_link(media: Any, place: str) -> None:
    """Raise ``MetaRefused`` unless the media object has a link or an ID."""
    if not isinstance(media, dict) or not (media.get("link") or media.get("id")):
        raise MetaRefused(MISSING, f"{place}: a link or an id is required")
    if "link" not in media:
        return
    try:
        parts = urlsplit(str(media["link"]))
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise MetaRefused(INVALID_PARAMETER, f"{place}: link is not a valid URI")


def _components(components: Any) -> Iterator[dict[str, Any]]:
    if components is None:
        return
    if not isinstance(components, list):
        raise MetaRefused(INVALID_PARAMETER, "template['components'] must be an array")
    for one in components:
        if not isinstance(one, dict) or not isinstance(one.get("type"), str):
            raise MetaRefused(INVALID_PARAMETER, "template['components'] holds no component")
        parameters = one.get("parameters", [])
        if not isinstance(parameters, list) or not all(isinstance(p, dict) for p in parameters):
            raise MetaRefused(INVALID_PARAMETER, "'parameters' must be an array of parameters")
        yield {**one, "type": one["type"].lower()}


def _parameters(given: Sequence[Mapping[str, Any]], kind: str) -> list[Parameter]:
    return [p for one in given if one["type"] == kind for p in one.get("parameters", ())]


def _check_header(template: Template, given: Sequence[Parameter]) -> None:
    wanted = template.header_format
    if wanted == "LOCATION" or wanted in MEDIA:
        received = str(given[0].get("type", "unknown")).upper() if given else "UNKNOWN"
        if received != wanted:
            raise MetaRefused(
                WRONG_FORMAT, f"header: Format mismatch, expected {wanted}, received {received}"
            )
    if wanted in MEDIA:
        _check_number("header", given, 1)
        check_link(given[0].get(wanted.lower()), "header")
    elif wanted == "LOCATION":
        _check_number("header", given, 1)
        _check_location(given[0].get("location"))
    else:
        _check_text_header(template, given)


def _check_text_header(template: Template, given: Sequence[Parameter]) -> None:
    for parameter in given:
        if parameter.get("type") != "text":
            received = str(parameter.get("type", "unknown")).upper()
            wanted = template.header_format or "no header"
            raise MetaRefused(
                WRONG_FORMAT, f"header: Format mismatch, expected {wanted}, received {received}"
            )
    values = _values(template, "header", variables_in(template.header_text), given)
    if len(filled(template.header_text, values)) > LONGEST_HEADER:
        raise MetaRefused(TOO_LONG, f"header text length exceeds {LONGEST_HEADER} characters")


def _check_location(location: Any) -> None:
    given = location if isinstance(location, dict) else {}
    for name, most in (("latitude", 90), ("longitude", 180)):
        degrees = given.get(name)
        if degrees is None or degrees == "":
            raise MetaRefused(MISSING, f"header: location {name} is required")
        try:
            if abs(float(degrees)) <= most:
                continue
        except (TypeError, ValueError):
            pass
        raise MetaRefused(INVALID_VALUE, f"header: location {name} is not valid")


def _body(template: Template, given: Sequence[Parameter]) -> str:
    text = OTP_BODY if template.category == "AUTHENTICATION" else template.body_text
    values = _values(template, "body", variables_in(text), given)
    if template.category == "AUTHENTICATION" and len(values.get("1", "")) > LONGEST_CODE:
        raise MetaRefused(TOO_LONG, f"the code can have {LONGEST_CODE} characters")
    whole = filled(text, values)
    if len(whole) > LONGEST_BODY:
        raise MetaRefused(TOO_LONG, f"body text length exceeds {LONGEST_BODY} characters")
    return whole


def _values(
    template: Template, place: str, names: Sequence[str], given: Sequence[Parameter]
) -> dict[str, str]:
    _check_number(place, given, len(names))
    if template.parameter_format == "POSITIONAL" or template.category == "AUTHENTICATION":
        ordered = sorted(names, key=lambda name: (len(name), name))
        return {name: _text(one, place) for name, one in zip(ordered, given, strict=True)}
    values = {str(one.get("parameter_name") or ""): _text(one, place) for one in given}
    if set(values) != set(names):
        raise MetaRefused(
            INVALID_PARAMETER, f"{place}: Parameter name is missing, empty or not of the template"
        )
    return values


def _text(parameter: Parameter, place: str) -> str:
    kind = parameter.get("type")
    if kind in ("currency", "date_time"):
        inner = parameter.get(kind)
        text = inner.get("fallback_value") if isinstance(inner, dict) else None
    elif kind == "text":
        text = parameter.get("text")
    else:
        raise MetaRefused(WRONG_FORMAT, f"{place}: Format mismatch, expected TEXT")
    if not isinstance(text, str) or not text.strip():
        raise MetaRefused(MISSING, "Parameter of type text is missing text value")
    if FORBIDDEN.search(text):
        raise MetaRefused(
            BAD_TEXT,
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        )
    return text


def _check_number(place: str, given: Sequence[Parameter], wanted: int) -> None:
    if len(given) != wanted:
        raise MetaRefused(
            WRONG_NUMBER,
            f"{place}: number of localizable_params ({len(given)}) does not match the expected "
            f"number of params ({wanted})",
        )


def _check_buttons(template: Template, given: Sequence[Mapping[str, Any]]) -> None:
    by_place = {str(one.get("index", "")): one for one in given}
    for place, button in enumerate(template.buttons):
        filling = by_place.pop(str(place), None)
        kind = button["type"].upper()
        if takes_value(button):
            if filling is None or not filling.get("parameters"):
                raise MetaRefused(
                    MISSING, f"buttons: Button at index {place} of type {kind} requires a parameter"
                )
            _check_filling(kind, filling["parameters"])
    if by_place:
        lost = min(by_place) or "?"
        raise MetaRefused(WRONG_FORMAT, f"buttons: there is no button at index {lost}")


def _check_filling(kind: str, parameters: Sequence[Parameter]) -> None:
    _check_number("buttons", parameters, 1)
    value = _coupon(parameters[0]) if kind == "COPY_CODE" else _text(parameters[0], "buttons")
    longest = LONGEST_SUFFIX if kind == "URL" else LONGEST_CODE
    if len(value) > longest:
        raise MetaRefused(TOO_LONG, f"buttons: a value can have {longest} characters")


def _coupon(parameter: Parameter) -> str:
    code = parameter.get("coupon_code")
    if not isinstance(code, str) or not code.strip():
        raise MetaRefused(MISSING, "buttons: coupon_code is required")
    return code


def _check_cards(template: Template, given: Sequence[Mapping[str, Any]]) -> None:
    """Check the number of a carousel's cards, and that an offer's end is given.

    Chakra's own format has no fields for either.
    """
    carousel = template.component("CAROUSEL")
    if carousel is not None:
        cards = [
            card for one in given if one["type"] == "carousel" for card in one.get("cards", ())
        ]
        if len(cards) != len(carousel["cards"]):
            raise MetaRefused(
                WRONG_FORMAT,
                f"carousel: expected {len(carousel['cards'])} cards, received {len(cards)}",
            )
    offer = template.component("LIMITED_TIME_OFFER")
    ends = offer is not None and offer["limited_time_offer"].get("has_expiration")
    if ends and not _parameters(given, "limited_time_offer"):
        raise MetaRefused(MISSING, "limited_time_offer: expiration_time_ms is required")
