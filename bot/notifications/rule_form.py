"""The form of a rule, and the rule that it describes once filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import time

from bot.errors import UsageError
from bot.notifications.rule import EventGroup, Filters, Grouping, QuietHours, Rule, RuleSpec
from bot.notifications.rule_line import HERE
from bot.notifications.rule_text import EVENT_TEXTS, GROUPING_TEXTS, describe_rule
from bot.notifications.rule_values import KnownNames, join_values, resolve_filter, split_values
from bot.notifications.times import format_time, parse_period
from bot.slack import blocks
from bot.slack.choice_fields import checkboxes_field, half_hours, multi_select_field, people_field
from bot.slack.commands.reply import Block, Choice, FormProblem, View
from bot.text.countries import list_country_names

SUBMIT, EDIT_ACTION = "notify.submit", "notify.edit"
MAX_TEXT_LENGTH = 2_500
"""Characters: room for as many values as a typed rule may have."""
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION", "SERVICE")
CATCH_ALL, MENTION_HERE = "catch_all", "mention_here"
EVENT_CHOICES = tuple(
    Choice(f"{text[:1].upper()}{text[1:]}", group.value) for group, text in EVENT_TEXTS.items()
)
EXCEPTION_CHOICES = tuple(
    choice for choice in EVENT_CHOICES if choice.value != EventGroup.ALL.value
)


def build_form(
    known: KnownNames,
    rules: Sequence[Rule],
    *,
    location: str,
    spec: RuleSpec | None = None,
    rule: Rule | None = None,
) -> View:
    """Return the form with what the channel receives above it; ``rule`` is the edited one."""
    new = RuleSpec(events=(EventGroup.MESSAGE,), time_zone=known.time_zone)
    spec = spec or (rule.spec if rule else new)
    number = f":{rule.id}" if rule else ""

    def build_action_id(name: str) -> str:
        return f"notify.{name}{number}"  # Slack preserves the entry under this ID

    title = "Edit rule" if rule else "Notifications"
    content = [
        *_render_rules(rules, known, location, rule),
        checkboxes_field(
            "events",
            "Receive",
            EVENT_CHOICES,
            action=build_action_id("events"),
            initial=spec.events,
        ),
        *_render_filter_fields(spec.filters, known, build_action_id),
        *_render_delivery_fields(spec, known, build_action_id),
        *_render_order_fields(spec, rules, rule, build_action_id),
    ]
    return blocks.form_modal(SUBMIT, title, "Preview", content)


def read_form(values: Mapping[str, str], known: KnownNames, previous: RuleSpec | None) -> RuleSpec:
    """Return the form's rule. Raise ``FormProblem``.

    User groups of the ``previous`` rule stay if the form has no menu of them.
    """
    events = tuple(EventGroup(value) for value in _read_chosen(values, "events", EventGroup))
    if not events:
        raise FormProblem("events", "Choose at least one kind of event.")
    catch_all = CATCH_ALL in values.get("special", "").split(",")
    groups = _list_groups(previous.mentions if previous else ())
    if "groups" in values:
        groups = [item for item in _read_chosen(values, "groups") if item.startswith("S")]
    here = [HERE] if MENTION_HERE in values.get("special", "").split(",") else []
    return RuleSpec(
        events=events,
        filters=_read_filters(values, known, previous.filters if previous else Filters()),
        grouping=Grouping(values.get("how") or Grouping.EACH),
        daily_at=_read_daily_time(values),
        time_zone=previous.time_zone if previous else known.time_zone,
        quiet=_read_quiet(values, previous.time_zone if previous else known.time_zone),
        mentions=(*_read_people(values, "mention"), *groups, *here),
        takes_replies=values.get("mode") == "reply",
        is_catch_all=catch_all,
    )


# --- fields --------------------------------------------------------------------------------------


def _render_rules(
    rules: Sequence[Rule], known: KnownNames, location: str, edited: Rule | None
) -> list[Block]:
    if edited is not None:
        return [blocks.section(describe_rule(edited, known.senders)), blocks.divider()]
    if not rules:
        return [blocks.section(blocks.markup("No rules yet ", location, ". Add the first one."))]
    listed = [
        blocks.section(
            describe_rule(rule, known.senders),
            accessory=blocks.button("Edit", f"{EDIT_ACTION}:{rule.id}", str(rule.id)),
        )
        for rule in rules
    ]
    heading = blocks.markup("What arrives ", location, ". The first rule that fits decides:")
    return [blocks.section(heading), *listed, blocks.divider(), blocks.section("*New rule*")]


def _render_filter_fields(
    filters: Filters, known: KnownNames, action: Callable[[str], str]
) -> list[Block]:
    names = list_country_names()
    countries = ", ".join(names.get(code, code) for code in filters.countries)
    texts = (
        ("template", "Only templates", join_values(filters.templates), "order_update, renewal"),
        ("country", "Only customers from", countries, "India, AE"),
        ("words", "Only messages with", join_values(filters.words), "refund, late delivery"),
        ("record", "Only customers whose record has", join_values(filters.records),
         "lead.city=Pune"),
    )  # fmt: skip
    fields = []
    if len(known.senders) > 1 or filters.senders:
        fields.append(_render_sender_field(filters, known, action("sender")))
    for name, label, initial, example in texts:
        fields.append(
            blocks.text_field(
                name,
                label,
                action=action(name),
                initial=initial,
                placeholder=f"Any, or for example: {example}",
                optional=True,
                max_length=MAX_TEXT_LENGTH,
            )
        )
    categories = [Choice(name.capitalize(), name) for name in CATEGORIES]
    fields.append(
        multi_select_field(
            "category",
            "Only categories",
            categories,
            action=action("category"),
            placeholder="All categories",
            initial=filters.categories,
        )
    )
    fields.append(
        people_field(
            "user",
            "Only messages sent by",
            action=action("user"),
            placeholder="Anyone",
            initial=filters.members,
        )
    )
    return fields


def _render_quiet_fields(quiet: QuietHours | None, action: Callable[[str], str]) -> list[Block]:
    return [
        blocks.text_field(
            "quiet",
            "Quiet hours",
            action=action("quiet"),
            initial=f"{format_time(quiet.start)}-{format_time(quiet.end)}" if quiet else "",
            placeholder="None, or for example: 22:00-07:00",
            optional=True,
            max_length=MAX_TEXT_LENGTH,
        ),
        multi_select_field(
            "except",
            "Even in quiet hours",
            EXCEPTION_CHOICES,
            action=action("except"),
            placeholder="Nothing",
            initial=quiet.exceptions if quiet else (),
        ),
    ]


def _render_sender_field(filters: Filters, known: KnownNames, action: str) -> Block:
    """Return the menu of our numbers, including those in the filter that are no longer ours."""
    choices = [Choice(sender.name, sender.id) for sender in known.senders]
    listed = {choice.value for choice in choices}
    choices += [Choice(item, item) for item in filters.senders if item not in listed]
    return multi_select_field(
        "sender",
        "Only our numbers",
        choices,
        action=action,
        placeholder="All numbers",
        initial=filters.senders,
    )


def _render_group_fields(
    spec: RuleSpec, known: KnownNames, action: Callable[[str], str]
) -> list[Block]:
    """Return the menu of user groups, for which Slack has no built-in one."""
    chosen = _list_groups(spec.mentions)
    names = {group.id: group.name for group in known.groups}
    names |= {item: item for item in chosen if item not in names}
    if not names:
        return []
    choices = [Choice(name, group_id) for group_id, name in names.items()]
    choices.sort(key=lambda choice: choice.value not in chosen)  # of too many, the chosen stay
    return [
        multi_select_field(
            "groups",
            "Mention user groups",
            choices,
            action=action("groups"),
            placeholder="None",
            initial=chosen,
        )
    ]


def _list_groups(mentions: Sequence[str]) -> list[str]:
    return [item for item in mentions if item.startswith("S")]


def _render_delivery_fields(
    spec: RuleSpec, known: KnownNames, action: Callable[[str], str]
) -> list[Block]:
    how = [Choice(f"{text[:1].upper()}{text[1:]}", item) for item, text in GROUPING_TEXTS.items()]
    return [
        blocks.select_field(
            "how",
            "How",
            action=action("how"),
            placeholder="How",
            choices=how,
            initial=spec.grouping,
        ),
        blocks.select_field(
            "time",
            "Daily digest at",
            action=action("time"),
            placeholder="Time",
            choices=half_hours(spec.daily_at),
            initial=format_time(spec.daily_at),
            hint=f"Time zone: {spec.time_zone}",
        ),
        *_render_quiet_fields(spec.quiet, action),
        people_field(
            "mention",
            "Mention",
            action=action("mention"),
            placeholder="No one",
            initial=[item for item in spec.mentions if item[:1] in ("U", "W")],
        ),
        *_render_group_fields(spec, known, action),
        blocks.select_field(
            "mode",
            "Replies",
            action=action("mode"),
            placeholder="Replies",
            choices=[
                Choice("Alerts only", "alerts"),
                Choice("Replies in the thread can go to the customer", "reply"),
            ],
            initial="reply" if spec.takes_replies else "alerts",
        ),
    ]


def _render_order_fields(
    spec: RuleSpec, rules: Sequence[Rule], rule: Rule | None, action: Callable[[str], str]
) -> list[Block]:
    count = len(rules) + (rule is None)
    position = rule.position if rule else count
    fields = []
    if count > 1:
        places = [Choice(f"{number}. of {count}", str(number)) for number in range(1, count + 1)]
        fields.append(
            blocks.select_field(
                "position",
                "Order",
                action=action("position"),
                placeholder="Order",
                choices=places,
                initial=str(position),
                hint="The first rule that fits an event decides.",
            )
        )
    chosen = [CATCH_ALL] * spec.is_catch_all + [MENTION_HERE] * (HERE in spec.mentions)
    special = (
        Choice("Take only what no other rule takes", CATCH_ALL),
        Choice("Notify everyone who is active (@here)", MENTION_HERE),
    )
    fields.append(
        checkboxes_field(
            "special", "Options", special, action=action("special"), initial=chosen, optional=True
        )
    )
    return fields


# --- values --------------------------------------------------------------------------------------


def _read_filters(values: Mapping[str, str], known: KnownNames, previous: Filters) -> Filters:
    def read(field: str, target: str) -> tuple[str, ...]:
        typed = split_values(values.get(field, ""))
        unchanged = {item.casefold() for item in getattr(previous, target)}
        try:
            found = [
                item if item.casefold() in unchanged else resolve_filter(target, item, known)
                for item in typed
            ]
        except UsageError as error:
            raise FormProblem(field, error.message) from None
        return tuple(dict.fromkeys(found))

    return Filters(
        senders=_read_chosen(values, "sender"),
        templates=read("template", "templates"),
        categories=_read_chosen(values, "category"),
        countries=read("country", "countries"),
        words=read("words", "words"),
        members=_read_people(values, "user"),
        records=read("record", "records"),
    )


def _read_daily_time(values: Mapping[str, str]) -> time:
    typed = values.get("time", "")
    return time.fromisoformat(typed) if re.fullmatch(r"\d\d:\d\d", typed) else time(9, 0)


def _read_quiet(values: Mapping[str, str], time_zone: str) -> QuietHours | None:
    typed = values.get("quiet", "").strip()
    if not typed:
        return None
    period = parse_period(typed)
    if period is None:
        raise FormProblem("quiet", "Write a period like 22:00-07:00.")
    exceptions = tuple(EventGroup(value) for value in _read_chosen(values, "except", EventGroup))
    return QuietHours(start=period[0], end=period[1], time_zone=time_zone, exceptions=exceptions)


def _read_people(values: Mapping[str, str], field: str) -> tuple[str, ...]:
    return tuple(item for item in _read_chosen(values, field) if item[:1] in ("U", "W"))


def _read_chosen(
    values: Mapping[str, str], field: str, known: type[EventGroup] | None = None
) -> tuple[str, ...]:
    chosen = [item for item in values.get(field, "").split(",") if item]
    if known is not None:
        chosen = [item for item in chosen if item in set(known)]
    return tuple(dict.fromkeys(chosen))
