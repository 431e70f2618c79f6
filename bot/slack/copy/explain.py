"""Exception -> what happened, what it means, what to do. The only place with error copy, but for
the tables in `whatsapp_copy.py`, `file_copy.py` and `undelivered_copy.py`, parts of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import humanize

from bot import errors
from bot.messages.error_copy import SENTENCES
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, code, words
from bot.slack.client.retry import READS
from bot.slack.commands.arguments import unescape
from bot.slack.commands.reply import Block, Message, View
from bot.slack.copy import files as file_copy

ADMIN = "the person who runs this app"
LONGEST = 86_400.0
"""Seconds: nobody is asked to wait for longer."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``what`` happened, in one sentence; ``remedy``: what to do about it. Both mrkdwn.

    ``ours`` marks a failure of the bot's or of a service: it gets a reference that is in the log.
    """

    what: Markup
    remedy: Markup
    ours: bool = False


def explain(error: BaseException) -> Explanation:
    """The most specific explanation there is; anything unforeseen is ours, and says so."""
    for kind in type(error).__mro__:
        say = _SAY.get(kind)
        if say is not None:
            return say(error)
    return _unforeseen(error)


def sentence(error: BaseException) -> str:
    """Under a field, where Slack shows plain text."""
    told = explain(error)
    usage = isinstance(error, errors.UsageError)  # its remedy is a line to type
    text = str(told.what) if usage else f"{told.what} {told.remedy}".strip()
    return unescape(text.replace("*", "").replace("`", ""))


def message(error: BaseException, reference: str) -> Message:
    """For commands and for buttons of messages."""
    told = explain(error)
    return Message(text=f"{told.what} {told.remedy}".strip(), blocks=_blocks(told, reference))


def form_notice(
    error: BaseException, reference: str, view: View | None, values: dict[str, str]
) -> View:
    """For forms: the form once more with the sentences above its fields, nothing typed lost."""
    told = _blocks(explain(error), reference)
    if view is None or not view.get("submit") or not view.get("blocks"):
        return blocks.notice("That did not work", told)
    clean = [
        block for block in view["blocks"] if not str(block.get("block_id", "")).startswith("_told")
    ]
    return blocks.refilled({**view, "blocks": clean}, values, _marked(told))


def unknown_command(typed: str, near: str | None, rest: str) -> Message:
    """``typed`` is the person's word, ``near`` the sub-command it most resembles."""
    what = words("There is no ", code(f"/chakra {blocks.clip(typed, 40)}"), ".")
    if near is None:
        line = words("Type ", code("/chakra help"), " to see everything that there is.")
    else:
        whole = f"/chakra {near} {rest}".strip()
        line = words("Did you mean ", code(blocks.clip(whole, 200)), "?")
    return Message(
        text=words(what, " ", line), blocks=(blocks.section(blocks.lines([what, line])),)
    )


def still_working() -> Message:
    """After some seconds of silence. Slack cannot replace this line, so it promises a new one."""
    said = words("Chakra is slow to answer right now. The answer will follow here.")
    return Message(text=said, blocks=(blocks.context(words(":hourglass_flowing_sand: ", said)),))


def outdated_button() -> Message:
    return _outdated("That button belongs to an older version of this app.")


def outdated_shortcut() -> Message:
    return _outdated("This app no longer knows that menu entry.")


def _outdated(what: str) -> Message:
    said = words(what, " Type ", code("/chakra help"), " and start again from there.")
    return Message(text=said, blocks=(blocks.section(said),))


def _blocks(told: Explanation, reference: str) -> tuple[Block, ...]:
    mark = ":warning: " if told.ours else ""
    what = told.what if "*" in told.what or not told.remedy else bold(told.what)
    body = blocks.lines([words(Markup(mark), what), *([told.remedy] if told.remedy else [])])
    made: list[Block] = [blocks.section(body)]
    if told.ours:
        made.append(blocks.context(words("Reference ", code(reference))))
    return tuple(made)


def _marked(told: tuple[Block, ...]) -> list[Block]:
    return [{**block, "block_id": f"_told{place}"} for place, block in enumerate(told)]


def seconds(wait: float | None) -> str:
    """ "30 seconds", "2 minutes"; "a minute" where nobody said how long, a day at the most."""
    if wait is None or math.isnan(wait):
        return "a minute"
    bounded = max(1, round(min(wait, LONGEST)))
    return humanize.precisedelta(bounded, minimum_unit="seconds", format="%d")


# --- the person's own situation ---------------------------------------------------------------


def _usage(error: Any) -> Explanation:
    remedy = (
        words("Try ", code(error.example))
        if error.example
        else words("Type ", code("/chakra help"), " to see how each command is written.")
    )
    return Explanation(words(error.message or "That line cannot be read."), remedy)


def _not_allowed(error: Any) -> Explanation:
    if error.unsure:
        return Explanation(
            words("Slack could not be asked who you are, so nothing was done."),
            words("Try again in a minute. If it stays so, tell ", ADMIN, "."),
            ours=True,
        )
    return Explanation(
        words(error.message or "You may not do that here."),
        words("It needs the role ", bold(error.needs), f". Ask {ADMIN} if you should have it."),
    )


def _not_found(error: Any) -> Explanation:
    what = words(
        f"No {error.what} was found for ", bold(blocks.clip(error.sought, 100) or "nothing"), "."
    )
    if error.near:
        near = [code(one) for one in error.near]
        return Explanation(what, words("Close to it: ", Markup(", ".join(near)), "."))
    return Explanation(what, words(error.message or "Check the spelling and try again."))


def _not_linked(error: Any) -> Explanation:
    return Explanation(
        words(error.message or "Nobody in Chakra belongs to that member of this workspace."),
        words("Search by name or phone number instead."),
    )


def _file_unfit(error: Any) -> Explanation:
    return Explanation(
        words(error.message or "That file cannot be used here."),
        words("Choose another one in the form, or give a link to it."),
    )


def _not_set_up(error: Any) -> Explanation:
    return Explanation(
        words(error.message or "This app is not fully set up."),
        words("Ask ", ADMIN, " to set ", code(error.setting), "."),
    )


# --- Chakra's answer, or its silence ----------------------------------------------------------


def _said(error: Any) -> Markup:
    """Chakra's own words, as a quotation."""
    text = blocks.clip(str(error.message), 300)
    return words("Chakra says: “", text, "”. ") if text else words()


def _rejected(error: Any) -> Explanation:
    return Explanation(
        words("Chakra refused this."),
        words(_said(error), "Change what it objects to and try again."),
        ours=True,
    )


def _missing(_: object) -> Explanation:
    return Explanation(
        words("Chakra does not know this record."),
        words("It may have been deleted. Search for it again."),
    )


def _role_too_small(_: object) -> Explanation:
    return Explanation(
        words("Chakra does not let this app do that."),
        words("The role of its API key is too small. Tell ", ADMIN, "."),
        ours=True,
    )


def _key_refused(_: object) -> Explanation:
    return Explanation(
        words("Chakra does not accept this app’s access token."),
        words(
            "Nothing works until it is replaced: tell ",
            ADMIN,
            " to check ",
            code("CHAKRA_ACCESS_TOKEN"),
            ".",
        ),
        ours=True,
    )


def _throttled(error: Any) -> Explanation:
    return Explanation(
        words("Chakra is asked too often right now."),
        words(f"Try again in {seconds(error.retry_after)}."),
        ours=True,
    )


def _unavailable(error: Any) -> Explanation:
    return Explanation(
        words("Chakra cannot be reached right now. Nothing was changed."),
        words(
            f"Try again in {seconds(error.retry_after)}. ",
            code("/chakra status"),
            " shows whether it is back.",
        ),
        ours=True,
    )


def _outcome_unknown(_: object) -> Explanation:
    return Explanation(
        words("Chakra did not say whether this was done. It may have been."),
        words("Look before you try again: it was not repeated by itself."),
        ours=True,
    )


def _file_not_taken(error: Any) -> Explanation:
    return Explanation(
        words("Chakra did not take the file, so nothing was sent."),
        words(_said(error), "Try again in a minute, or give a link to the file."),
        ours=True,
    )


def _unreadable(_: object) -> Explanation:
    return Explanation(
        words("Chakra answered with something this app cannot read."),
        words(
            "Trying again in a minute may help. If it does not, give ",
            ADMIN,
            " the reference below.",
        ),
        ours=True,
    )


def _whatsapp(error: Any) -> Explanation:
    """WhatsApp's refusals, which Chakra passes on."""
    told = next(SENTENCES[kind] for kind in type(error).__mro__ if kind in SENTENCES)
    blanks = {"wait": seconds(error.retry_after), "admin": ADMIN, "code": str(error.code)}
    quoted = blocks.clip(error.details, 300) if told.quoted else ""
    says = words("WhatsApp says: “", quoted, f"” ({error.code}). ") if quoted else words()
    return Explanation(
        words(told.what.format(**blanks)),
        words(says, told.remedy.format(**blanks)),
        ours=told.ours,
    )


# --- the database -----------------------------------------------------------------------------


def _store(_: object) -> Explanation:
    return Explanation(
        words("This app cannot reach its database, so nothing was sent or changed."),
        words("Try again in a minute. If it stays so, tell ", ADMIN, "."),
        ours=True,
    )


# --- Slack's answer ----------------------------------------------------------------------------


def _slack(error: Any) -> Explanation:
    if error.code == "missing_scope":
        return Explanation(
            words("This app lacks a permission in Slack."),
            words(
                "Ask ", ADMIN, " to run ", code("chakra-bot doctor"), "; it names what is missing."
            ),
            ours=True,
        )
    remedy = (
        words("Try again in ", seconds(error.retry_after), ".")
        if error.repeat_helps
        else words("Trying again will not help: give ", ADMIN, " the reference below.")
    )
    return Explanation(_what_slack_did(error), remedy, ours=True)


def _what_slack_did(error: Any) -> Markup:
    if error.code == "ratelimited":
        return words("Slack asks this app to slow down for a moment.")
    did = "did not tell what it was asked" if error.method in READS else "did not take the answer"
    return words("Slack ", did, " (", code(error.code), ").")


def _file_not_given(error: Any) -> Explanation:
    other = file_copy.PASSING if error.repeat_helps else file_copy.OTHER
    told = file_copy.FILES.get(error.code, other)
    blanks = {"wait": seconds(error.retry_after), "admin": ADMIN, "code": error.code}
    return Explanation(
        words(told.what.format(**blanks)), words(told.remedy.format(**blanks)), ours=told.ours
    )


def _trigger_expired(_: object) -> Explanation:
    return Explanation(
        words("Slack allows three seconds to open a form, and they were over."),
        words("Press or type it once more."),
    )


def _not_in_channel(_: object) -> Explanation:
    return Explanation(
        words("This app may not post in that channel."),
        words("Invite it with ", code("/invite @Chakra"), ", or choose another channel."),
    )


def _unforeseen(_: object) -> Explanation:
    return Explanation(
        words("Something in this app failed. Nothing more will happen by itself."),
        words("Try once more. If it fails again, give ", ADMIN, " the reference below."),
        ours=True,
    )


def _interrupted(_: object) -> Explanation:
    return Explanation(
        words("This app was stopped before the answer came."),
        words("Wait a minute, look whether it was done, and then try again."),
        ours=True,
    )


def _not_prepared(_: object) -> Explanation:
    return Explanation(
        words("This app was held up before the message left, so nothing was sent."),
        words("Try once more. If it fails again, tell ", ADMIN, "."),
        ours=True,
    )


_SAY: dict[type[BaseException], Callable[[Any], Explanation]] = {
    errors.Interrupted: _interrupted,
    errors.NotPrepared: _not_prepared,
    errors.UsageError: _usage,
    errors.NotAllowed: _not_allowed,
    errors.NotFound: _not_found,
    errors.NotLinked: _not_linked,
    errors.FileUnfit: _file_unfit,
    errors.NotSetUp: _not_set_up,
    errors.Rejected: _rejected,
    errors.Missing: _missing,
    errors.KeyRefused: _key_refused,
    errors.RoleTooSmall: _role_too_small,
    errors.Throttled: _throttled,
    errors.Unavailable: _unavailable,
    errors.OutcomeUnknown: _outcome_unknown,
    errors.FileNotTaken: _file_not_taken,
    errors.Unreadable: _unreadable,
    **dict.fromkeys(SENTENCES, _whatsapp),
    errors.StoreUnavailable: _store,
    errors.SlackError: _slack,
    errors.TriggerExpired: _trigger_expired,
    errors.NotInChannel: _not_in_channel,
    errors.FileNotGiven: _file_not_given,
}
