"""What a channel receives, as a list with buttons, and a rule before it is saved. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bot.chakra.models import PhoneNumber
from bot.errors import SuggestedLine, UsageError
from bot.notifications.dry_run import MAX_EXAMPLES, DryRun
from bot.notifications.event_text import describe_event
from bot.notifications.place import describe_location
from bot.notifications.rule import Rule, RuleSpec
from bot.notifications.rule_form import EDIT_ACTION
from bot.notifications.rule_line import HERE
from bot.notifications.rule_text import describe_rule, describe_spec, find_impossible
from bot.notifications.rule_values import KnownNames
from bot.slack import blocks
from bot.slack.age import format_date_token
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.button_state import ButtonState, ValueTooLong
from bot.slack.channels import Destination
from bot.slack.commands.reply import Block, Message, View
from bot.slack.commands.run_button import run_buttons

FORM_ACTION, CONFIRM = "notify.form", "notify.confirm"
UP, DOWN, REMOVE = "notify.up", "notify.down", "notify.remove"
RECENT_ACTION = "notify.recent"


class RuleState(ButtonState):
    """A rule that is not saved yet: ``rule`` is the ID of the one it replaces, 0 for a new one."""

    command: ClassVar[str] = "/chakra notify"

    channel: str
    rule: int
    spec: str

    @classmethod
    def build(cls, channel: str, rule: Rule | None, spec: RuleSpec) -> RuleState:
        return cls(channel=channel, rule=rule.id if rule else 0, spec=dump_spec(spec))

    def read_spec(self) -> RuleSpec:
        return RuleSpec.model_validate_json(self.spec)


def dump_spec(spec: RuleSpec) -> str:
    """Return a rule's text for a button or a form."""
    return spec.model_dump_json(exclude_defaults=True)


def render_rule_list(
    rules: Sequence[Rule], known: KnownNames, location: Markup, *, may_change: bool, note: str = ""
) -> Message:
    """Return what a channel receives, with buttons for people who may change it."""
    heading = markup("What arrives ", location, ":") if rules else _describe_empty(location)
    rows: list[Block] = [blocks.section(markup(note))] if note else []
    rows.append(blocks.section(markup(bold(heading))))
    for rule in rules:
        rows.append(blocks.section(describe_rule(rule, known.senders)))
        if may_change:
            rows.append(_render_rule_buttons(rule, len(rules)))
    if may_change:
        rows.append(
            blocks.actions(
                blocks.button("Add a rule", FORM_ACTION),
                blocks.button("Recent events", RECENT_ACTION),
            )
        )
    else:
        rows.append(blocks.context("To choose what is posted, you need sender access."))
    if len(rules) > 1:
        rows.append(blocks.context("The first rule that fits an event decides."))
    return Message(markup(note, " ", heading) if note else heading, tuple(rows))


def render_removal(rule: Rule, known: KnownNames, location: Markup) -> Message:
    """Return the question whether to remove a rule."""
    question = markup("Stop posting this ", location, "?")
    button = blocks.button("Remove", f"{REMOVE}:{rule.id}", str(rule.id), style="danger")
    row = blocks.section(describe_rule(rule, known.senders))
    return Message(question, (blocks.section(question), row, blocks.actions(button)))


def render_preview(
    spec: RuleSpec,
    dry_run: DryRun,
    known: KnownNames,
    destination: Destination,
    here: str,
    *,
    unused: Markup,
    correction: str,
) -> Message:
    """Return a typed rule before it is saved, with the button that saves it."""
    location = describe_location(destination, here)
    title = markup(bold("New rule"), " ", location)
    warnings = describe_warnings(spec, destination, known.senders)
    content = [
        blocks.section(lines([title, describe_spec(spec, known.senders)])),
        blocks.section(describe_dry_run(dry_run, location)),
        *(blocks.section(markup(":warning: ", warning)) for warning in warnings),
    ]
    if unused:
        content.append(blocks.context(unused))
    try:
        value = RuleState.build(
            destination.channel, None, record_consent(spec, destination)
        ).to_value()
    except ValueTooLong:
        raise UsageError(
            "That's too much for one line. Type /chakra notify for the form."
        ) from None
    content.append(
        blocks.actions(
            blocks.button(save_label(spec, destination), CONFIRM, value, style="primary"),
            blocks.button("Change in the form", FORM_ACTION, value),
        )
    )
    if correction:
        content.append(blocks.section("Did you mean:"))
        content += run_buttons([SuggestedLine(f"notify {correction}")])
    return Message(markup(title, ": ", describe_spec(spec, known.senders)), tuple(content))


def confirm_view(
    spec: RuleSpec, dry_run: DryRun, known: KnownNames, destination: Destination, here: str
) -> View:
    """Return the form's second view: what the rule would have done, before it is saved."""
    location = describe_location(destination, here)
    content = [
        blocks.section(describe_spec(spec, known.senders)),
        blocks.section(describe_dry_run(dry_run, location)),
        *(
            blocks.section(markup(":warning: ", warning))
            for warning in describe_warnings(spec, destination, known.senders)
        ),
    ]
    return blocks.form_modal(CONFIRM, "Check the rule", save_label(spec, destination), content)


def describe_dry_run(dry_run: DryRun, location: Markup) -> Markup:
    """Return what the rule would have done with the latest events, with examples."""
    if not dry_run.total:
        return Markup("No events have arrived yet, so there's nothing to try it with.")
    count = len(dry_run.taken)
    events = f"the last {dry_run.total} events" if dry_run.total > 1 else "the one event so far"
    found = [markup(f"Of {events}, ", bold(str(count)), " would have come ", location, ".")]
    if dry_run.follow_ups:
        found[0] = markup(found[0], f" {dry_run.follow_ups} of them only in an existing thread.")
    for position, taken in sorted(dry_run.by_rule.items()):
        noun = "event is" if taken == 1 else "events are"
        found.append(markup(f"{taken} more {noun} taken by rule {position} above it."))
    for item in dry_run.taken[:MAX_EXAMPLES]:
        at = item.recorded.event.occurred_at or item.recorded.recorded_at
        found.append(
            markup(
                "• ", format_date_token(at), ": ", describe_event(item.recorded.event, item.facts)
            )
        )
    return lines(found)


def describe_warnings(
    spec: RuleSpec, destination: Destination, senders: Sequence[PhoneNumber]
) -> list[Markup]:
    """Return the warnings to read before a rule is saved."""
    warnings = [markup(sentence) for sentence in find_impossible(spec)]
    if _has_siblings(spec.filters.senders, senders):
        warnings.append(
            Markup(
                "Chakra's own webhook may not say which number of a business account an event is "
                "for, and this rule misses such events. Set the pass-through webhook too."
            )
        )
    if destination.has_outsiders:
        warnings.append(
            markup(
                bold(f"#{destination.name}"),
                " has people from other companies. They'll read your customers' names and words.",
            )
        )
    if HERE in spec.mentions:
        warnings.append(
            Markup("Each message notifies everyone who is active in the channel (@here).")
        )
    return warnings


def _has_siblings(wanted: Sequence[str], senders: Sequence[PhoneNumber]) -> bool:
    """Return whether one of these numbers shares its business account with another number."""
    accounts = [sender.waba for sender in senders]
    return any(accounts.count(sender.waba) > 1 for sender in senders if sender.id in wanted)


def save_label(spec: RuleSpec, destination: Destination) -> str:
    """Return the label of the save button: it says what is unusual about the rule."""
    if destination.has_outsiders:
        return "Post it there anyway"
    return "Save with @here" if HERE in spec.mentions else "Save rule"


def record_consent(spec: RuleSpec, destination: Destination) -> RuleSpec:
    """Return the rule as it is saved once its author has read the warnings."""
    return spec.model_copy(update={"allows_outsiders": destination.has_outsiders})


def _describe_empty(location: Markup) -> Markup:
    return markup("Nothing from WhatsApp is posted ", location, " yet.")


def _render_rule_buttons(rule: Rule, count: int) -> Block:
    value = str(rule.id)
    remove = blocks.button("Remove", f"{REMOVE}:{rule.id}", value, style="danger")
    remove["confirm"] = {
        "title": blocks.plain_text("Remove this rule?", 100),
        "text": blocks.plain_text(f"Rule {rule.position} stops posting immediately.", 300),
        "confirm": blocks.plain_text("Remove", 30),
        "deny": blocks.plain_text("Cancel", 30),
    }
    buttons = [blocks.button("Edit", f"{EDIT_ACTION}:{rule.id}", value)]
    if not rule.spec.is_catch_all and rule.position > 1:
        buttons.append(blocks.button("Up", f"{UP}:{rule.id}", value))
    if not rule.spec.is_catch_all and rule.position < count:
        buttons.append(blocks.button("Down", f"{DOWN}:{rule.id}", value))
    return blocks.actions(*buttons, remove)
