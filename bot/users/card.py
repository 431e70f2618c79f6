"""One person as people read about them: the card for one reader, the masked one for a channel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bot.cache import Cached
from bot.chakra.models import User
from bot.privacy import mask_email, mask_phone, redact
from bot.slack import blocks
from bot.slack.age import freshness
from bot.slack.blocks import Markup, bold, code, escape, italic, lines, markup, mention
from bot.slack.commands.reply import Block, Message
from bot.slack.viewer import Viewer
from bot.users.directory import Profile

# Ids of the actions that every card offers; the command `user` answers them.
REFRESH = "user.refresh"
SHARE = "user.share"
EDIT = "user.edit"
SEND = "user.send"

AVAILABILITIES = {
    "AVAILABLE": ":large_green_circle: Available",
    "AWAY": ":large_yellow_circle: Away",
    "BUSY": ":red_circle: Busy",
}
"""AVAILABLE is documented, the others are guesses; a word that is not here is shown as it is."""

MOST_CONTACTS = 3
"""E-mail addresses and phone numbers shown of one person."""
MOST_REPORTEES = 5
LONGEST_NAME = 150
LONGEST_VALUE = 300

_ADDRESS = re.compile(r"https?://[\w.\[\]:-]+(?:/[!-~]*)?", re.ASCII)
"""Of a picture. Slack refuses the whole message for one that it cannot read as an address."""


def private(
    profile: Cached[Profile], viewer: Viewer, *, note: str = "", replace: bool = False
) -> Message:
    """Whole phone numbers and addresses: for one reader only. ``note`` stands above the card."""
    shown = profile.value
    user = shown.user
    made: list[Block] = [blocks.context(note)] if note else []
    made.append(_head(user, _presence(user, viewer)))
    made += _lasting(shown)
    made.append(blocks.context(freshness(profile), markup("Id ", code(user.id))))
    made.append(blocks.actions(*_buttons(user, viewer)))
    return Message(text=_summary(shown), blocks=tuple(made), replace_original=replace)


def _lasting(shown: Profile) -> list[Block]:
    """What changes only with the user: drawn once for each that was fetched."""
    key = (shown.team, shown.role, shown.reportees)
    if key not in shown.drawn:
        drawn = blocks.fields(_facts(shown))
        if shown.reportee_count:
            drawn.append(blocks.section(_reportees(shown)))
        shown.drawn[key] = drawn
    lasting: list[Block] = shown.drawn[key]
    return lasting


def public(profile: Profile, by: str) -> Message:
    """For everyone in a channel: masked, and without buttons. ``by`` is a Slack member id."""
    user = profile.user
    name = redact(_name(user))
    picture = user.profile_image_url
    head = _head(user, _availability(user), name, picture if redact(picture) == picture else "")
    facts = [(label, redact(value)) for label, value in _place_in_team(profile)]
    facts += [
        ("E-mail", _some(map(mask_email, user.emails[:1]))),
        ("Phone", _some(mask_phone(f"+{phone}") for phone in user.phones[:1])),
    ]
    return Message(
        text=markup("Chakra user ", name),
        blocks=(head, *blocks.fields(facts), blocks.context(markup("Shared by ", mention(by)))),
        to_channel=True,
    )


def availability(user: User) -> str:
    """In words; "" where Chakra says nothing."""
    status = user.availability_status
    return AVAILABILITIES.get(status.upper(), blocks.clip(status, LONGEST_VALUE))


def _head(user: User, presence: str, name: str = "", picture: str | None = None) -> Block:
    shown = name or _name(user)
    title = bold(shown) if user.active is not False else markup(bold(shown), "  ", _inactive())
    url = user.profile_image_url if picture is None else picture
    drawn = blocks.image(url, shown) if _ADDRESS.fullmatch(url) else None
    return blocks.section(lines([title, presence] if presence else [title]), accessory=drawn)


def _name(user: User) -> str:
    return blocks.clip(user.name, LONGEST_NAME)


def _inactive() -> Markup:
    return italic("(inactive)")


def _presence(user: User, viewer: Viewer) -> Markup:
    """Available · 14:05, 3 h ahead of you."""
    parts = [availability(user), _local_time(user, viewer)]
    return Markup("  ·  ".join([escape(part) for part in parts if part]))


def _availability(user: User) -> str:
    return redact(availability(user))


def _local_time(user: User, viewer: Viewer) -> str:
    """On the user's clock; a zone that cannot be read is shown as it is."""
    local = user.local_time(datetime.fromtimestamp(viewer.now, UTC))
    if local is None:
        return f"Time zone {blocks.clip(user.timezone, 60)}" if user.timezone else ""
    offset = local.utcoffset() or timedelta()
    shown = f"{local.hour:02}:{local.minute:02}"
    if viewer.utc_offset is None:
        return f"{shown} there ({_utc(offset)})"
    return f"{shown} there, {_apart(offset.total_seconds() - viewer.utc_offset)}"


def _utc(offset: timedelta) -> str:
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def _apart(seconds: float) -> str:
    """``3 h 30 min ahead of you``."""
    hours, minutes = divmod(abs(round(seconds / 60)), 60)
    if not hours and not minutes:
        return "the same as yours"
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    return f"{' '.join(parts)} {'ahead of' if seconds > 0 else 'behind'} you"


def _facts(profile: Profile) -> list[tuple[str, str]]:
    user = profile.user
    facts = _place_in_team(profile)
    facts.append(("E-mail", _some(user.emails)))
    facts.append(("Phone", _some(profile.phones)))
    facts.append(("Account", _account(user)))
    if user.username and user.username != user.name:
        facts.append(("Username", blocks.clip(user.username, LONGEST_VALUE)))
    return facts


def _place_in_team(profile: Profile) -> list[tuple[str, str]]:
    return [
        ("Role", blocks.clip(profile.role, LONGEST_VALUE) or "none"),
        ("Team", blocks.clip(profile.team, LONGEST_VALUE) or "none"),
    ]


def _account(user: User) -> str:
    if user.active is None:
        return "Chakra does not say"
    return "Active" if user.active else "Inactive"


def _some(values: Iterable[str]) -> Markup:
    """One a line, the first few of many; ``none`` where there are none."""
    every = [blocks.clip(value, LONGEST_VALUE) for value in values]
    shown = every[:MOST_CONTACTS]
    if len(every) > len(shown):
        shown.append(f"and {len(every) - MOST_CONTACTS} more")
    return lines(shown or ["none"])


def _reportees(profile: Profile) -> Markup:
    count = profile.reportee_count
    people = "1 person reports" if count == 1 else f"{count} people report"
    names = [blocks.clip(name, LONGEST_NAME) for name in profile.reportees[:MOST_REPORTEES]]
    if not names:
        return markup(f"{people} to them")
    more = count - len(names)
    listed = Markup(", ".join([escape(name) for name in names]))
    return markup(f"{people} to them: ", listed, f" and {more} more" if more else "")


def _buttons(user: User, viewer: Viewer) -> list[Block]:
    made = [blocks.button("Refresh", REFRESH, user.id)]
    if viewer.may_share:
        made.append(blocks.button("Share to channel", SHARE, user.id))
    if viewer.may_edit:
        made.append(blocks.button("Edit", EDIT, user.id))
        if user.phones:
            made.append(blocks.button("Send WhatsApp", SEND, user.id))
    return made


def _summary(profile: Profile) -> Markup:
    parts = (_name(profile.user), profile.role, profile.user.email)
    return Markup(" · ".join([escape(blocks.clip(part, LONGEST_NAME)) for part in parts if part]))
