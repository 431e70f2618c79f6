"""Recognize ``ssl_check``: Slack tests an address for its certificate without signing the request.

docs.slack.dev/interactivity/implementing-slash-commands and github.com/slackapi/bolt-js/issues/614
"""

from __future__ import annotations

from typing import Final

from starlette.types import Receive, Scope

from bot.web.body import BodyBudgetExceeded, BodyReader, BodyTooLarge

MAX_BODY_BYTES: Final = 256
"""``ssl_check=1&token=…``; a verification token has 24 characters."""
_FORM: Final = b"application/x-www-form-urlencoded"
_SIGNATURE_HEADERS: Final = frozenset({b"x-slack-request-timestamp", b"x-slack-signature"})


async def is_ssl_check(scope: Scope, receive: Receive, bodies: BodyReader, seconds: float) -> bool:
    """Return whether an unsigned request is ``ssl_check=1``, a token and nothing else.

    Reads the body only if its announced length fits, for up to ``seconds``.
    """
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if any(name in _SIGNATURE_HEADERS for name, _ in headers):
        return False
    if scope["method"] == "GET":
        return _has_only_ssl_check(scope.get("query_string", b""))
    types = [value for name, value in headers if name == b"content-type"]
    lengths = [value for name, value in headers if name == b"content-length"]
    if scope["method"] != "POST" or scope.get("query_string") or len(lengths) != 1:
        return False
    if len(types) != 1 or not types[0].lower().startswith(_FORM):
        return False
    if not lengths[0].isdigit() or not 0 < int(lengths[0][:20]) <= MAX_BODY_BYTES:
        return False
    try:
        body = await bodies.read(receive, max_bytes=MAX_BODY_BYTES, timeout_seconds=seconds)
    except (BodyTooLarge, BodyBudgetExceeded, TimeoutError):
        return False
    return body is not None and _has_only_ssl_check(body)


def _has_only_ssl_check(form: bytes) -> bool:
    fields = [field.partition(b"=") for field in form.split(b"&")]
    names = sorted(name for name, _, _ in fields)
    return (b"ssl_check", b"=", b"1") in fields and names in (
        [b"ssl_check"],
        [b"ssl_check", b"token"],
    )
