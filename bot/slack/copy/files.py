"""The sentences for files that Slack does not provide: one for each of Slack's codes."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import FileUnavailable
from bot.slack.copy.explanation import ErrorCopy, Explanation

_NOT_ALLOWED = ErrorCopy(
    "This app can't read files in Slack, so it didn't get the one you chose.",
    "Ask {admin} to run `chakra-bot doctor`; it names what is missing.",
    is_service_error=True,
)
_FILE_NOT_FOUND = ErrorCopy(
    "Slack no longer has that file, or doesn't show it to this app.",
    "Choose it again, or enter a link to it.",
)
_NOT_IN_SLACK = ErrorCopy(
    "That file isn't stored in Slack.",
    "Choose a file from your device, or enter a link to it.",
)
_UNTRUSTED_HOST = ErrorCopy(
    "That file is on a host that this app doesn't download from.",
    "Enter a link to it instead, or ask {admin} to check SLACK_API_URL: files may be on its host, "
    "or under slack.com.",
    is_service_error=True,
)
_TRANSIENT = ErrorCopy(
    "Slack didn't give us the file you chose.",
    "Try again in {wait}, or enter a link to the file.",
    is_service_error=True,
)
_OTHER = ErrorCopy(
    "Slack didn't give us the file you chose ({code}).",
    "Choose it again, or enter a link to it. If that doesn't help, contact {admin}.",
    is_service_error=True,
)

FILE_ERROR_COPY: Mapping[str, ErrorCopy] = {
    **dict.fromkeys(("sign_in", "missing_scope", "no_permission", "access_denied"), _NOT_ALLOWED),
    **dict.fromkeys(("not_authed", "invalid_auth", "token_revoked", "token_expired"), _NOT_ALLOWED),
    **dict.fromkeys(("file_not_found", "file_deleted", "http_404", "http_410"), _FILE_NOT_FOUND),
    "external_file": _NOT_IN_SLACK,
    "untrusted_url": _UNTRUSTED_HOST,
    "too_large": ErrorCopy(
        "That file is too large.", "Choose a smaller one, or enter a link to it."
    ),
}
"""Code of ``FileUnavailable`` -> sentences; docs.slack.dev/reference/methods/files.info."""


def explain_unavailable_file(error: FileUnavailable) -> Explanation:
    fallback = _TRANSIENT if error.retryable else _OTHER
    return FILE_ERROR_COPY.get(error.code, fallback).explain(error)
