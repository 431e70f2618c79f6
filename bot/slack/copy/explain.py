"""Exception -> what happened, what it means, what to do. The only place with error copy, but for
the tables in `whatsapp_copy.py`, `file_copy.py` and `undelivered_copy.py`, parts of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import humanize

from bot import errors
from bot.messages.error_copy import WHATSAPP_ERROR_COPY
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, markup
from bot.slack.client.retry import READ_METHODS
from bot.slack.commands.arguments import unescape
from bot.slack.commands.reply import Block, Message, View
from bot.slack.copy import files as file_copy

ADMIN = "the person who runs this app"
MAX_DISPLAYED_WAIT_SECONDS = 86_400.0
"""Seconds: nobody is asked to wait for longer."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``what`` happened, in one sentence; ``remedy``: what to do about it. Both mrkdwn.

    ``ours`` marks a failure of the bot's or of a service: it gets a reference that is in the log.
    """

    summary: Markup
    remedy: Markup
    is_service_error: bool = False


def explain(error: BaseException) -> Explanation:
    """The most specific explanation there is; anything unforeseen is ours, and says so."""
    for kind in type(error).__mro__:
        say = _EXPLAINERS.get(kind)
        if say is not None:
            return say(error)
    return _unexpected_error(error)


def explain_as_text(error: BaseException) -> str:
    """Under a field, where Slack shows plain text."""
    told = explain(error)
    usage = isinstance(error, errors.UsageError)  # its remedy is a line to type
    text = str(told.summary) if usage else f"{told.summary} {told.remedy}".strip()
    return unescape(text.replace("*", "").replace("`", ""))


def error_message(error: BaseException, reference: str) -> Message:
    """For commands and for buttons of messages."""
    told = explain(error)
    return Message(
        text=f"{told.summary} {told.remedy}".strip(), blocks=_explanation_blocks(told, reference)
    )


def error_view(
    error: BaseException, reference: str, view: View | None, values: dict[str, str]
) -> View:
    """For forms: the form once more with the sentences above its fields, nothing typed lost."""
    told = _explanation_blocks(explain(error), reference)
    if view is None or not view.get("submit") or not view.get("blocks"):
        return blocks.info_modal("That did not work", told)
    clean = [
        block for block in view["blocks"] if not str(block.get("block_id", "")).startswith("_told")
    ]
    return blocks.with_values({**view, "blocks": clean}, values, _with_error_block_ids(told))


def unknown_command(typed: str, suggestion: str | None, arguments: str) -> Message:
    """``typed`` is the person's word, ``near`` the sub-command it most resembles."""
    what = markup("There is no ", code(f"/chakra {blocks.clip(typed, 40)}"), ".")
    if suggestion is None:
        line = markup("Type ", code("/chakra help"), " to see everything that there is.")
    else:
        whole = f"/chakra {suggestion} {arguments}".strip()
        line = markup("Did you mean ", code(blocks.clip(whole, 200)), "?")
    return Message(
        text=markup(what, " ", line), blocks=(blocks.section(blocks.lines([what, line])),)
    )


def did_you_mean(suggestion: str | None, arguments: str) -> str:
    """Return a question about a misspelt command, or "" without a ``suggestion``."""
    if suggestion is None:
        return ""
    line = f"/chakra {suggestion} {arguments}".strip()
    return markup("Did you mean ", code(blocks.clip(line, 200)), "?")


def delayed_message(age: float) -> Message:
    """Return the answer to a message that Slack delivered ``age`` seconds late."""
    text = markup(
        f"Slack delivered your message from {_format_age(age)} ago only now, so we haven't acted "
        "on it. If you still need it, send it again."
    )
    return Message(text, (blocks.section(text),))


def _format_age(seconds: float) -> str:
    """ "20 minutes", "3 hours"."""
    return humanize.naturaldelta(seconds)


def still_working_message() -> Message:
    """After some seconds of silence. Slack cannot replace this line, so it promises a new one."""
    said = markup("Chakra is slow to answer right now. The answer will follow here.")
    return Message(text=said, blocks=(blocks.context(markup(":hourglass_flowing_sand: ", said)),))


def outdated_button() -> Message:
    return _outdated_message("That button belongs to an older version of this app.")


def outdated_shortcut() -> Message:
    return _outdated_message("This app no longer knows that menu entry.")


def _outdated_message(summary: str) -> Message:
    said = markup(summary, " Type ", code("/chakra help"), " and start again from there.")
    return Message(text=said, blocks=(blocks.section(said),))


def _explanation_blocks(explanation: Explanation, reference: str) -> tuple[Block, ...]:
    mark = ":warning: " if explanation.is_service_error else ""
    what = (
        explanation.summary
        if "*" in explanation.summary or not explanation.remedy
        else bold(explanation.summary)
    )
    body = blocks.lines(
        [markup(Markup(mark), what), *([explanation.remedy] if explanation.remedy else [])]
    )
    made: list[Block] = [blocks.section(body)]
    if explanation.is_service_error:
        made.append(blocks.context(markup("Reference ", code(reference))))
    return tuple(made)


def _with_error_block_ids(explanation_blocks: tuple[Block, ...]) -> list[Block]:
    return [
        {**block, "block_id": f"_told{place}"} for place, block in enumerate(explanation_blocks)
    ]


def format_wait(wait: float | None) -> str:
    """ "30 seconds", "2 minutes"; "a minute" where nobody said how long, a day at the most."""
    if wait is None or math.isnan(wait):
        return "a minute"
    bounded = max(1, round(min(wait, MAX_DISPLAYED_WAIT_SECONDS)))
    return humanize.precisedelta(bounded, minimum_unit="seconds", format="%d")


# --- the person's own situation ---------------------------------------------------------------


def _usage_error(error: Any) -> Explanation:
    remedy = (
        markup("Try ", code(error.example))
        if error.example
        else markup("Type ", code("/chakra help"), " to see how each command is written.")
    )
    return Explanation(markup(error.message or "That line cannot be read."), remedy)


def _not_allowed(error: Any) -> Explanation:
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


def _not_found(error: Any) -> Explanation:
    what = markup(
        f"No {error.resource} was found for ", bold(blocks.clip(error.query, 100) or "nothing"), "."
    )
    if error.suggestions:
        near = [code(one) for one in error.suggestions]
        return Explanation(what, markup("Close to it: ", Markup(", ".join(near)), "."))
    return Explanation(what, markup(error.message or "Check the spelling and try again."))


def _not_linked(error: Any) -> Explanation:
    return Explanation(
        markup(error.message or "Nobody in Chakra belongs to that member of this workspace."),
        markup("Search by name or phone number instead."),
    )


def _invalid_file(error: Any) -> Explanation:
    return Explanation(
        markup(error.message or "That file cannot be used here."),
        markup("Choose another one in the form, or give a link to it."),
    )


def _not_configured(error: Any) -> Explanation:
    return Explanation(
        markup(error.message or "This app is not fully set up."),
        markup("Ask ", ADMIN, " to set ", code(error.setting), "."),
    )


# --- Chakra's answer, or its silence ----------------------------------------------------------


def _quote_chakra(error: Any) -> Markup:
    """Chakra's own words, as a quotation."""
    text = blocks.clip(str(error.message), 300)
    return markup("Chakra says: “", text, "”. ") if text else markup()


def _rejected(error: Any) -> Explanation:
    return Explanation(
        markup("Chakra refused this."),
        markup(_quote_chakra(error), "Change what it objects to and try again."),
        is_service_error=True,
    )


def _resource_not_found(_: object) -> Explanation:
    return Explanation(
        markup("Chakra does not know this record."),
        markup("It may have been deleted. Search for it again."),
    )


def _permission_denied(_: object) -> Explanation:
    return Explanation(
        markup("Chakra does not let this app do that."),
        markup("The role of its API key is too small. Tell ", ADMIN, "."),
        is_service_error=True,
    )


def _authentication_error(_: object) -> Explanation:
    return Explanation(
        markup("Chakra does not accept this app’s access token."),
        markup(
            "Nothing works until it is replaced: tell ",
            ADMIN,
            " to check ",
            code("CHAKRA_ACCESS_TOKEN"),
            ".",
        ),
        is_service_error=True,
    )


def _rate_limited(error: Any) -> Explanation:
    return Explanation(
        markup("Chakra is asked too often right now."),
        markup(f"Try again in {format_wait(error.retry_after)}."),
        is_service_error=True,
    )


def _unavailable(error: Any) -> Explanation:
    return Explanation(
        markup("Chakra cannot be reached right now. Nothing was changed."),
        markup(
            f"Try again in {format_wait(error.retry_after)}. ",
            code("/chakra status"),
            " shows whether it is back.",
        ),
        is_service_error=True,
    )


def _outcome_unknown(_: object) -> Explanation:
    return Explanation(
        markup("Chakra did not say whether this was done. It may have been."),
        markup("Look before you try again: it was not repeated by itself."),
        is_service_error=True,
    )


def _file_upload_failed(error: Any) -> Explanation:
    return Explanation(
        markup("Chakra did not take the file, so nothing was sent."),
        markup(_quote_chakra(error), "Try again in a minute, or give a link to the file."),
        is_service_error=True,
    )


def _invalid_response(_: object) -> Explanation:
    return Explanation(
        markup("Chakra answered with something this app cannot read."),
        markup(
            "Trying again in a minute may help. If it does not, give ",
            ADMIN,
            " the reference below.",
        ),
        is_service_error=True,
    )


def _whatsapp_error(error: Any) -> Explanation:
    """WhatsApp's refusals, which Chakra passes on."""
    told = next(
        WHATSAPP_ERROR_COPY[kind] for kind in type(error).__mro__ if kind in WHATSAPP_ERROR_COPY
    )
    blanks = {"wait": format_wait(error.retry_after), "admin": ADMIN, "code": str(error.code)}
    quoted = blocks.clip(error.details, 300) if told.quotes_details else ""
    says = markup("WhatsApp says: “", quoted, f"” ({error.code}). ") if quoted else markup()
    return Explanation(
        markup(told.summary.format(**blanks)),
        markup(says, told.remedy.format(**blanks)),
        is_service_error=told.is_service_error,
    )


# --- the database -----------------------------------------------------------------------------


def _database_unavailable(_: object) -> Explanation:
    return Explanation(
        markup("This app cannot reach its database, so nothing was sent or changed."),
        markup("Try again in a minute. If it stays so, tell ", ADMIN, "."),
        is_service_error=True,
    )


# --- Slack's answer ----------------------------------------------------------------------------


def _slack_error(error: Any) -> Explanation:
    if error.code == "missing_scope":
        return Explanation(
            markup("This app lacks a permission in Slack."),
            markup(
                "Ask ", ADMIN, " to run ", code("chakra-bot doctor"), "; it names what is missing."
            ),
            is_service_error=True,
        )
    remedy = (
        markup("Try again in ", format_wait(error.retry_after), ".")
        if error.retryable
        else markup("Trying again will not help: give ", ADMIN, " the reference below.")
    )
    return Explanation(_slack_failure(error), remedy, is_service_error=True)


def _slack_failure(error: Any) -> Markup:
    if error.code == "ratelimited":
        return markup("Slack asks this app to slow down for a moment.")
    did = (
        "did not tell what it was asked"
        if error.method in READ_METHODS
        else "did not take the answer"
    )
    return markup("Slack ", did, " (", code(error.code), ").")


def _file_unavailable(error: Any) -> Explanation:
    other = file_copy.TRANSIENT if error.retryable else file_copy.OTHER
    told = file_copy.FILE_ERROR_COPY.get(error.code, other)
    blanks = {"wait": format_wait(error.retry_after), "admin": ADMIN, "code": error.code}
    return Explanation(
        markup(told.summary.format(**blanks)),
        markup(told.remedy.format(**blanks)),
        is_service_error=told.is_service_error,
    )


def _trigger_expired(_: object) -> Explanation:
    return Explanation(
        markup("Slack allows three seconds to open a form, and they were over."),
        markup("Press or type it once more."),
    )


def _not_in_channel(_: object) -> Explanation:
    return Explanation(
        markup("This app may not post in that channel."),
        markup("Invite it with ", code("/invite @Chakra"), ", or choose another channel."),
    )


def _unexpected_error(_: object) -> Explanation:
    return Explanation(
        markup("Something in this app failed. Nothing more will happen by itself."),
        markup("Try once more. If it fails again, give ", ADMIN, " the reference below."),
        is_service_error=True,
    )


def _interrupted(_: object) -> Explanation:
    return Explanation(
        markup("This app was stopped before the answer came."),
        markup("Wait a minute, look whether it was done, and then try again."),
        is_service_error=True,
    )


def _preparation_failed(_: object) -> Explanation:
    return Explanation(
        markup("This app was held up before the message left, so nothing was sent."),
        markup("Try once more. If it fails again, tell ", ADMIN, "."),
        is_service_error=True,
    )


_EXPLAINERS: dict[type[BaseException], Callable[[Any], Explanation]] = {
    errors.Interrupted: _interrupted,
    errors.PreparationFailed: _preparation_failed,
    errors.UsageError: _usage_error,
    errors.NotAllowed: _not_allowed,
    errors.NotFound: _not_found,
    errors.NotLinked: _not_linked,
    errors.InvalidFile: _invalid_file,
    errors.NotConfigured: _not_configured,
    errors.Rejected: _rejected,
    errors.ResourceNotFound: _resource_not_found,
    errors.AuthenticationError: _authentication_error,
    errors.PermissionDenied: _permission_denied,
    errors.RateLimited: _rate_limited,
    errors.Unavailable: _unavailable,
    errors.OutcomeUnknown: _outcome_unknown,
    errors.FileUploadFailed: _file_upload_failed,
    errors.InvalidResponse: _invalid_response,
    **dict.fromkeys(WHATSAPP_ERROR_COPY, _whatsapp_error),
    errors.DatabaseUnavailable: _database_unavailable,
    errors.SlackError: _slack_error,
    errors.TriggerExpired: _trigger_expired,
    errors.NotInChannel: _not_in_channel,
    errors.FileUnavailable: _file_unavailable,
}
