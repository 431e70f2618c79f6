"""The forms of a saved query and of its schedule, and their values once filled in."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Final

from bot.notifications.times import format_time
from bot.processes.search import RecordType
from bot.saved_queries.saved_query import MAX_NAME_LENGTH, SavedQuery
from bot.saved_queries.schedule import (
    DEFAULT_TIME,
    EVERY_DAY,
    LAST,
    WEEKDAYS,
    Schedule,
    format_ordinal,
)
from bot.slack import blocks
from bot.slack.blocks import Markup, bold, markup
from bot.slack.channel_mask import is_private
from bot.slack.channels import Destination
from bot.slack.choice_fields import channel_field, checkboxes_field, half_hours
from bot.slack.commands.reply import Block, Choice, FormProblem, View

SAVE_FORM: Final = "process.save_as"
SCHEDULE_FORM: Final = "process.saved_when"
CONFIRM_FORM: Final = "process.saved_confirm_form"
NAME, TYPE, QUERY, AUDIENCE = "name", "type", "query", "audience"
REPEAT, DAYS, DAY, TIME, PLACE, CHANNEL = "repeat", "weekdays", "day", "time", "place", "channel"
OWN, SHARED = "own", "shared"
DAILY, WORKDAYS, WEEKLY, MONTHLY, MONTH_WEEK = "daily", "workdays", "weekly", "monthly", "nth"
IN_CHANNEL, IN_MESSAGES = "channel", "messages"
MAX_QUERY_LENGTH: Final = 1_000
MAX_MONTH_DAY: Final = 31


def save_form(
    types: Sequence[RecordType], *, name: str, record_type: str, text: str, is_shared: bool
) -> View:
    """Return the form for a query's name, its text and who may run it."""
    choices = [Choice(found.plural, found.name) for found in types[: blocks.MAX_OPTIONS]]
    content = [
        blocks.text_field(
            NAME,
            "Name",
            action="process.saved_name",
            initial=name,
            placeholder="hot leads",
            max_length=MAX_NAME_LENGTH,
        ),
        blocks.text_field(
            QUERY,
            "Query",
            action="process.saved_query",
            initial=text,
            placeholder="state:NEW assigned:me created:last week",
            hint='"me" is the person who runs it, and days are those of the moment it runs.',
            optional=True,
            max_length=MAX_QUERY_LENGTH,
        ),
        blocks.select_field(
            AUDIENCE,
            "Who can run it",
            action="process.saved_audience",
            placeholder="Who",
            choices=[Choice("Only me", OWN), Choice("Everyone in this workspace", SHARED)],
            initial=SHARED if is_shared else OWN,
        ),
    ]
    if len(types) > 1:
        field = blocks.select_field(
            TYPE,
            "Records",
            action="process.saved_type",
            placeholder="Type",
            choices=choices,
            initial=record_type,
        )
        content.insert(1, field)
    return blocks.form_modal(SAVE_FORM, "Save query", "Save", content)


def schedule_form(saved: SavedQuery, channel: str, time_zone: str) -> View:
    """Return the form for when and where a query is posted; ``channel`` is suggested."""
    schedule = saved.schedule or Schedule(weekdays=(0,), at=DEFAULT_TIME)
    content = [
        blocks.section(markup("When ", bold(saved.label), " is posted, and where:")),
        *_render_day_fields(schedule, _repeat_of(schedule) if saved.schedule else DAILY),
        blocks.select_field(
            TIME,
            "Time",
            action="process.saved_time",
            placeholder="Time",
            choices=half_hours(schedule.at),
            initial=format_time(schedule.at),
            hint=f"Time zone: {time_zone}",
        ),
        *_render_place_fields(saved.channel or channel),
    ]
    return blocks.form_modal(SCHEDULE_FORM, "Schedule query", "Schedule", content)


def _render_day_fields(schedule: Schedule, repeat: str) -> list[Block]:
    """Return the fields of the days on which a query is posted."""
    days = [Choice(format_ordinal(number), str(number)) for number in range(1, MAX_MONTH_DAY + 1)]
    repeats = [
        Choice("Every day", DAILY),
        Choice("Monday to Friday", WORKDAYS),
        Choice("On some weekdays", WEEKLY),
        Choice("Once a month", MONTHLY),
    ]
    if schedule.month_week:
        repeats.append(Choice("As it is now", MONTH_WEEK))
    return [
        blocks.select_field(
            REPEAT,
            "How often",
            action="process.saved_repeat",
            placeholder="How often",
            choices=repeats,
            initial=repeat,
        ),
        checkboxes_field(
            DAYS,
            'Weekdays, for "On some weekdays"',
            [Choice(name, str(number)) for number, name in enumerate(calendar.day_name)],
            action="process.saved_weekdays",
            initial=[str(day) for day in schedule.weekdays] if schedule.weekdays else ["0"],
            optional=True,
        ),
        blocks.select_field(
            DAY,
            'Day, for "Once a month"',
            action="process.saved_day",
            placeholder="Day",
            choices=[*days, Choice("Last day of the month", str(LAST))],
            initial=str(schedule.month_day or 1),
            hint="In a month without that day, its last day.",
        ),
    ]


def _render_place_fields(channel: str) -> list[Block]:
    """Return the fields of where a query is posted."""
    place = IN_MESSAGES if not channel or is_private(channel) else IN_CHANNEL
    return [
        blocks.select_field(
            PLACE,
            "Post it",
            action="process.saved_place",
            placeholder="Where",
            choices=[
                Choice("In a channel", IN_CHANNEL),
                Choice("In my DM with Chakra", IN_MESSAGES),
            ],
            initial=place,
        ),
        channel_field(
            CHANNEL,
            "Channel",
            action="process.saved_channel",
            placeholder="Channel",
            initial=channel if place == IN_CHANNEL else "",
            optional=True,
        ),
    ]


def read_schedule_form(
    values: Mapping[str, str], time_zone: str, previous: Schedule | None
) -> Schedule:
    """Return the schedule of the form. Raise ``FormProblem``."""
    typed_time = values.get(TIME, "")
    if not re.fullmatch(r"[0-2]\d:[0-5]\d", typed_time):
        raise FormProblem(TIME, "Choose a time.")
    at = time.fromisoformat(typed_time)
    repeat = values.get(REPEAT, "")
    if repeat == MONTH_WEEK and previous is not None and previous.month_week:
        return previous.model_copy(update={"at": at, "time_zone": time_zone})
    if repeat == MONTHLY:
        day = values.get(DAY, "")
        known = {str(number) for number in (*range(1, MAX_MONTH_DAY + 1), LAST)}
        if day not in known:
            raise FormProblem(DAY, "Choose a day of the month.")
        return Schedule(month_day=int(day), at=at, time_zone=time_zone)
    weekdays = {DAILY: EVERY_DAY, WORKDAYS: WEEKDAYS}.get(repeat)
    if weekdays is None:
        chosen = values.get(DAYS, "").split(",")
        weekdays = tuple(day for day in EVERY_DAY if str(day) in chosen)
    if not weekdays:
        raise FormProblem(DAYS, "Choose at least one weekday.")
    return Schedule(weekdays=weekdays, at=at, time_zone=time_zone)


def confirm_view(saved: SavedQuery, destination: Destination) -> View:
    """Return the question before a query is posted where people from other companies read."""
    return blocks.form_modal(
        CONFIRM_FORM,
        "Post it there?",
        "Post it there anyway",
        [blocks.section(describe_outsiders(saved, destination))],
    )


def describe_outsiders(saved: SavedQuery, destination: Destination) -> Markup:
    """Return the warning before people from other companies read a query's result."""
    return markup(
        bold(f"#{destination.name}"),
        " has people from other companies. They'll read the names of your customers in ",
        bold(saved.label),
        ". Numbers and addresses are masked.",
    )


def _repeat_of(schedule: Schedule) -> str:
    if schedule.month_week:
        return MONTH_WEEK
    if schedule.month_day:
        return MONTHLY
    known = {EVERY_DAY: DAILY, WEEKDAYS: WORKDAYS}
    return known.get(tuple(sorted(schedule.weekdays)), WEEKLY)
