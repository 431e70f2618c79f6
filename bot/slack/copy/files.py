"""The sentences of `explain.py` for files that Slack does not give: one row for each reason."""

from __future__ import annotations

from collections.abc import Mapping

from bot.messages.error_copy import ErrorCopy

NOT_ALLOWED = ErrorCopy(
    "This app may not read files in Slack, so it did not get the one you chose.",
    "Ask {admin} to run `chakra-bot doctor`; it names what is missing.",
    is_service_error=True,
)
FILE_NOT_FOUND = ErrorCopy(
    "Slack does not have that file any more, or does not show it to this app.",
    "Choose it once more, or give a link to it.",
)
NOT_IN_SLACK = ErrorCopy(
    "That file is not kept in Slack but somewhere else.",
    "Choose a file from your device, or give a link to it.",
)
TRANSIENT = ErrorCopy(
    "Slack did not give the file you chose.",
    "Try again in {wait}, or give a link to the file.",
    is_service_error=True,
)
OTHER = ErrorCopy(
    "Slack did not give the file you chose ({code}).",
    "Choose it once more. If that does not help, tell {admin}, or give a link to it.",
    is_service_error=True,
)

FILE_ERROR_COPY: Mapping[str, ErrorCopy] = {
    **dict.fromkeys(("sign_in", "missing_scope", "no_permission", "access_denied"), NOT_ALLOWED),
    **dict.fromkeys(("not_authed", "invalid_auth", "token_revoked", "token_expired"), NOT_ALLOWED),
    **dict.fromkeys(("file_not_found", "file_deleted", "http_404", "http_410"), FILE_NOT_FOUND),
    **dict.fromkeys(("external_file", "untrusted_url"), NOT_IN_SLACK),
    "too_large": ErrorCopy(
        "That file is too large.", "Choose a smaller one, or give a link to it."
    ),
}
"""By the code of ``bot.errors.FileUnavailable``; docs.slack.dev/reference/methods/files.info."""
