"""A rule in words, for its author and the members of its channel. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chakra.models import PhoneNumber
from bot.notifications.rule import EventGroup, Filters, Grouping, Rule, RuleSpec
from bot.notifications.times import format_time
from bot.slack.blocks import Markup, bold, clip, lines, markup, mention
from bot.text.countries import list_country_names

EVENT_TEXTS = {
    EventGroup.MESSAGE: "customers' messages",
    EventGroup.FAILED: "failed messages",
    EventGroup.STATUS: "delivery statuses",
    EventGroup.TEMPLATE: "template changes",
    EventGroup.ACCOUNT: "account warnings",
    EventGroup.ALL: "all events",
}
GROUPING_TEXTS = {
    Grouping.EACH: "one message each",
    Grouping.THREADED: "in one thread a day",
    Grouping.HOURLY: "a digest every hour",
    Grouping.DAILY: "a digest every day",
}
PROBLEM_TEXTS = {
    "is_archived": "This channel is archived.",
    "channel_not_found": "Chakra can't see this channel. Type /invite @Chakra there.",
    "not_in_channel": "Chakra isn't in this channel. Type /invite @Chakra here.",
    "restricted_action": "Slack doesn't let Chakra post here. Ask a workspace admin.",
    "outsiders": "People from other companies read here now. Edit the rule to allow that.",
}
_NO_WORDS = {"words": "customer's words"}
_NO_CUSTOMER = {"senders": "number", "countries": "country", "records": "record"}
_MISSING = {
    EventGroup.FAILED: _NO_WORDS,
    EventGroup.STATUS: _NO_WORDS,
    EventGroup.TEMPLATE: {**_NO_WORDS, **_NO_CUSTOMER, "members": "sender"},
    EventGroup.ACCOUNT: {
        **_NO_WORDS,
        "templates": "template",
        "categories": "category",
        "members": "sender",
    },
}
"""The facts that events of a group never have, by filter."""
MAX_LISTED_VALUES = 5
MAX_RULE_LENGTH = 400
"""Characters of a rule in a list: twenty of them fit into a message."""
MAX_VALUE_LENGTH = 40


def describe_spec(spec: RuleSpec, senders: Sequence[PhoneNumber] = ()) -> Markup:
    """Return what a rule says in two lines: what arrives, and how."""
    first = [bold(_capitalize(describe_events(spec))), *_describe_filters(spec.filters, senders)]
    return lines([markup(*_separate_with_spaces(first)), _describe_delivery(spec)])


def describe_events(spec: RuleSpec) -> str:
    """Return the events that a rule asks for: ``customers' messages and failed messages``."""
    if spec.is_catch_all:
        only = [group for group in spec.events if group is not EventGroup.ALL]
        return "everything else" if not only else f"the other {_join(EVENT_TEXTS, only)}"
    return _join(EVENT_TEXTS, spec.events)


def describe_rule(
    rule: Rule, senders: Sequence[PhoneNumber] = (), *, max_length: int = MAX_RULE_LENGTH
) -> Markup:
    """Return a rule for a list, with its number, its author, and why it can't post."""
    text = markup(bold(f"{rule.position}."), " ", describe_spec(rule.spec, senders))
    text = Markup(clip(text, max_length))
    parts = [text, markup("Made by ", mention(rule.member))]
    if rule.problem:
        parts.append(markup(":warning: ", describe_problem(rule.problem)))
    return lines(parts)


def summarize_rules(rules: Sequence[Rule]) -> str:
    """Return what a channel receives, in a few words: ``failed messages (can't be posted)``."""
    shown = [
        describe_events(rule.spec) + (" (can't be posted)" if rule.problem else "")
        for rule in rules
    ]
    return _list_values(list(dict.fromkeys(shown)))


def find_impossible(spec: RuleSpec) -> list[str]:
    """Return a sentence for each kind of event that a rule asks for but its filters exclude."""
    used = {name for name, values in spec.filters.model_dump().items() if values}
    found = []
    for group in spec.events:
        missing = [text for name, text in _MISSING.get(group, {}).items() if name in used]
        if missing:
            events = _capitalize(EVENT_TEXTS[group])
            lacking = f"{', '.join(missing[:-1])} or {missing[-1]}" if missing[1:] else missing[0]
            found.append(f"{events} have no {lacking}: this rule receives none of them.")
    return found


def describe_problem(code: str) -> str:
    """Return why a rule's messages can't be posted."""
    return PROBLEM_TEXTS.get(code, f"Slack doesn't accept its messages ({clip(code, 40)}).")


def _describe_filters(filters: Filters, senders: Sequence[PhoneNumber]) -> list[Markup]:
    names = {sender.id: sender.name for sender in senders}
    countries = list_country_names()
    quoted = [f'"{clip(word, MAX_VALUE_LENGTH)}"' for word in filters.words]
    texts = [
        ("to", [names.get(sender, sender) for sender in filters.senders]),
        ("about template", filters.templates),
        ("of category", [category.lower() for category in filters.categories]),
        ("from", [countries.get(country, country) for country in filters.countries]),
        ("that say", quoted),
        ("of customers with", [item.replace("=", " = ") for item in filters.records]),
    ]
    found = [markup(label, " ", _list_values(values)) for label, values in texts if values]
    if filters.members:
        people = [mention(member) for member in filters.members[:MAX_LISTED_VALUES]]
        more = len(filters.members) - len(people)
        rest = [f" and {more} more"] if more else []
        found.append(markup("sent by ", *_separate(people), *rest))
    return found


def _describe_delivery(spec: RuleSpec) -> Markup:
    how = GROUPING_TEXTS[spec.grouping]
    if spec.grouping is Grouping.DAILY:
        how = f"{how} at {format_time(spec.daily_at)}"
    parts: list[str] = [_capitalize(how)]
    if spec.quiet is not None:
        period = f"{format_time(spec.quiet.start)}-{format_time(spec.quiet.end)}"
        exceptions = _join(EVENT_TEXTS, spec.quiet.exceptions)
        parts.append(f"quiet {period}{f', except {exceptions}' if exceptions else ''}")
    if spec.grouping is Grouping.DAILY or spec.quiet is not None:
        parts[-1] += f" ({spec.time_zone})"
    if spec.mentions:
        parts.append(
            markup("mentions ", *_separate([_render_mention(item) for item in spec.mentions]))
        )
    if spec.takes_replies:
        parts.append("replies in the thread can be sent to the customer")
    return markup(*_separate(parts, "  ·  "))


def _render_mention(target: str) -> Markup:
    if target == "here":
        return Markup("@here")
    return Markup(f"<!subteam^{target}>") if target.startswith("S") else mention(target)


def _list_values(values: Sequence[str]) -> str:
    shown = [clip(value, MAX_VALUE_LENGTH) for value in values[:MAX_LISTED_VALUES]]
    more = len(values) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _join(texts: dict[EventGroup, str], groups: Sequence[EventGroup]) -> str:
    found = [texts[group] for group in groups]
    if len(found) < 3:
        return " and ".join(found)
    return f"{', '.join(found[:-1])} and {found[-1]}"


def _separate_with_spaces(parts: Sequence[str]) -> list[str]:
    return _separate(parts, " ")


def _separate(parts: Sequence[str], separator: str = ", ") -> list[str]:
    return [item for part in parts for item in (separator, part)][1:]


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]
