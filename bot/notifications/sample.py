"""A sample event, posted to show what a rule's messages look like. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.notifications.cards import render_event_card
from bot.notifications.rule import EventGroup, Grouping, Rule
from bot.notifications.rule_text import GROUPING_TEXTS, describe_events
from bot.slack import blocks
from bot.slack.blocks import bold, markup, mention
from bot.slack.commands.reply import Message
from bot.webhooks.events import (
    AccountEvent,
    Customer,
    MessageEvent,
    StatusEvent,
    TemplateEvent,
    WebhookEvent,
)
from bot.webhooks.recorded_event import RecordedEvent

CUSTOMER = Customer(name="Test Customer", username="test.customer")
SAMPLES: Mapping[EventGroup, WebhookEvent] = {
    EventGroup.MESSAGE: MessageEvent(
        kind="text", customer=CUSTOMER, raw={"text": {"body": "This is a test message."}}
    ),
    EventGroup.FAILED: StatusEvent(
        kind="failed", customer=CUSTOMER, error=[{"code": 131026, "title": "Undeliverable"}]
    ),
    EventGroup.STATUS: StatusEvent(kind="delivered", customer=CUSTOMER),
    EventGroup.TEMPLATE: TemplateEvent(
        kind="status", name="test_template", language="en", raw={"event": "APPROVED"}
    ),
    EventGroup.ACCOUNT: AccountEvent(kind="account_review_update", raw={"decision": "APPROVED"}),
}
"""An event of each group; ALL uses the first one."""


def render_sample(rule: Rule, member: str, now: float) -> Message:
    """Return a sample of what a rule receives, marked as a test requested by ``member``."""
    group = next((item for item in rule.spec.events if item in SAMPLES), EventGroup.MESSAGE)
    card = render_event_card(RecordedEvent(0, "", SAMPLES[group], 0, now), None)
    title = markup(
        bold(f"Test of rule {rule.position}"),
        f" ({describe_events(rule.spec)}), by ",
        mention(member),
    )
    note = "Nothing happened in WhatsApp."
    if rule.spec.grouping is not Grouping.EACH:
        how = GROUPING_TEXTS[rule.spec.grouping]
        note += f" Real events come {'as ' if how.startswith('a ') else ''}{how}."
    content = (blocks.section(title), *card.blocks, blocks.context(note))
    return Message(markup(title, ": ", card.text), content)
