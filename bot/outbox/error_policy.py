"""What Slack's codes mean for a message that the bot posts or edits by itself.

Source: docs.slack.dev/reference/methods/chat.postMessage and chat.update, "Errors". A code that
stands in no table here closes the post: it is not known to pass, and the member is told.
"""

from __future__ import annotations

from enum import Enum, auto

from bot.errors import SLACK_TRANSIENT_CODES, SlackError

UNCERTAIN = "uncertain"
"""Our word: Slack did not say whether it took the message, and does not let us look."""
THREAD_NOT_FOUND = "thread_not_found"
MESSAGE_NOT_FOUND = "message_not_found"
"""Somebody deleted the message, and does not want it back."""

CONTENT_CODES = frozenset(
    {
        "attachment_payload_limit_exceeded",
        "invalid_arguments",
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
        "only_one_table_allowed",
        "too_many_attachments",
        "too_many_contact_cards",
    }
)
"""The message does not please as it is: its words alone may."""

TOKEN_CODES = frozenset(
    {
        "account_inactive",
        "app_access_restricted",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
"""Nothing is taken with this token; everything is kept until whoever runs the bot repairs it."""

RATE_LIMIT_CODES = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
TRANSIENT_CODES = frozenset({"request_timeout", "team_added_to_org", "external_channel_migrating"})
"""Certainly not done, for a reason that passes."""

CANNOT_VERIFY_CODES = frozenset({"missing_scope", "not_allowed_token_type"})
"""The token may post, but not look for what it posted."""

CODE_ALIASES = {"is_inactive": "is_archived"}
"""What Slack calls by another name when it refuses an edit: the member is told of it once."""


class Disposition(Enum):
    RETRY = auto()  # certainly not done; a repeat may help
    UNCERTAIN = auto()  # Slack may have done it all the same
    TOKEN = auto()
    CONTENT = auto()
    PERMANENT = auto()  # certainly not done, and a repeat cannot help


def classify_error(error: SlackError) -> Disposition:
    code = error.code
    if error.not_sent or code in RATE_LIMIT_CODES | TRANSIENT_CODES:
        return Disposition.RETRY
    if code in SLACK_TRANSIENT_CODES or code.startswith("http_5") or code == "unreadable":
        return (
            Disposition.UNCERTAIN
        )  # of an internal_error too Slack says that a part may have been done
    if code in TOKEN_CODES:
        return Disposition.TOKEN
    return Disposition.CONTENT if code in CONTENT_CODES else Disposition.PERMANENT
