"""The sentences of `explain.py` for what the bot could not post or edit by itself: one row for
each of Slack's codes. The member who asked for it reads them in direct messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.slack import blocks
from bot.slack.blocks import Markup, code, markup

RUN_AGAIN = "Nothing is posted late there: ask for it again."


@dataclass(frozen=True, slots=True)
class UndeliveredCopy:
    """``what`` happened, with ``{channel}`` for the channel; ``remedy``: what to do."""

    summary: str
    remedy: str


_NOT_A_MEMBER = UndeliveredCopy(
    "This app is not a member of {channel}, so it could not post this there.",
    f"Type `/invite @Chakra` there, or choose another channel. {RUN_AGAIN}",
)
_CHANNEL_NOT_FOUND = UndeliveredCopy(
    "{channel} is closed to this app, or is gone, so this could not be posted there.",
    f"If it is a private channel, type `/invite @Chakra` in it. {RUN_AGAIN}",
)
_RESTRICTED = UndeliveredCopy(
    "The workspace lets only some people post in {channel}, so this app could not.",
    f"Ask an admin of the workspace, or choose another channel. {RUN_AGAIN}",
)
_THREAD_CLOSED = UndeliveredCopy(
    "The message in {channel} that this one belongs to takes no replies, or is gone.",
    "So it is here instead; there is nothing to do.",
)
_NOT_EDITABLE = UndeliveredCopy(
    "Slack no longer lets this app change its message in {channel}.",
    "What that message says is out of date: this is the latest.",
)

UNDELIVERED_COPY: Mapping[str, UndeliveredCopy] = {
    **dict.fromkeys(("not_in_channel", "no_permission"), _NOT_A_MEMBER),
    "channel_not_found": _CHANNEL_NOT_FOUND,
    "is_archived": UndeliveredCopy(
        "{channel} is archived, so this could not be posted there.",
        f"Choose another channel, or have this one unarchived. {RUN_AGAIN}",
    ),
    **dict.fromkeys(
        (
            "access_denied",
            "ekm_access_denied",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "team_access_not_granted",
        ),
        _RESTRICTED,
    ),
    **dict.fromkeys(
        (
            "cannot_reply_to_message",
            "restricted_action_non_threadable_channel",
            "restricted_action_thread_locked",
            "thread_not_found",
        ),
        _THREAD_CLOSED,
    ),
    **dict.fromkeys(("cant_update_message", "edit_window_closed"), _NOT_EDITABLE),
    "withdrawn": UndeliveredCopy(
        "The message in {channel} that this one belongs to was taken back.",
        "So it is here instead; there is nothing to do.",
    ),
    "uncertain": UndeliveredCopy(
        "Slack did not say whether it took this for {channel}, and it cannot be looked up there.",
        "It may stand there already, so it is not posted again. Look, before you do it yourself.",
    ),
}


def explain_undelivered(error_code: str, channel: str) -> tuple[Markup, Markup]:
    """What happened and what to do; ``refusal`` is Slack's code or a word of the outbox."""
    where = blocks.channel_mention(channel)
    told = UNDELIVERED_COPY.get(error_code)
    if told is None:
        what = markup("Slack did not take this for ", where, " (", code(error_code), ").")
        return what, markup("Tell the person who runs this app. It is not tried again.")
    return Markup(told.summary.format(channel=where)), Markup(told.remedy)
