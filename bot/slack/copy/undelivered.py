"""The sentences for posts and edits that failed: one for each of Slack's codes.

The member who requested the message reads them in direct messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.slack import blocks
from bot.slack.blocks import Markup, code, markup
from bot.slack.copy.explanation import ADMIN

RUN_AGAIN = "It won't be posted later; please run it again."


@dataclass(frozen=True, slots=True)
class UndeliveredCopy:
    """``summary``: what happened, with ``{channel}`` for the channel; ``remedy``: what to do."""

    summary: str
    remedy: str


_NOT_A_MEMBER = UndeliveredCopy(
    "This app is not in {channel}, so it couldn't post this there.",
    f"Type `/invite @Chakra` there, or choose another channel. {RUN_AGAIN}",
)
_CHANNEL_NOT_FOUND = UndeliveredCopy(
    "{channel} is private or has been deleted, so this couldn't be posted there.",
    f"If it is a private channel, type `/invite @Chakra` in it. {RUN_AGAIN}",
)
_RESTRICTED = UndeliveredCopy(
    "Only some people can post in {channel}, so this app couldn't.",
    f"Ask a workspace admin, or choose another channel. {RUN_AGAIN}",
)
_THREAD_CLOSED = UndeliveredCopy(
    "The message in {channel} that this one replies to was deleted, or takes no replies.",
    "We've posted it here instead. No action needed.",
)
_NOT_EDITABLE = UndeliveredCopy(
    "Slack no longer lets this app edit its message in {channel}.",
    "That message is out of date. This is the latest.",
)

UNDELIVERED_COPY: Mapping[str, UndeliveredCopy] = {
    **dict.fromkeys(("not_in_channel", "no_permission"), _NOT_A_MEMBER),
    "channel_not_found": _CHANNEL_NOT_FOUND,
    "is_archived": UndeliveredCopy(
        "{channel} is archived, so this couldn't be posted there.",
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
        "The message in {channel} that this one replies to was withdrawn.",
        "We've posted it here instead. No action needed.",
    ),
    "uncertain": UndeliveredCopy(
        "We couldn't confirm whether Slack posted this in {channel}.",
        "It may already be there, so we won't post it again. Check before you post it yourself.",
    ),
}


def explain_undelivered(error_code: str, channel: str) -> tuple[Markup, Markup]:
    """Return what happened and what to do. ``error_code`` is Slack's or the outbox's."""
    where = blocks.channel_mention(channel)
    copy = UNDELIVERED_COPY.get(error_code)
    if copy is None:
        summary = markup("Slack didn't accept this for ", where, " (", code(error_code), ").")
        return summary, markup("It won't be retried. Contact ", ADMIN, ".")
    return Markup(copy.summary.format(channel=where)), Markup(copy.remedy)
