"""What Slack's error codes mean for a message that the bot posts or edits by itself.

Source: docs.slack.dev/reference/methods/chat.postMessage and chat.update, "Errors". A code that
isn't in a table here is permanent: nothing says that it will pass, and the member is notified.
"""

from __future__ import annotations

from enum import Enum, auto

from bot.errors import SLACK_TRANSIENT_CODES, SlackError

UNCERTAIN = "uncertain"
"""Our own code: Slack didn't confirm the message, and doesn't let us search for it."""
THREAD_NOT_FOUND = "thread_not_found"
MESSAGE_NOT_FOUND = "message_not_found"
"""Someone deleted the message, so they don't want it back."""

UNUSABLE_THREAD_CODES = frozenset(
    {THREAD_NOT_FOUND, "cannot_reply_to_message", "restricted_action_thread_locked"}
)
"""Nothing more can be posted in this thread; another thread of the channel may accept it."""
LOST_ROOT_CODES = UNUSABLE_THREAD_CODES | {MESSAGE_NOT_FOUND}
"""A message with one of these can't begin a thread any more."""

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
"""Slack rejects the message as it is; its text alone may pass."""

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
"""Nothing can be posted with this token; messages wait until the operator replaces it."""

RATE_LIMIT_CODES = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
TRANSIENT_CODES = frozenset({"request_timeout", "team_added_to_org", "external_channel_migrating"})
"""Certainly not done, for a transient reason."""

CANNOT_VERIFY_CODES = frozenset({"missing_scope", "not_allowed_token_type"})
"""The token may post, but not search for what it posted."""

CODE_ALIASES = {"is_inactive": "is_archived"}
"""Other codes of Slack for the same error of an edit: the member is notified once."""


class Disposition(Enum):
    """What to do after an error."""

    RETRY = auto()  # certainly not done; a retry may help
    UNCERTAIN = auto()  # Slack may have done it anyway
    TOKEN = auto()
    CONTENT = auto()
    PERMANENT = auto()  # certainly not done, and a retry cannot help


def classify_error(error: SlackError) -> Disposition:
    """Return what an error of Slack means for the message."""
    code = error.code
    if error.not_sent or code in RATE_LIMIT_CODES | TRANSIENT_CODES:
        return Disposition.RETRY
    if code in SLACK_TRANSIENT_CODES or code.startswith("http_5") or code == "unreadable":
        return (
            Disposition.UNCERTAIN
        )  # According to Slack's documentation, even an internal_error may be partly done
    if code in TOKEN_CODES:
        return Disposition.TOKEN
    return Disposition.CONTENT if code in CONTENT_CODES else Disposition.PERMANENT
