"""Whether a send's values fit the template, as Meta checks it, and the resulting text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaApiError
from bot.sandbox.chakra.template import (
    MEDIA_FORMATS,
    EmbeddedTemplate,
    fill_variables,
    list_variable_names,
)
from bot.sandbox.chakra.template_send import requires_value

PARAMETER_MISSING = 131008
INVALID_PARAMETER_VALUE = 131009
PARAMETER_COUNT_MISMATCH = 132000
TEXT_TOO_LONG = 132005
PARAMETER_FORMAT_MISMATCH = 132012
INVALID_PARAMETER_TEXT = 132018

FORBIDDEN_WHITESPACE = re.compile(r"[\n\r\t]| {5,}")
"""Meta: a parameter has no new lines, no tabs and no more than four spaces in a row."""
MAX_BODY_LENGTH = 1024
MAX_OFFER_BODY_LENGTH = 600
MAX_CARD_BODY_LENGTH = 160
"""Meta's pages on limited-time offers and on media card carousels."""
MAX_HEADER_LENGTH = 60
MAX_URL_SUFFIX_LENGTH = 2000
MAX_CODE_LENGTH = 15
"""Characters of a coupon code or a one-time code, by Meta's components reference."""

OTP_BODY = "*{{1}}* is your verification code."
"""The fixed text of authentication templates, in English."""

ParameterJson = Mapping[str, Any]


def render_body(template: EmbeddedTemplate, components: Any, now: float) -> str:
    """Return the body as the recipient reads it. Raise ``MetaApiError`` for invalid values.

    ``now`` is in epoch seconds: an offer must end later.
    """
    given = list(_iter_components(components))
    has_offer = template.find_component("LIMITED_TIME_OFFER") is not None
    text = _render_parts(template, given, MAX_OFFER_BODY_LENGTH if has_offer else MAX_BODY_LENGTH)
    _check_cards(template, given)
    _check_offer(template, _list_parameters(given, "limited_time_offer"), now)
    return text


def _render_parts(
    holder: EmbeddedTemplate, given: Sequence[Mapping[str, Any]], max_length: int
) -> str:
    """Check header, body and buttons, of a template or of a card; return the body."""
    _check_header(holder, _list_parameters(given, "header"))
    text = _render_body_text(holder, _list_parameters(given, "body"), max_length)
    _check_buttons(holder, [component for component in given if component["type"] == "button"])
    return text


def iter_media_links(components: Any) -> Iterator[tuple[str, str]]:
    """Yield the kind and link of each media file that Meta will fetch, also for the cards."""
    for component in _iter_components(components):
        for card in component.get("cards", ()):
            yield from iter_media_links(card["components"])
        for parameter in component.get("parameters", ()):
            media = parameter.get(parameter.get("type"))
            if isinstance(media, dict) and isinstance(media.get("link"), str):
                yield parameter["type"], media["link"]


def check_media_link(media: Any, location: str) -> None:
    """Raise ``MetaApiError`` unless the media object has a link or an ID."""
    if not isinstance(media, dict) or not (media.get("link") or media.get("id")):
        raise MetaApiError(PARAMETER_MISSING, f"{location}: a link or an id is required")
    if "link" not in media:
        return
    try:
        parts = urlsplit(str(media["link"]))
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise MetaApiError(INVALID_PARAMETER, f"{location}: link is not a valid URI")


def _iter_components(components: Any) -> Iterator[dict[str, Any]]:
    if components is None:
        return
    if not isinstance(components, list):
        raise MetaApiError(INVALID_PARAMETER, "template['components'] must be an array")
    for component in components:
        if not isinstance(component, dict) or not isinstance(component.get("type"), str):
            raise MetaApiError(INVALID_PARAMETER, "template['components'] holds no component")
        parameters = component.get("parameters", [])
        if not isinstance(parameters, list) or not all(isinstance(p, dict) for p in parameters):
            raise MetaApiError(INVALID_PARAMETER, "'parameters' must be an array of parameters")
        yield {**component, "type": component["type"].lower()}


def _list_parameters(given: Sequence[Mapping[str, Any]], kind: str) -> list[ParameterJson]:
    return [
        p
        for component in given
        if component["type"] == kind
        for p in component.get("parameters", ())
    ]


def _check_header(template: EmbeddedTemplate, given: Sequence[ParameterJson]) -> None:
    wanted = template.header_format
    if wanted == "LOCATION" or wanted in MEDIA_FORMATS:
        received = str(given[0].get("type", "unknown")).upper() if given else "UNKNOWN"
        if received != wanted:
            raise MetaApiError(
                PARAMETER_FORMAT_MISMATCH,
                f"header: Format mismatch, expected {wanted}, received {received}",
            )
    if wanted in MEDIA_FORMATS:
        _check_count("header", given, 1)
        check_media_link(given[0].get(wanted.lower()), "header")
    elif wanted == "LOCATION":
        _check_count("header", given, 1)
        _check_location(given[0].get("location"))
    else:
        _check_text_header(template, given)


def _check_text_header(template: EmbeddedTemplate, given: Sequence[ParameterJson]) -> None:
    for parameter in given:
        if parameter.get("type") != "text":
            received = str(parameter.get("type", "unknown")).upper()
            wanted = template.header_format or "no header"
            raise MetaApiError(
                PARAMETER_FORMAT_MISMATCH,
                f"header: Format mismatch, expected {wanted}, received {received}",
            )
    values = _read_values(template, "header", list_variable_names(template.header_text), given)
    if len(fill_variables(template.header_text, values)) > MAX_HEADER_LENGTH:
        raise MetaApiError(
            TEXT_TOO_LONG, f"header text length exceeds {MAX_HEADER_LENGTH} characters"
        )


def _check_location(location: Any) -> None:
    given = location if isinstance(location, dict) else {}
    for name, most in (("latitude", 90), ("longitude", 180)):
        degrees = given.get(name)
        if degrees is None or degrees == "":
            raise MetaApiError(PARAMETER_MISSING, f"header: location {name} is required")
        try:
            if abs(float(degrees)) <= most:
                continue
        except (TypeError, ValueError):
            pass
        raise MetaApiError(INVALID_PARAMETER_VALUE, f"header: location {name} is not valid")


def _render_body_text(
    template: EmbeddedTemplate, given: Sequence[ParameterJson], max_length: int
) -> str:
    text = OTP_BODY if template.category == "AUTHENTICATION" else template.body_text
    values = _read_values(template, "body", list_variable_names(text), given)
    if template.category == "AUTHENTICATION" and len(values.get("1", "")) > MAX_CODE_LENGTH:
        raise MetaApiError(TEXT_TOO_LONG, f"the code can have {MAX_CODE_LENGTH} characters")
    whole = fill_variables(text, values)
    if len(whole) > max_length:
        raise MetaApiError(TEXT_TOO_LONG, f"body text length exceeds {max_length} characters")
    return whole


def _read_values(
    template: EmbeddedTemplate, place: str, names: Sequence[str], given: Sequence[ParameterJson]
) -> dict[str, str]:
    _check_count(place, given, len(names))
    if template.parameter_format == "POSITIONAL" or template.category == "AUTHENTICATION":
        ordered = sorted(names, key=lambda name: (len(name), name))
        return {
            name: _read_parameter_text(parameter, place)
            for name, parameter in zip(ordered, given, strict=True)
        }
    values = {
        str(parameter.get("parameter_name") or ""): _read_parameter_text(parameter, place)
        for parameter in given
    }
    if set(values) != set(names):
        raise MetaApiError(
            INVALID_PARAMETER, f"{place}: Parameter name is missing, empty or not of the template"
        )
    return values


def _read_parameter_text(parameter: ParameterJson, place: str) -> str:
    kind = parameter.get("type")
    if kind in ("currency", "date_time"):
        inner = parameter.get(kind)
        text = inner.get("fallback_value") if isinstance(inner, dict) else None
    elif kind == "text":
        text = parameter.get("text")
    else:
        raise MetaApiError(PARAMETER_FORMAT_MISMATCH, f"{place}: Format mismatch, expected TEXT")
    if not isinstance(text, str) or not text.strip():
        raise MetaApiError(PARAMETER_MISSING, "Parameter of type text is missing text value")
    if FORBIDDEN_WHITESPACE.search(text):
        raise MetaApiError(
            INVALID_PARAMETER_TEXT,
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        )
    return text


def _check_count(place: str, given: Sequence[ParameterJson], wanted: int) -> None:
    if len(given) != wanted:
        raise MetaApiError(
            PARAMETER_COUNT_MISMATCH,
            f"{place}: number of localizable_params ({len(given)}) does not match the expected "
            f"number of params ({wanted})",
        )


SUB_TYPES: Mapping[str, str] = {
    "URL": "url",
    "OTP": "url",
    "COPY_CODE": "copy_code",
    "QUICK_REPLY": "quick_reply",
    "CATALOG": "catalog",
    "FLOW": "flow",
    "MPM": "mpm",
    "SPM": "spm",
}
"""The type of a button -> its ``sub_type`` in a send; a button that is missing here has none."""
ACTION_BUTTONS: Mapping[str, str] = {
    "CATALOG": "thumbnail_product_retailer_id",
    "FLOW": "flow_token",
    "MPM": "sections",
    "SPM": "thumbnail_product_retailer_id",
}
"""The type of a button whose parameter is an action -> the name of its value.

That a flow needs one though Meta's page calls its token optional is INFERRED (public reports).
"""


def _check_buttons(template: EmbeddedTemplate, given: Sequence[Mapping[str, Any]]) -> None:
    by_place = {str(button.get("index", "")): button for button in given}
    for place, button in enumerate(template.buttons):
        filling = by_place.pop(str(place), None)
        kind = button["type"].upper()
        if filling is not None and str(filling.get("sub_type", "")).lower() != SUB_TYPES.get(kind):
            raise MetaApiError(
                INVALID_PARAMETER_VALUE, f"Components sub_type invalid at index: {place}"
            )
        parameters = filling.get("parameters") if filling is not None else None
        if parameters and kind != "QUICK_REPLY":
            _check_button_value(kind, parameters)
        elif requires_value(button) or (kind in ACTION_BUTTONS and kind != "CATALOG"):
            raise MetaApiError(
                PARAMETER_MISSING,
                f"buttons: Button at index {place} of type {kind} requires a parameter",
            )
    if by_place:
        lost = min(by_place) or "?"
        raise MetaApiError(
            PARAMETER_FORMAT_MISMATCH, f"buttons: there is no button at index {lost}"
        )


def _check_button_value(kind: str, parameters: Sequence[ParameterJson]) -> None:
    _check_count("buttons", parameters, 1)
    if kind in ACTION_BUTTONS:
        action = parameters[0].get("action")
        if parameters[0].get("type") != "action" or not isinstance(action, dict):
            raise MetaApiError(
                PARAMETER_FORMAT_MISMATCH, "buttons: Format mismatch, expected ACTION"
            )
        if not action.get(ACTION_BUTTONS[kind]):
            raise MetaApiError(PARAMETER_MISSING, f"buttons: {ACTION_BUTTONS[kind]} is required")
        return
    value = (
        _read_coupon_code(parameters[0])
        if kind == "COPY_CODE"
        else _read_parameter_text(parameters[0], "buttons")
    )
    longest = MAX_URL_SUFFIX_LENGTH if kind == "URL" else MAX_CODE_LENGTH
    if len(value) > longest:
        raise MetaApiError(TEXT_TOO_LONG, f"buttons: a value can have {longest} characters")


def _read_coupon_code(parameter: ParameterJson) -> str:
    code = parameter.get("coupon_code")
    if not isinstance(code, str) or not code.strip():
        raise MetaApiError(PARAMETER_MISSING, "buttons: coupon_code is required")
    return code


def _check_cards(template: EmbeddedTemplate, given: Sequence[Mapping[str, Any]]) -> None:
    """Check the cards of a carousel one by one; Chakra's own format has no field for them."""
    cards = _read_cards(given)
    carousel = template.find_component("CAROUSEL")
    wanted = list(carousel["cards"]) if carousel is not None else []
    if len(cards) != len(wanted):
        raise MetaApiError(
            PARAMETER_FORMAT_MISMATCH,
            f"carousel: expected {len(wanted)} cards, received {len(cards)}",
        )
    if [card.get("card_index") for card in cards] != list(range(len(wanted))):
        raise MetaApiError(INVALID_PARAMETER_VALUE, "carousel: card_index is not valid")
    for index, (card, definition) in enumerate(zip(cards, wanted, strict=True)):
        holder = template.with_changes(components=tuple(definition["components"]))
        try:
            filled = list(_iter_components(card.get("components")))
            _render_parts(holder, filled, MAX_CARD_BODY_LENGTH)
        except MetaApiError as error:
            raise MetaApiError(error.code, f"card {index}: {error.details}") from None


def _read_cards(given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    found = [component.get("cards") for component in given if component["type"] == "carousel"]
    cards: list[Any] = [
        card for listed in found for card in (listed if isinstance(listed, list) else [None])
    ]
    if not all(isinstance(card, dict) for card in cards):
        raise MetaApiError(INVALID_PARAMETER, "carousel: 'cards' must be an array of cards")
    return cards


def _check_offer(template: EmbeddedTemplate, given: Sequence[ParameterJson], now: float) -> None:
    """Check the end of an offer. The code for an offer in the past is INFERRED."""
    offer = template.find_component("LIMITED_TIME_OFFER")
    ends = offer is not None and bool(offer["limited_time_offer"].get("has_expiration"))
    if given and not ends:
        raise MetaApiError(
            PARAMETER_FORMAT_MISMATCH, "limited_time_offer: this template has no expiration"
        )
    if not ends:
        return
    inner = given[0].get("limited_time_offer") if given else None
    moment = inner.get("expiration_time_ms") if isinstance(inner, dict) else None
    if moment is None:
        raise MetaApiError(PARAMETER_MISSING, "limited_time_offer: expiration_time_ms is required")
    if not isinstance(moment, int) or isinstance(moment, bool) or moment <= now * 1000:
        raise MetaApiError(
            INVALID_PARAMETER_VALUE,
            "limited_time_offer: expiration_time_ms must be a timestamp in the future",
        )
