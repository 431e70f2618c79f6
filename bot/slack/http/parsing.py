"""A verified body -> the payload: a form is read once, and a command's fields as needed."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import unquote

from pydantic_core import from_json

from bot.slack.commands.command import Payload
from bot.slack.http.verification import RequestRejected
from bot.slack.payloads import is_well_formed
from bot.web.body import TextResponse

NOT_UTF8: Final = TextResponse("not_utf8", 400, "The body is not UTF-8.")
NOT_JSON: Final = TextResponse("not_json", 400, "A JSON object was expected.")
INVALID_FORM: Final = TextResponse(
    "not_a_form", 400, "The form has neither a command nor a payload."
)
INVALID_PAYLOAD: Final = TextResponse(
    "not_a_payload", 400, "The payload does not have the shape that Slack documents."
)

FORM_FIELDS: Final = frozenset(
    {
        "channel_id",
        "channel_name",
        "command",
        "payload",
        "response_url",
        "ssl_check",
        "team_id",
        "text",
        "trigger_id",
        "user_id",
        "user_name",
    }
)
"""The fields that are read. docs.slack.dev/interactivity/implementing-slash-commands"""


class ParsedRequest(NamedTuple):
    """The payload of a request.

    ``may_repeat`` is true if Slack may send the same request again: it retries events, and may ask
    for options twice within a second.
    """

    payload: Payload
    may_repeat: bool


def parse_json(body: bytes) -> ParsedRequest:
    """Return an event. Raise ``RequestRejected`` for anything else."""
    return ParsedRequest(_parse_payload(_decode(body)), may_repeat=True)


def parse_form(body: bytes) -> ParsedRequest:
    """Return a command or an interaction. Raise ``RequestRejected`` for any other form."""
    fields = _parse_fields(_decode(body))
    if "payload" in fields:
        payload = _parse_payload(fields["payload"])
        return ParsedRequest(payload, payload.get("type") == "block_suggestion")
    if "command" not in fields and "ssl_check" not in fields:
        raise RequestRejected(INVALID_FORM)
    return ParsedRequest(fields, may_repeat=False)


def _parse_fields(text: str) -> dict[str, str]:
    """Return the fields that are read, with the values that ``parse_qsl`` gives them.

    The last value of a repeated field counts.
    """
    if text.startswith("{"):
        raise RequestRejected(INVALID_FORM)
    fields: dict[str, str] = {}
    for field in text.split("&"):
        name, _, value = field.partition("=")
        if "%" in name:
            name = unquote(name)
        if name in FORM_FIELDS:
            fields[name] = _unquote_plus(value)
    return fields


def _unquote_plus(value: str) -> str:
    """Return the text of a value, as ``urllib.parse.unquote_plus`` does, four times as fast."""
    if "+" in value:
        value = value.replace("+", " ")
    if "%" not in value:
        return value
    # Most values escape only these. None of the three characters can become part of an escape.
    value = value.replace("%2F", "/").replace("%3A", ":").replace("%40", "@")
    return unquote(value) if "%" in value else value


def _parse_payload(text: str) -> Payload:
    try:
        payload = from_json(text)  # refuses half a surrogate pair, which could not be stored
    except ValueError:
        raise RequestRejected(NOT_JSON) from None
    if not isinstance(payload, dict):
        raise RequestRejected(NOT_JSON)
    if not is_well_formed(payload):
        raise RequestRejected(INVALID_PAYLOAD)
    return payload


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise RequestRejected(NOT_UTF8) from None
