"""The sentences for the errors of `bot.errors`. Features add theirs: see `Explainer`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot import errors
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, markup
from bot.slack.client.retry import READ_METHODS
from bot.slack.copy.explanation import ADMIN, ErrorCopy, ErrorTable, Explanation, format_wait
from bot.slack.copy.files import explain_unavailable_file

MAX_QUOTE_LENGTH = 300
MAX_QUERY_LENGTH = 100


# --- the person's own situation ---------------------------------------------------------------


def _explain_usage_error(error: Any) -> Explanation:
    if error.example:
        remedy = markup("Try ", code(error.example))
    elif error.message:
        remedy = markup()  # the sentence itself says what to do
    else:
        remedy = markup("Type ", code("/chakra help"), " for all commands.")
    return Explanation(markup(error.message or "That line can't be read."), remedy)


def _explain_not_allowed(error: Any) -> Explanation:
    if error.is_unverified:
        return Explanation(
            markup("We couldn't verify your account with Slack, so nothing was changed."),
            markup("Try again in a minute. If it keeps happening, contact ", ADMIN, "."),
            is_service_error=True,
        )
    remedy = (
        markup("Ask an admin of this app for ", bold(error.required_role), " access.")
        if error.required_role == "sender"
        else markup("Ask a workspace admin if you need it.")
    )
    return Explanation(markup(error.message or "You can't do that from Slack."), remedy)


def _explain_not_found(error: Any) -> Explanation:
    query = bold(blocks.clip(error.query, MAX_QUERY_LENGTH) or "nothing")
    if error.resource == "user":
        summary = markup("No one in Chakra matches ", query, ".")
    elif error.resource == "recipient":
        summary = markup("Can't find ", query, ".")
    elif error.resource == "phone number":
        summary = markup(query, " has no phone number in Chakra.")
    elif error.query:
        summary = markup(f"Can't find {error.resource} ", query, ".")
    else:
        summary = markup(f"Can't find this {error.resource}.")
    if error.suggestions:
        suggestions = [code(suggestion) for suggestion in error.suggestions]
        return Explanation(summary, markup("Did you mean ", Markup(", ".join(suggestions)), "?"))
    return Explanation(summary, markup(error.message or "Check the spelling and try again."))


def _explain_not_linked(error: Any) -> Explanation:
    return Explanation(
        markup(error.message or "That member of this workspace has no Chakra user."),
        markup("Search by name or phone number instead."),
    )


_UNKNOWN_MEMBER = ErrorCopy(
    "That person isn't a member of this workspace.", "Use their name or phone number instead."
)


def _explain_invalid_file(error: Any) -> Explanation:
    return Explanation(
        markup(error.message or "That file can't be used here."),
        markup("Choose another file, or enter a link to it."),
    )


def _explain_not_configured(error: Any) -> Explanation:
    return Explanation(
        markup(error.message or "This app is not fully set up."),
        markup("Ask ", ADMIN, " to set ", code(error.setting), "."),
    )


# --- Chakra's answer --------------------------------------------------------------------------


def _quote_chakra(error: Any) -> Markup:
    text = blocks.clip(str(error.message), MAX_QUOTE_LENGTH)
    if text:
        return markup("Chakra says: “", text, "”. ")
    status = f" (status {error.status})" if error.status and error.status >= 400 else ""
    return markup(f"It gave no reason{status}. ")


def _explain_rejected(error: Any) -> Explanation:
    return Explanation(
        markup("Chakra refused this."),
        markup(_quote_chakra(error), "Fix the problem and try again."),
        is_service_error=True,
    )


def _explain_file_upload_failed(error: Any) -> Explanation:
    return Explanation(
        markup("Chakra didn't accept the file, so nothing was sent."),
        markup(_quote_chakra(error), "Try again in a minute, or enter a link to the file."),
        is_service_error=True,
    )


_REQUEST_TOO_LARGE = ErrorCopy(
    "That is too much for one request to Chakra, so it wasn't accepted.",
    "Try again with less: fewer records, shorter texts or a smaller file.",
)
_RECORD_NOT_FOUND = ErrorCopy(
    "Chakra doesn't know this record.", "It may have been deleted. Search for it again."
)
_ADDRESS_NOT_FOUND = ErrorCopy(
    "Chakra says it doesn't have what this app asked for.",
    "It may not be set up for your team. If it keeps happening, {report}.",
    is_service_error=True,
)
_PERMISSION_DENIED = ErrorCopy(
    "Chakra doesn't let this app do that.",
    "The API key's role doesn't have permission. Contact {admin}.",
    is_service_error=True,
)
_AUTHENTICATION_ERROR = ErrorCopy(
    "Chakra doesn't accept this app's access token.",
    "Nothing works until it is replaced. Ask {admin} to check `CHAKRA_ACCESS_TOKEN`.",
    is_service_error=True,
)
_RATE_LIMITED = ErrorCopy(
    "Chakra is rate limiting requests.", "Try again in {wait}.", is_service_error=True
)
_UNAVAILABLE = ErrorCopy(
    "Chakra cannot be reached right now. Nothing was changed.",
    "Try again in {wait}. `/chakra status` shows whether it is back.",
    is_service_error=True,
)
_OUTCOME_UNKNOWN = ErrorCopy(
    "We don't know whether this went through.",
    "Check in Chakra before retrying; we haven't retried it.",
    is_service_error=True,
)
_INVALID_RESPONSE = ErrorCopy(
    "We couldn't read Chakra's answer.",
    "Try again in a minute. If it keeps happening, {report}.",
    is_service_error=True,
)

# --- Slack's answer, the database, this app -----------------------------------------------------


def _explain_slack_error(error: Any) -> Explanation:
    if error.code == errors.MISSING_SCOPE:
        missing = _MISSING_SCOPE.explain(error)
        if not error.needed_scope:
            return missing
        summary = markup("This app lacks a permission in Slack: ", code(error.needed_scope), ".")
        return replace(missing, summary=summary)
    if error.code == errors.UNTRUSTED_URL:
        return _UNTRUSTED_UPLOAD_HOST.explain(error)
    if not error.retryable:
        return replace(_SLACK_REFUSED.explain(error), summary=_describe_slack_failure(error))
    remedy = markup("Try again in ", format_wait(error.retry_after), ".")
    if error.method not in READ_METHODS and not error.method.startswith("views."):
        remedy = markup(remedy, " If this sends or changes something, check first if it's done.")
    return Explanation(_describe_slack_failure(error), remedy, is_service_error=True)


def _describe_slack_failure(error: Any) -> Markup:
    if error.code == "ratelimited":
        return markup("Slack is rate limiting this app.")
    failure = (
        "didn't answer our question" if error.method in READ_METHODS else "didn't accept the answer"
    )
    return markup("Slack ", failure, " (", code(error.code), ").")


_SLACK_REFUSED = ErrorCopy(
    "Slack didn't accept this.", "Trying again won't help: {report}.", is_service_error=True
)
_UNTRUSTED_UPLOAD_HOST = ErrorCopy(
    "Slack wants the file on a host that this app doesn't send files to.",
    "Ask {admin} to check SLACK_API_URL: files may go to its host, or under slack.com.",
    is_service_error=True,
)
_MISSING_SCOPE = ErrorCopy(
    "This app lacks a permission in Slack.",
    "Ask {admin} to run `chakra-bot doctor`; it names what is missing.",
    is_service_error=True,
)
_TRIGGER_EXPIRED = ErrorCopy(
    "Slack gave up waiting for the form to open.", "Press the button or type the command again."
)
_NOT_IN_CHANNEL = ErrorCopy(
    "This app can't post in that channel.",
    "Invite it with `/invite @Chakra`, or choose another channel.",
)
_DATABASE_UNAVAILABLE = ErrorCopy(
    "This app can't reach its database, so nothing was sent or changed.",
    "Try again in a minute. If it keeps happening, contact {admin}.",
    is_service_error=True,
)
_INTERRUPTED = ErrorCopy(
    "This app stopped before the answer arrived.",
    "Wait a minute, check whether it was done, then try again.",
    is_service_error=True,
)
_PREPARATION_FAILED = ErrorCopy(
    "This app was delayed before the message left, so nothing was sent.",
    "Try again. If it keeps happening, contact {admin}.",
    is_service_error=True,
)
UNEXPECTED_ERROR = ErrorCopy(
    "Something in this app failed. Nothing else will happen.",
    "Try again. If it keeps happening, {report}.",
    is_service_error=True,
)

COMMON_ERRORS: ErrorTable = {
    errors.Interrupted: _INTERRUPTED.explain,
    errors.PreparationFailed: _PREPARATION_FAILED.explain,
    errors.UsageError: _explain_usage_error,
    errors.NotAllowed: _explain_not_allowed,
    errors.NotFound: _explain_not_found,
    errors.NotLinked: _explain_not_linked,
    errors.UnknownMember: _UNKNOWN_MEMBER.explain,
    errors.InvalidFile: _explain_invalid_file,
    errors.NotConfigured: _explain_not_configured,
    errors.Rejected: _explain_rejected,
    errors.RequestTooLarge: _REQUEST_TOO_LARGE.explain,
    errors.ResourceNotFound: _RECORD_NOT_FOUND.explain,
    errors.AddressNotFound: _ADDRESS_NOT_FOUND.explain,
    errors.AuthenticationError: _AUTHENTICATION_ERROR.explain,
    errors.PermissionDenied: _PERMISSION_DENIED.explain,
    errors.RateLimited: _RATE_LIMITED.explain,
    errors.Unavailable: _UNAVAILABLE.explain,
    errors.OutcomeUnknown: _OUTCOME_UNKNOWN.explain,
    errors.FileUploadFailed: _explain_file_upload_failed,
    errors.InvalidResponse: _INVALID_RESPONSE.explain,
    errors.DatabaseUnavailable: _DATABASE_UNAVAILABLE.explain,
    errors.SlackError: _explain_slack_error,
    errors.TriggerExpired: _TRIGGER_EXPIRED.explain,
    errors.NotInChannel: _NOT_IN_CHANNEL.explain,
    errors.FileUnavailable: explain_unavailable_file,
}
