"""The private messages to a rule's author when its messages can't be posted."""

from __future__ import annotations

from bot.notifications.rule import Rule
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, channel_mention, code, markup
from bot.slack.channel_mask import is_private
from bot.slack.commands.reply import Message

KEEP_POSTING, STOP_POSTING = "notify.keep_posting", "notify.stop_posting"
"""``action_id``s of the question whether people from other companies may read customers' words."""

_REASONS = {
    "is_archived": ("is archived", "Unarchive it, or remove its rules"),
    "not_in_channel": ("no longer has this app", "Type `/invite @Chakra` there"),
    "channel_not_found": (
        "is private or has been deleted",
        "If it is private, type `/invite @Chakra` there; else remove its rules",
    ),
    "restricted_action": (
        "lets only some people post",
        "Ask a workspace admin to let this app post there",
    ),
}


def render_problem(channel: str, error_code: str) -> Message:
    """Return why notifications can't be posted, and what to do."""
    reason = _REASONS.get(error_code)
    if reason is None and error_code.startswith("restricted_action"):
        reason = _REASONS["restricted_action"]
    where = channel_mention(channel)
    if reason is None:
        what = markup("Notifications can't be posted in ", where, " (", code(error_code), ").")
        remedy = "Contact your admin."
    else:
        what = markup("Notifications can't be posted: ", where, f" {reason[0]}.")
        remedy = f"{reason[1]}: `/chakra notify list` shows them."
        if "rules" not in reason[1]:
            remedy = f"{reason[1]}."
    note = "They are stored, and posted once this works again. `/chakra notify recent` shows them."
    content = (
        blocks.section(blocks.lines([markup(Markup(":warning: "), bold(what)), remedy])),
        blocks.context(note),
    )
    return Message(markup(what, " ", remedy), content)


def render_outsiders(rule: Rule) -> Message:
    """Return the question to the author of a rule whose channel other companies can now read."""
    where = channel_mention(rule.channel)
    what = markup("People outside your company now read ", where, ".")
    note = "Customers' messages are no longer posted there, until you decide. None are lost."
    value = str(rule.id)
    content = (
        blocks.section(blocks.lines([markup(Markup(":warning: "), bold(what)), note])),
        blocks.actions(
            blocks.button("Keep posting", KEEP_POSTING, value),
            blocks.button("Stop and remove the rule", STOP_POSTING, value, style="danger"),
        ),
    )
    return Message(markup(what, " ", note), content)


def render_undecided(channel: str) -> Message:
    """Return the notice that events may be missing, since Chakra didn't answer for a rule."""
    where = "your DM with Chakra" if is_private(channel) else channel_mention(channel)
    what = markup("Chakra didn't answer for an hour, so events may be missing in ", where, ".")
    note = (
        "A rule there asks for the customer's record, or for a template's category. "
        "`/chakra notify recent` shows every event."
    )
    content = (
        blocks.section(blocks.lines([markup(Markup(":warning: "), bold(what)), Markup(note)])),
    )
    return Message(markup(what, " ", note), content)


def render_unconfirmed(channel: str) -> Message:
    """Return the notice that Slack didn't confirm a notification, and can't be asked."""
    what = markup("We couldn't confirm whether Slack posted a notification in ")
    line = markup(what, channel_mention(channel), ". It may already be there.")
    note = "It isn't posted again. `/chakra notify recent` shows every event."
    return Message(markup(line, " ", note), (blocks.section(blocks.lines([line, note])),))
