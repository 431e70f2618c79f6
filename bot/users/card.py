"""The card of a user: private for one reader, and masked for a channel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bot.cache import Cached
from bot.chakra.models import User
from bot.errors import RateLimited
from bot.privacy import mask_email, mask_phone
from bot.slack import blocks
from bot.slack.age import format_freshness
from bot.slack.blocks import Markup, bold, code, escape, italic, lines, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.slack.viewer import Viewer, render_show_me
from bot.users.directory import Profile

# IDs of the actions that every card offers; the command `user` handles them.
SHOW = "user.show"
REFRESH = "user.refresh"
SHARE = "user.share"
EDIT = "user.edit"
SEND = "user.send"

AVAILABILITY_LABELS = {
    "AVAILABLE": ":large_green_circle: Available",
    "AWAY": ":large_yellow_circle: Away",
    "BUSY": ":red_circle: Busy",
}
"""AVAILABLE is documented, the others are guesses. Unknown values are shown as they are."""

MAX_CONTACTS = 3
"""Email addresses and phone numbers that a card shows."""
MAX_REPORTEES = 5
SECONDS_PER_MINUTE = 60
MAX_NAME_LENGTH = 150
MAX_VALUE_LENGTH = 300

_IMAGE_URL_PATTERN = re.compile(r"https?://[\w.\[\]:-]+(?:/[!-~]*)?", re.ASCII)
"""Image URLs that Slack accepts. It rejects the whole message for any other."""


def render_private(
    profile: Cached[Profile], viewer: Viewer, *, note: str = "", replace_original: bool = False
) -> Message:
    """Return the card with whole phone numbers and addresses, for one reader only.

    ``note`` goes above it. The same card is rendered, and encoded, once per loaded user.
    """
    value = profile.value
    key = (
        value.team_name,
        value.role_name,
        value.reportee_names,
        profile.loaded_at,
        profile.stale,
        isinstance(profile.reason, RateLimited),
        viewer.now // SECONDS_PER_MINUTE,  # the user's clock is shown in hours and minutes
        viewer.utc_offset,
        viewer.may_edit,
        viewer.may_share,
        note,
        replace_original,
    )
    message = value.rendered.get(key)
    if message is None:
        message = _render_private(profile, viewer, note, replace_original=replace_original)
        value.rendered[key] = message
    return message


def _render_private(
    profile: Cached[Profile], viewer: Viewer, note: str, *, replace_original: bool
) -> Message:
    value = profile.value
    user = value.user
    content: list[Block] = [blocks.context(note)] if note else []
    content.append(_render_header(user, _render_presence(user, viewer)))
    content += blocks.fields(_list_facts(value))
    if value.reportee_count:
        content.append(blocks.section(_render_reportees_line(value)))
    content.append(blocks.context(format_freshness(profile), markup("ID ", code(user.id))))
    content.append(blocks.actions(*_render_buttons(user, viewer)))
    return Message(
        text=_render_summary(value), blocks=tuple(content), replace_original=replace_original
    )


def render_public(profile: Profile, member_id: str) -> Message:
    """Return the card for a channel, with one masked address and number.

    ``member_id`` is the Slack member who shares it.
    """
    user = profile.user
    facts = [
        *_list_role_and_team(profile),
        ("Email", _list_values(map(mask_email, user.emails[:1]))),
        ("Phone", _list_values(mask_phone(f"+{phone}") for phone in user.phones[:1])),
    ]
    return Message(
        text=markup("Chakra user ", _format_name(user)),
        blocks=(
            _render_header(user, render_availability_label(user)),
            *blocks.fields(facts),
            blocks.context(markup("Shared by ", mention(member_id))),
            blocks.actions(render_show_me(SHOW, user.id)),
        ),
        to_channel=True,
        shared_as=f"{_format_name(user)}'s card",
    )


def render_availability_label(user: User) -> str:
    """Return the label with its emoji, "" if Chakra doesn't say."""
    status = user.availability_status
    return AVAILABILITY_LABELS.get(status.upper(), blocks.clip(status, MAX_VALUE_LENGTH))


def _render_header(user: User, presence: str) -> Block:
    name_text = _format_name(user)
    title = (
        bold(name_text)
        if user.active is not False
        else markup(bold(name_text), "  ", _render_inactive_label())
    )
    url = user.profile_image_url
    image = blocks.image(url, name_text) if _IMAGE_URL_PATTERN.fullmatch(url) else None
    return blocks.section(lines([title, presence] if presence else [title]), accessory=image)


def _format_name(user: User) -> str:
    return blocks.clip(user.name, MAX_NAME_LENGTH)


def _render_inactive_label() -> Markup:
    return italic("(inactive)")


def _render_presence(user: User, viewer: Viewer) -> Markup:
    """Return ``Available · 14:05 there, 3 h ahead of you``; an inactive user isn't available."""
    availability = render_availability_label(user) if user.active is not False else ""
    parts = [availability, _format_local_time(user, viewer)]
    return Markup("  ·  ".join([escape(part) for part in parts if part]))


def _format_local_time(user: User, viewer: Viewer) -> str:
    """Return the time on the user's clock, or the name of an unknown time zone."""
    local = user.compute_local_time(datetime.fromtimestamp(viewer.now, UTC))
    if local is None:
        return f"Time zone {blocks.clip(user.timezone, 60)}" if user.timezone else ""
    offset = local.utcoffset() or timedelta()
    time_text = f"{local.hour:02}:{local.minute:02}"
    if viewer.utc_offset is None:
        return f"{time_text} there ({_format_utc_offset(offset)})"
    return (
        f"{time_text} there, {_format_time_difference(offset.total_seconds() - viewer.utc_offset)}"
    )


def _format_utc_offset(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def _format_time_difference(seconds: float) -> str:
    """Return ``3 h 30 min ahead of you``."""
    hours, minutes = divmod(abs(round(seconds / 60)), 60)
    if not hours and not minutes:
        return "the same as yours"
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    return f"{' '.join(parts)} {'ahead of' if seconds > 0 else 'behind'} you"


def _list_facts(profile: Profile) -> list[tuple[str, str]]:
    user = profile.user
    facts = _list_role_and_team(profile)
    facts.append(("Email", _list_values(user.emails)))
    facts.append(("Phone", _list_values(profile.formatted_phones)))
    facts.append(("Account", _format_account_status(user)))
    if user.username and user.username != user.name:
        facts.append(("Username", blocks.clip(user.username, MAX_VALUE_LENGTH)))
    return facts


def _list_role_and_team(profile: Profile) -> list[tuple[str, str]]:
    return [
        ("Role", blocks.clip(profile.role_name, MAX_VALUE_LENGTH) or "none"),
        ("Team", blocks.clip(profile.team_name, MAX_VALUE_LENGTH) or "none"),
    ]


def _format_account_status(user: User) -> str:
    if user.active is None:
        return "Unknown"
    return "Active" if user.active else "Inactive"


def _list_values(values: Iterable[str]) -> Markup:
    """Return one value a line and the number of those left out; ``none`` if empty."""
    clipped = [blocks.clip(value, MAX_VALUE_LENGTH) for value in values]
    visible = clipped[:MAX_CONTACTS]
    if len(clipped) > len(visible):
        visible.append(f"and {len(clipped) - MAX_CONTACTS} more")
    return lines(visible or ["none"])


def _render_reportees_line(profile: Profile) -> Markup:
    count = profile.reportee_count
    people = "1 person reports" if count == 1 else f"{count} people report"
    names = [blocks.clip(name, MAX_NAME_LENGTH) for name in profile.reportee_names[:MAX_REPORTEES]]
    if not names:
        return markup(f"{people} to them")
    more = count - len(names)
    listed = Markup(", ".join([escape(name) for name in names]))
    return markup(f"{people} to them: ", listed, f" and {more} more" if more else "")


def _render_buttons(user: User, viewer: Viewer) -> list[Block]:
    buttons = [blocks.button("Refresh", REFRESH, user.id)]
    if viewer.may_share:
        buttons.append(blocks.button("Share to channel", SHARE, user.id))
    if viewer.may_edit:
        buttons.append(blocks.button("Edit", EDIT, user.id))
        if user.phones:
            buttons.append(blocks.button("Send WhatsApp", SEND, user.id))
    return buttons


def _render_summary(profile: Profile) -> Markup:
    parts = (_format_name(profile.user), profile.role_name, profile.user.email)
    return Markup(
        " · ".join([escape(blocks.clip(part, MAX_NAME_LENGTH)) for part in parts if part])
    )
