"""Validators of settings: each takes the text of the environment and returns the value.

A validator raises ``ValueError`` with words that continue the setting's name ("PORT is not a
number"). They never contain the value of a secret.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from phonenumbers import SUPPORTED_REGIONS

from bot.privacy import redact

BOT_TOKEN_PREFIX = "xoxb-"  # noqa: S105 - prefixes, not tokens
APP_TOKEN_PREFIX = "xapp-"  # noqa: S105

# docs.slack.dev/authentication/tokens
TOKEN_KINDS = {
    BOT_TOKEN_PREFIX: "a bot token",
    APP_TOKEN_PREFIX: "an app-level token",
    "xoxp-": "a user token",
    "xoxe.": "a token that expires; switch token rotation off for the app",
    "xoxe-": "a refresh token",
    "xoxa-": "a legacy workspace token",
    "xoxc-": "a browser session's token",
    "xoxs-": "a browser session's token",
}

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("console", "json")
MAX_PORT = 65535

_TOKEN = re.compile(r"[!-~]+")
_MEMBER_OR_GROUP = re.compile(r"[UWS][A-Z0-9]{2,}")
_META_ID = re.compile(r"[0-9]{5,20}")
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")
_VERSION = re.compile(r"v[0-9]+\.[0-9]+")


def parse_bot_token(value: str) -> str:
    return _parse_slack_token(value, BOT_TOKEN_PREFIX)


def parse_app_token(value: str) -> str:
    return _parse_slack_token(value, APP_TOKEN_PREFIX)


def _parse_slack_token(value: str, expected_prefix: str) -> str:
    expected = f"{TOKEN_KINDS[expected_prefix]} starts with {expected_prefix}"
    if not value.startswith(expected_prefix):
        for prefix, kind in TOKEN_KINDS.items():
            if value.startswith(prefix):
                raise ValueError(f"starts with {prefix}: that is {kind}; {expected}")
        raise ValueError(f"does not start with {expected_prefix}: {expected}")
    if not re.fullmatch(r"[A-Za-z0-9-]+", value.removeprefix(expected_prefix)):
        raise ValueError("contains characters that no Slack token has: copy the whole value again")
    return value


def parse_secret(value: str) -> str:
    """Return a password-like value: one line of printable ASCII that is not a Slack token."""
    for prefix, kind in TOKEN_KINDS.items():
        if value.startswith(prefix):
            raise ValueError(f"starts with {prefix} (that is {kind}): this is another value")
    if not _TOKEN.fullmatch(value):
        raise ValueError("contains spaces or unusual characters: copy the whole value again")
    return value


def parse_bearer_token(value: str) -> str:
    if value.lower().startswith("bearer "):
        raise ValueError('starts with "Bearer": leave that word out, and keep only the token')
    return parse_secret(value)


def parse_slack_url(value: str) -> str:
    """Return the base address with a slash at its end."""
    return _parse_web_url(value).rstrip("/") + "/"


def parse_chakra_url(value: str) -> str:
    """Return the base address without a slash at its end, since every path starts with one."""
    url = _parse_web_url(value).rstrip("/")
    if re.search(r"/v[0-9]+(/ext)?$", url):
        raise ValueError("ends with a version: give the address before /v1; the app adds the rest")
    return url


def parse_app_url(value: str) -> str:
    """Return the address of the dashboard without a slash at its end."""
    return _parse_web_url(value).rstrip("/")


def _parse_web_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise ValueError("is not a web address") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("is not a web address: it should look like https://host.example")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("starts with http://: tokens are sent there, so it must be https://")
    return _require_bare_url(value, parts)


def _require_bare_url(value: str, parts: SplitResult) -> str:
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("contains a user name, a password, ? or #: give the address alone")
    if re.search(r"\s", value):
        raise ValueError("contains a space")
    return value


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def parse_database_url(value: str) -> str:
    if value.startswith("postgres://"):
        raise ValueError("starts with postgres://: write postgresql://")
    if not re.match(r"sqlite:///.|postgresql://.", value):
        raise ValueError("is not a database address: use sqlite:/// and a file, or postgresql://")
    return value


def parse_uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError(
            "is not a UUID: 8-4-4-4-12 letters and digits, "
            "such as 2b1e1c9e-0d5a-4c57-9a3c-6f2f7f0a1b2c"
        ) from None


def parse_meta_id(value: str) -> str:
    """Return an ID of Meta. The usual mistake is to enter the phone number itself."""
    if value.startswith("+"):
        raise ValueError("starts with +: give Meta's ID of the number, not the number itself")
    if not _META_ID.fullmatch(value):
        raise ValueError("is not an ID of Meta: it has digits only")
    return value


def parse_api_version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise ValueError("is not a version: it should look like v24.0")
    return value


def parse_host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("is not a host: give a name or an IP address, without http:// and port")
    return value


def parse_port(value: str) -> int:
    """Return a port from 0 to 65535; with 0 the system picks a free one."""
    if not re.fullmatch(r"[0-9]{1,6}", value) or int(value) > MAX_PORT:
        raise ValueError(f"is not a port: use a number from 0 (any free one) to {MAX_PORT}")
    return int(value)


def log_level(value: str) -> str:
    return _parse_choice("warning" if value.lower() == "warn" else value, LOG_LEVELS)


def log_format(value: str) -> str:
    return _parse_choice(value, LOG_FORMATS)


def _parse_choice(value: str, choices: tuple[str, ...]) -> str:
    if value.lower() not in choices:
        allowed = ", ".join(choices[:-1]) + " or " + choices[-1]
        raise ValueError(f'is "{redact(value[:40])}": use {allowed}')
    return value.lower()


def parse_region(value: str) -> str:
    code = value.upper()
    if code == "UK":
        raise ValueError('is "UK": the United Kingdom is GB')
    if code not in SUPPORTED_REGIONS:
        raise ValueError(
            "is not a country: use a two-letter code of ISO 3166, such as IN, DE or US"
        )
    return code


def parse_senders(value: str) -> tuple[str, ...]:
    """Return IDs of people (``U…``, ``W…``) and user groups (``S…``), in the order given."""
    ids = tuple(dict.fromkeys(re.findall(r"[^\s,;]+", value)))
    for sender in ids:
        if not _MEMBER_OR_GROUP.fullmatch(sender):
            raise ValueError(
                f'contains "{redact(sender[:40])}": use IDs of '
                "people (U… or W…) and user groups (S…), separated by commas"
            )
    return ids
