"""Stories of ``/chakra notify``: a channel's rules, typed and in the form."""

from __future__ import annotations

from datetime import time

import pytest

from bot.notifications.facts import Facts
from bot.notifications.matching import find_first_match
from bot.notifications.rule import EventGroup, Filters, RuleSpec
from bot.sandbox.slack import collect_text
from bot.sandbox.world import WEBHOOK_SECRET
from tests.clock import ManualClock
from tests.commands.test_send_invalid_input import deliver, send_and_accept
from tests.conftest import OpenSandbox
from tests.messages.webhook_builders import build_event, encode, sign
from tests.people import JOHN, MEI, SALES, SUPPORT
from tests.shared_world import shared_world
from tests.world import World


async def read(acme: World, line: str, *, by: str = JOHN, channel: str = SALES) -> str:
    return strip_bold(await acme.type(f"/chakra notify {line}", by=by, channel=channel))


def strip_bold(shown: object) -> str:
    """Return what is shown, without the marks of bold text."""
    return collect_text(shown).replace("*", "")  # type: ignore[arg-type]


async def save(acme: World, line: str, *, channel: str = SALES) -> str:
    """Type a rule and press the button that saves it; return the list that follows."""
    await read(acme, f"add {line}", channel=channel)
    return strip_bold(await acme.press("notify.confirm", channel=channel))


def read_view_text(acme: World) -> str:
    view = acme.slack.find_view(JOHN)
    assert view is not None
    return strip_bold(view)


async def test_typed_rule_is_shown_before_it_is_saved(acme: World) -> None:
    shown = await read(acme, 'add messages from India with "late delivery" blorp thread')
    assert "New rule here" in shown
    assert 'Customers\' messages from India that say "late delivery"' in shown
    assert "In one thread a day" in shown
    assert 'Not used: "blorp".' in shown
    assert "nothing to try it with" in shown
    assert "Nothing from WhatsApp is posted here yet." in await read(acme, "list")
    await read(acme, 'add messages from India with "late delivery" thread')
    saved = strip_bold(await acme.press("notify.confirm"))
    assert "Rule saved." in saved
    assert "1. Customers' messages from India" in saved
    assert "Made by <@U0JOHN>" in saved
    assert acme.slack.rejections == []


async def test_rules_are_moved_and_removed(acme: World) -> None:
    await save(acme, "failed")
    await save(acme, "everything else hourly")
    listed = await save(acme, "template")
    assert listed.index("1. Failed") < listed.index("2. Template") < listed.index("3. Everything")
    moved = strip_bold(await acme.press("notify.up:3"))
    assert moved.index("1. Template") < moved.index("2. Failed") < moved.index("3. Everything")
    assert "Stop posting this here?" in await read(acme, "remove 2")
    assert "Rule removed." in strip_bold(await acme.press("notify.remove:1"))
    listed = await read(acme, "list")
    assert "Failed" not in listed
    assert "2. Everything else" in listed
    assert "already takes everything else" in await read(acme, "add the rest daily")
    assert acme.slack.rejections == []


async def test_form_shows_the_rules_and_saves_another(acme: World) -> None:
    await save(acme, "failed")
    await acme.type("/chakra notify")
    assert "1. Failed messages" in read_view_text(acme)
    assert "Time zone: Asia/Kolkata" in read_view_text(acme)
    values = {"events": ["message", "template"], "country": "India, Narnia", "words": "refund"}
    errors = await acme.submit(values)
    assert errors == {"country": 'There\'s no country "Narnia".'}
    values = {**values, "country": "India, UAE", "quiet": "late"}
    assert await acme.submit(values) == {"quiet": "Write a period like 22:00-07:00."}
    assert await acme.submit({**values, "quiet": "22-7", "how": "daily", "position": "1"}) == {}
    assert "Daily" not in read_view_text(acme)
    assert "quiet 22:00-07:00 (Asia/Kolkata)" in read_view_text(acme)
    assert await acme.submit({}) == {}
    listed = strip_bold(acme.find_shown())
    assert "1. Customers' messages and template changes from India, United Arab Emirates" in listed
    assert "2. Failed messages" in listed
    assert acme.slack.rejections == []


async def test_rule_is_edited_in_the_form(acme: World) -> None:
    await save(acme, "failed by <@U0MEI|mei> mention <!subteam^S0OPS|@ops>")
    await read(acme, "list")
    await acme.press("notify.edit:1")
    assert "Edit rule" in read_view_text(acme)
    assert await acme.submit({"how": "hourly"}) == {}
    assert await acme.submit({}) == {}
    listed = strip_bold(acme.find_shown())
    assert "1. Failed messages sent by <@U0MEI>" in listed
    assert "A digest every hour" in listed
    assert "<!subteam^S0OPS>" in listed
    assert "2." not in listed


async def test_form_leaves_a_rule_that_is_not_changed_as_it_is(acme: World) -> None:
    words = " ".join(f'"phrase {number}, with {"x" * 60}"' for number in range(20))
    await save(acme, f'message {words} lead.city="Pune, India"')
    rules = acme.bot.context.notifications.rules
    [rule] = await rules.list_channel(SALES)
    await acme.press("notify.edit:1")
    assert await acme.submit({}) == {}
    assert await acme.submit({}) == {}
    assert await rules.list_channel(SALES) == [rule]
    assert len(rule.spec.filters.words) == 20


async def test_members_may_look_but_not_change(acme: World) -> None:
    await save(acme, "failed")
    assert "1. Failed messages" in await read(acme, "", by=MEI)
    listed = acme.find_shown(by=MEI)
    assert "Remove" not in strip_bold(listed)
    assert "you can't change it" in await read(acme, "add message", by=MEI)
    assert "you can't change it" in await read(acme, "recent", by=MEI)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("add", ""),
        ("add mesage", "Say which events"),
        ("add failed template:nosuch", 'There\'s no template "nosuch"'),
        ("add failed #nosuch", "There is no channel #nosuch"),
        ("remove 7", "There's no rule 7."),
        ("add message user:bob", 'Who is "bob"?'),
    ],
)
async def test_what_is_not_understood_is_named(acme: World, line: str, sentence: str) -> None:
    await save(acme, "failed")
    assert sentence in await read(acme, line)


@shared_world
async def test_rule_for_a_channel_without_the_bot_is_refused_with_the_remedy(acme: World) -> None:
    assert "/invite @Chakra" in await read(acme, "add failed", by="U0PRIYA", channel="C0GENERAL")


async def test_outsiders_are_asked_about_before_customers_words_go_there(acme: World) -> None:
    acme.slack.workspace.add_app("C0PARTNERS")
    shown = await read(acme, "add message", channel="C0PARTNERS")
    assert "has people from other companies" in shown
    saved = strip_bold(await acme.press("notify.confirm", channel="C0PARTNERS"))
    assert "Post it there anyway" in shown
    assert "Rule saved." in saved
    [rule] = await acme.bot.context.notifications.rules.list_all()
    assert rule.spec.allows_outsiders


@shared_world
async def test_rules_in_the_app_are_for_oneself(acme: World) -> None:
    assert "in your DM with Chakra" in await read(acme, "add failed", channel="D0JOHN")
    assert "You already get a report" in await read(acme, "add failed user:me", channel="D0JOHN")


async def test_support_has_rules_of_its_own(acme: World) -> None:
    await save(acme, "failed")
    assert "Nothing from WhatsApp" in await read(acme, "list", channel=SUPPORT)


async def test_status_shows_what_arrives_in_the_channel(acme: World) -> None:
    status = strip_bold(await acme.type("/chakra status"))
    assert "Nothing from WhatsApp is posted here. Choose what: `/chakra notify`" in status
    await save(acme, "failed from India")
    await save(acme, "template hourly")
    status = strip_bold(await acme.type("/chakra status"))
    assert "What arrives here: failed messages, template changes." in status
    assert "Nothing from WhatsApp is posted to you" in strip_bold(
        await acme.type("/chakra status", by=MEI, channel="D0MEI")
    )


async def test_typed_rule_is_changed_in_the_form(acme: World) -> None:
    await read(acme, 'add failed "refund" mention <!subteam^S0OPS|@ops> quiet 22-7 except failed')
    await acme.press("notify.form")
    assert await acme.submit({"words": "refund, money back"}) == {}
    assert await acme.submit({}) == {}
    listed = strip_bold(acme.find_shown())
    assert 'say "refund", "money back"' in listed
    assert "quiet 22:00-07:00, except failed messages" in listed
    assert "<!subteam^S0OPS>" in listed


@shared_world
async def test_here_is_named_on_the_button_that_saves(acme: World) -> None:
    shown = await read(acme, "add failed <!here>")
    assert "notifies everyone who is active in the channel (@here)" in shown
    assert "Save with @here" in shown


async def test_long_rules_fit_into_a_list(acme: World) -> None:
    words = tuple(f"{'word ' * 15}{number}" for number in range(20))
    people = tuple(f"U0{number:08}" for number in range(20))
    for hour in range(20):
        spec = RuleSpec(
            events=(EventGroup.MESSAGE,),
            filters=Filters(words=words, members=people),
            daily_at=time(hour),
            mentions=people,
        )
        await acme.bot.context.notifications.save(SALES, JOHN, spec)
    assert "20." in await read(acme, "list")
    assert "20 rules. Remove" in await read(acme, "add failed")
    await acme.type("/chakra notify")
    assert "20." in read_view_text(acme)
    assert acme.slack.rejections == []


async def test_second_catch_all_is_refused_under_the_form(acme: World) -> None:
    await save(acme, "everything else")
    await acme.type("/chakra notify")
    errors = await acme.submit({"events": ["all"], "special": ["catch_all"]})
    assert "already takes everything else" in errors["events"]


@shared_world
@pytest.mark.parametrize(
    ("person", "channel", "line", "sentence"),
    [
        ("U0GITA", "C0PARTNERS", "", "Guests can't use Chakra from Slack"),
        (MEI, SALES, "remove 1", "you can't change it"),
        (MEI, SALES, "list <#C0LEADS|leads-emea>", "You're not in that channel"),
        (JOHN, SALES, "add failed <#C0NOSUCH|nosuch>", "can't post in that channel"),
    ],
)
async def test_refusals(acme: World, person: str, channel: str, line: str, sentence: str) -> None:
    assert sentence in await read(acme, line, by=person, channel=channel)


async def test_archived_channel_is_refused(acme: World) -> None:
    await save(acme, "failed")
    acme.slack.workspace.archive(SALES)
    refused = await read(acme, f"add failed <#{SALES}|sales>", channel="D0JOHN")
    assert "can't post in that channel" in refused


async def test_rule_is_tried_with_the_latest_events_and_then_does_the_same(acme: World) -> None:
    await save(acme, "message", channel=SUPPORT)
    asha = acme.chakra.customers.add("Asha Rao", "919876543210")
    maya = acme.chakra.customers.add("Maya Lee", "12025550123")
    for customer in (asha, maya):
        customer.write("I want a refund <!channel>")
        customer.write("Thanks")
    await pass_seconds(acme, 10)
    shown = await read(acme, 'add message from India "refund"')
    assert "Of the last 4 events, 1 would have come here." in shown
    assert 'Message from Asha Rao (+91 98765 43210): "I want a refund &lt;!channel&gt;"' in shown
    await acme.press("notify.confirm")
    for customer in (asha, maya):
        customer.write("Where is my refund?")
        customer.write("Thanks again")
    await pass_seconds(acme, 10)
    posted = [strip_bold(message) for message in acme.slack.list_messages(MEI, SALES)]
    assert [text for text in posted if "Asha Rao" in text and "refund" in text]
    assert not [text for text in posted if "Maya" in text or "Thanks" in text]
    assert acme.slack.rejections == []


async def test_recent_lists_what_came_for_those_who_may(acme: World) -> None:
    asha = acme.chakra.customers.add("Asha Rao", "919876543210")
    asha.write("Is anyone there?")
    await pass_seconds(acme, 10)
    await save(acme, "message")
    asha.write("Hello")
    await pass_seconds(acme, 10)
    recent = await read(acme, "recent")
    assert "2 recent events" in recent
    posted, unposted = recent.split("Details")[:2]
    assert 'Message from Asha Rao (+91 98765 43210): "Hello"' in posted
    assert "Posted in <#C0SALES> by rule 1" in posted
    assert '"Is anyone there?"' in unposted
    assert "Not posted: no channel asked for it" in unposted
    await acme.press("notify.details:2")
    assert '"body": "Hello"' in read_view_text(acme)
    await acme.slack.close_view(JOHN)
    assert "No events of this kind" in await read(acme, "recent failed")
    assert acme.slack.rejections == []


async def test_sample_is_posted_and_marked_as_a_test(acme: World) -> None:
    assert "Nothing from WhatsApp is posted here yet" in await read(acme, "test")
    await save(acme, "failed hourly mention <@U0MEI|mei>")
    await read(acme, "test")
    await pass_seconds(acme, 3)
    shown = [strip_bold(message) for message in acme.slack.list_messages(JOHN, SALES)]
    assert "Posting a test of rule 1." in shown
    posted = strip_bold(acme.slack.list_messages(MEI, SALES)[-1])
    assert "Test of rule 1 (failed messages), by <@U0JOHN>" in posted
    assert "Nothing happened in WhatsApp. Real events come as a digest every hour." in posted
    assert "U0MEI" not in posted
    assert "There's no rule 9" in await read(acme, "test 9")


async def pass_seconds(acme: World, seconds: float) -> None:
    await acme.clock.advance(seconds)
    await acme.wait_until_idle()


@shared_world
async def test_slip_is_corrected_by_a_button(acme: World) -> None:
    assert "/chakra notify add failed" in await read(acme, "add faild")
    await acme.press("help.run:0")
    assert "Failed messages" in strip_bold(acme.find_shown())


async def test_own_failures_go_to_the_channel_and_not_to_ones_own_direct_messages(
    acme: World, clock: ManualClock
) -> None:
    await save(acme, "failed", channel="D0JOHN")
    await save(acme, "failed")
    sent = await send_and_accept(acme, clock)
    for wamid, message_id in ((sent.wamid, sent.id), ("wamid.elsewhere", "elsewhere")):
        event = build_event("FAILED", wamid, message_id)
        signed = {"X-Chakra-Signature-256": sign(encode(event), WEBHOOK_SECRET)}
        assert (await deliver(acme, event, **signed)).status == 200
    await pass_seconds(acme, 10)
    own = [strip_bold(message) for message in acme.slack.list_messages(JOHN, "D0JOHN")]
    shared = [strip_bold(message) for message in acme.slack.list_messages(MEI, SALES)]
    assert len([text for text in shared if "wasn't delivered to" in text]) == 2
    [alert] = [text for text in own if "wasn't delivered to" in text]
    assert "A message wasn't delivered to" in alert  # the one that John didn't send
    assert acme.slack.rejections == []


async def test_moved_rules_decide_in_their_new_order(acme: World) -> None:
    await save(acme, "message")
    await save(acme, "message from India hourly")
    await acme.press("notify.up:2")
    first, second = await acme.bot.context.notifications.rules.list_channel(SALES)
    assert (first.id, second.id) == (2, 1)
    facts = Facts(EventGroup.MESSAGE, "text", country="IN")
    assert find_first_match([second, first], facts) == first


async def test_rules_of_a_channel_without_the_bot_are_listed_and_removed(acme: World) -> None:
    await save(acme, "failed")
    acme.slack.workspace.archive(SALES)
    listed = await read(acme, f"list <#{SALES}|sales>", channel="D0JOHN")
    assert "This channel is archived." in listed
    assert "1. Failed messages" in listed
    assert "Rule removed." in strip_bold(await acme.press("notify.remove:1", channel="D0JOHN"))
    shown = await read(acme, "what does this channel get?", by="U0PRIYA", channel="C0GENERAL")
    assert "Chakra isn't in this channel. Type /invite @Chakra here." in shown
    assert "Nothing from WhatsApp is posted here yet." in shown
    assert acme.slack.rejections == []


async def test_user_groups_are_chosen_in_the_form(acme: World) -> None:
    await read(acme, "")
    assert "Mention user groups" in read_view_text(acme)
    assert await acme.submit({"events": ["failed"], "groups": ["S0SALES"]}) == {}
    await acme.submit({})
    [rule] = await acme.bot.context.notifications.rules.list_channel(SALES)
    assert rule.spec.mentions == ("S0SALES",)
    await acme.press("notify.edit:1")
    assert await acme.submit({"groups": []}) == {}
    await acme.submit({})
    [rule] = await acme.bot.context.notifications.rules.list_channel(SALES)
    assert rule.spec.mentions == ()
    assert acme.slack.rejections == []


async def test_without_the_scope_the_form_keeps_the_groups_of_a_rule(
    open_sandbox: OpenSandbox,
) -> None:
    async with open_sandbox(declined_scopes=("usergroups:read",)) as acme:
        await save(acme, "failed mention <!subteam^S0SALES|@sales-team>")
        await acme.press("notify.edit:1")
        assert "S0SALES" in read_view_text(acme)
        assert await acme.submit({"how": "hourly"}) == {}
        await acme.submit({})
        [rule] = await acme.bot.context.notifications.rules.list_channel(SALES)
        assert rule.spec.mentions == ("S0SALES",)
