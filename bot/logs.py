"""Logging: our lines and those of libraries go through one pipeline that redacts them."""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.privacy import SECRET_PLACEHOLDER, mask_phone, redact

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

# Libraries that log more than an operator wants, or whole requests: the lowest level of each.
LIBRARY_LEVELS = {
    "aiosqlite": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.INFO,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    "slack_bolt": logging.INFO,
    "slack_sdk": logging.INFO,
    "sqlalchemy": logging.WARNING,
}

# Set by our own processors; everything else is redacted.
_TRUSTED_KEYS = ("timestamp", "level", "logger", "request_id")
_SECRET_KEYS = re.compile(
    r"(?i)(^|_|-)(token|secret|password|authorization|cookie|response_?url)s?$"
)
_PHONE_KEYS = re.compile(r"(?i)phone|mobile|msisdn|wa_?id|recipient")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MAX_DEPTH = 6
_EPOCH_TIMESTAMP = re.compile(r"1[5-9](\d{8}|\d{11}|\d{14})")
_PHONE_LENGTHS = range(10, 16)
_MAX_NON_PHONE_DIGITS = 4  # digits
_MIN_SECRET_LENGTH = 8

# Crockford's alphabet (crockford.com/base32.html) has no characters that are easily confused.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = _ALPHABET[10:]


def configure(level: str, log_format: str, stream: TextIO, secrets: Iterable[str] = ()) -> None:
    """Send every log line of the process to ``stream``. The entry point calls this once.

    Our lines and those of libraries pass through the same formatter, which redacts them.
    ``level`` and ``log_format`` are as in the settings; ``secrets`` are values that no line may
    contain. Another call replaces the configuration.
    """
    _tolerate_encoding_errors(stream)
    min_level = LEVELS[level]
    mask = Mask(tuple(secret for secret in secrets if len(secret) >= _MIN_SECRET_LENGTH))
    context: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*context, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(min_level),
        logger_factory=lambda name="bot": logging.getLogger(name),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_format_arguments, *context],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                mask,
                _build_renderer(log_format, stream),
            ],
            use_get_message=False,
            pass_foreign_args=True,
        )
    )
    _configure_stdlib(handler, min_level)


def bind_request_id(request_id: str) -> None:
    """Add this ID to every later line of the running task and of the tasks that it starts."""
    structlog.contextvars.bind_contextvars(request_id=request_id)


def generate_request_id() -> str:
    """Return a random reference that is easy to read out and to search for, such as ``7F3K-92QD``.

    Each half contains a letter, so that no reference looks like a phone number.
    """
    return f"{_generate_reference_half()}-{_generate_reference_half()}"


def _generate_reference_half() -> str:
    bits = random.getrandbits(22)
    position, bits = bits & 3, bits >> 2
    letter, bits = _LETTERS[(bits & 31) % len(_LETTERS)], bits >> 5
    rest = _ALPHABET[bits & 31] + _ALPHABET[bits >> 5 & 31] + _ALPHABET[bits >> 10]
    return rest[:position] + letter + rest[position:]


class LogFieldKind(Enum):
    """What a field's name reveals about its value."""

    PLAIN = "plain"
    PHONE = "phone"
    SECRET = "secret"  # noqa: S105 - a kind of field


@lru_cache(maxsize=512)
def _log_field_kind(key: str) -> LogFieldKind:
    if _SECRET_KEYS.search(key):
        return LogFieldKind.SECRET
    return LogFieldKind.PHONE if _PHONE_KEYS.search(key) else LogFieldKind.PLAIN


@dataclass(frozen=True)
class Mask:
    """A structlog processor that redacts every key and value of an event.

    It returns plain JSON data: an object becomes its redacted ``repr``.
    """

    secrets: tuple[str, ...] = ()

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        masked: dict[str, Any] = {key: event.pop(key) for key in _TRUSTED_KEYS if key in event}
        traceback = event.pop("exception", None)
        masked["event"] = self._mask_value("event", event.pop("event", ""), 0)
        for key, value in event.items():
            masked[self._mask_line(key)] = self._mask_value(key, value, 0)
        if traceback is not None:
            masked["exception"] = self._mask_text(str(traceback))
        return masked

    def _mask_value(self, key: str, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        kind = _log_field_kind(key)
        if kind is LogFieldKind.SECRET:
            return SECRET_PLACEHOLDER
        if isinstance(value, str):
            phone = (
                kind is LogFieldKind.PHONE and sum(map(str.isdigit, value)) > _MAX_NON_PHONE_DIGITS
            )
            return mask_phone(value) if phone else self._mask_line(value)
        if isinstance(value, int | float):
            return _mask_number(kind, value)
        if depth >= _MAX_DEPTH:
            return "…"
        return self._mask_compound(key, value, depth + 1)

    def _mask_compound(self, key: str, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return {
                self._mask_line(str(name)): self._mask_value(str(name), item, depth)
                for name, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self._mask_value(key, item, depth) for item in value]
        if isinstance(value, bytes):
            return self._mask_line(value.decode(errors="backslashreplace"))
        return self._mask_line(_format_safe_repr(value))

    def _mask_line(self, text: str) -> str:
        """Return the redacted text on one line, so that a typed name cannot forge a log line."""
        if len(text) < _MIN_SECRET_LENGTH and text.isidentifier():
            return text  # like most words, too short for a secret or a phone number
        text = self._mask_text(text)
        return text if text.isprintable() else _CONTROL_CHARACTERS.sub(_escape, text)

    def _mask_text(self, text: str) -> str:
        for secret in self.secrets:
            if secret in text:
                text = text.replace(secret, SECRET_PLACEHOLDER)
        return redact(text)


def _mask_number(kind: LogFieldKind, value: float) -> int | float | str:
    """Return the number itself, unless it looks like a phone number."""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if -100_000 < value < 100_000:
        return value
    digits = str(abs(value))
    if kind is LogFieldKind.PHONE:
        return mask_phone(digits)
    looks_like_phone = len(digits) in _PHONE_LENGTHS and not _EPOCH_TIMESTAMP.fullmatch(digits)
    return mask_phone(digits) if looks_like_phone else value


def _format_safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - a log line must not fail on a broken repr
        return f"<{type(value).__name__}>"


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


class _Handler(logging.StreamHandler[TextIO]):
    """Drops a line that cannot be written.

    The default would print its arguments to stderr, and nothing has redacted those.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Do nothing with ``record``."""


def _format_arguments(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Format a library's message; if its arguments do not fit, keep the message without them."""
    arguments = event.pop("positional_args", None)
    if arguments:
        try:
            event["event"] = event["event"] % arguments
        except Exception:  # noqa: BLE001 - a log line must not fail on a library's mistake
            event["event"] += " (its arguments do not fit)"
    return event


def _configure_stdlib(handler: logging.Handler, min_level: int) -> None:
    """Make ``handler`` the only one of the process, and silence chatty libraries."""
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(min_level)
    for name in [*logging.root.manager.loggerDict, *LIBRARY_LEVELS]:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name, level in LIBRARY_LEVELS.items():
        logging.getLogger(name).setLevel(max(level, min_level))


def _build_renderer(log_format: str, stream: TextIO) -> Processor:
    if log_format == "json":
        return _render_json
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


_encode: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode


def _render_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    """Return the event as ASCII JSON, which every stream and collector can handle."""
    return _encode(event)


def _tolerate_encoding_errors(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
