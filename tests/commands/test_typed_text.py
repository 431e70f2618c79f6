"""Stories of what Slack makes of typed text, and what customers and Chakra get."""

from __future__ import annotations

import json

from bot.messages.draft import Draft
from bot.messages.form_values import SendForm
from bot.sandbox.slack import collect_text
from tests.clock import ManualClock
from tests.commands.send_scenarios import (
    DIRECT,
    JOHN,
    READING_NUMBER,
    advance_until,
    count_sent,
    open_form,
    read_last_message_text,
    run_command,
    submit_form,
)
from tests.shared_world import shared_world
from tests.world import World

LINE = f"welcome_message {READING_NUMBER} language=en {{value}}"
NAMED_LINE = f"renewal_notice {READING_NUMBER} language=de"
LONG_LINK = "https://shop.example/orders/2026/11/12345"
LONG_ADDRESS = "shop.example/orders/2026/11/12345678901234567890"


async def build_checked_form(acme: World, line: str) -> SendForm:
    """Return the form that "Check and send" would send."""
    await run_command(acme, line)
    view = acme.slack.find_view(JOHN) or {}
    assert view.get("callback_id") == "send.confirm", collect_text(view)
    return Draft.from_state(json.loads(view["private_metadata"])["state"]).form


async def read_preview_value(acme: World, value: str) -> str:
    """Return what ``1=`` means in a preview."""
    return (await build_checked_form(acme, LINE.format(value=value))).values["var_body_1"]


@shared_world
async def test_values_are_what_was_typed(acme: World) -> None:
    for typed, expected in (
        ("1=Booking.com", "Booking.com"),
        ("1=Booking.com,", "Booking.com,"),
        (f'1="see {LONG_LINK} now"', f"see {LONG_LINK} now"),
        (f"1={LONG_LINK}", LONG_LINK),
        (f"1={LONG_ADDRESS}", LONG_ADDRESS),
        (
            '1="R&D <3 john@acme.com, acme.com/a?b=1&c=2"',
            "R&D <3 john@acme.com, acme.com/a?b=1&c=2",
        ),
        ("1=<@U0MEI>", "Mei"),
        ('1="ask @mei, not @john"', "ask Mei, not John"),
        ("1=#sales", "#sales"),
        ("1=#leads-emea", "#leads-emea"),
        ("1=<!subteam^S0SALES|@sales>", "@sales"),
        ("1=<https://acme.com/a|our site>", "https://acme.com/a"),
        ("1=<tel:+919876543210|+91 98765 43210>", "+91 98765 43210"),
        ("1=🎉", "🎉"),
        ('1="Hi 👋🏼 at 10:30:45 :partyparrot: 🤷🏿‍♀️"', "Hi 👋🏼 at 10:30:45 :partyparrot: 🤷🏿‍♀️"),
        ("1=*500*", "*500*"),
        ('1="_5_ `x` ~y~"', "_5_ `x` ~y~"),
        ("1:Ravi", "Ravi"),
    ):
        assert await read_preview_value(acme, typed) == expected


async def test_a_sent_message_has_emoji_and_whole_addresses(
    acme: World, clock: ManualClock
) -> None:
    await run_command(acme, LINE.format(value=f'1="🎉 Ravi, {LONG_LINK}"'))
    await acme.confirm()
    await advance_until(acme, clock, lambda: "WhatsApp has it" in read_last_message_text(acme))
    [send] = acme.chakra.sends
    assert f"🎉 Ravi, {LONG_LINK}" in str(send)


async def test_a_form_sends_emoji(acme: World, clock: ManualClock) -> None:
    await open_form(acme)
    assert await submit_form(acme, var_body_1="Jane 🎉", var_body_2="👋🏼 May 3") == {}
    await advance_until(acme, clock, lambda: count_sent(acme) == 1)
    text = str(acme.chakra.sends)
    assert "Jane 🎉" in text
    assert "👋🏼 May 3" in text


async def test_searches_have_emoji(acme: World) -> None:
    acme.chakra.update_user("mei@acme.com", first_name="Mei 🌸")
    assert "Mei 🌸" in collect_text(await acme.type("/chakra user Mei 🌸"))
    await run_command(acme)
    found = await acme.slack.suggest(JOHN, "send.template", "order 📦")
    assert "order_shipped" in str(found)
    assert "order_delivered" not in str(found)


@shared_world
async def test_marks_of_the_composer_are_understood(acme: World) -> None:
    for line in (
        f"*appointment_reminder* `{READING_NUMBER}` 1=Jane 2=x 3=y language=`en`",
        f"*appointment_reminder {READING_NUMBER} 1=Jane 2=x 3=y language=en*",
        "_appointment_reminder_ ~+1 202 555 0100~ *1*=Jane 2=x *3=y* language=en",
        f"`appointment_reminder {READING_NUMBER}` *_language=en_* 1=Jane 2=x 3=y",
        f'appointment_reminder to="*{READING_NUMBER}*" language=*en* 1=Jane 2=x 3=y',
        f"```appointment_reminder``` phone:`{READING_NUMBER}` language:en 1=Jane 2=x 3=y",
    ):
        form = await build_checked_form(acme, line)
        assert form.values == {"var_body_1": "Jane", "var_body_2": "x", "var_body_3": "y"}
        assert form.to.replace(" ", "") == READING_NUMBER
    for line in (
        "*user mei*",
        "`user` `mei@acme.com`",
        "user *<@U0MEI>*",
        "_user Mei_",
        "user ~@mei~",
        "/chakra user mei",
        "`/chakra user mei`",
        "*/chakra* _user mei_",
    ):
        assert "Mei" in collect_text(await acme.type(f"/chakra {line}"))
    for line in (
        "*<@U0CHAKRA>* *user* `mei@acme.com`",
        "*<@U0CHAKRA> user mei@acme.com*",
        "*user mei@acme.com <@U0CHAKRA>*",
        "_user mei_ *<@U0CHAKRA>*",
        "<@U0CHAKRA> > user mei",
        "• `user mei` <@U0CHAKRA>",
    ):
        assert "Mei Tanaka" in collect_text(await acme.type(line))
    assert "/chakra send" in collect_text(await acme.type("/chakra *help* `send`"))
    for line in ("`/chakra user mei`", "*user* `mei`", "_chakra_ user mei", "user Mei"):
        assert "Mei Tanaka" in collect_text(await acme.type(line, channel=DIRECT))


async def test_names_saved_in_chakra_have_emoji(acme: World) -> None:
    await acme.type("/chakra user john@acme.com")
    await acme.press("user.edit")
    assert await acme.submit({"last_name": "Doe 🌸"}) == {}
    assert acme.chakra.find_user("john@acme.com").last_name == "Doe 🌸"


@shared_world
async def test_name_colon_value_is_a_value_of_the_chosen_template(acme: World) -> None:
    for line in (
        "first_name=Ravi plan:Gold date='1 May'",
        "First_Name:Ravi PLAN=Gold date:“1 May”",
        "date='1 May' *plan*:Gold body_first_name:Ravi",
        "{{first_name}}=Ravi `{{plan}}`:Gold {{date}}='1 May'",
    ):
        form = await build_checked_form(acme, f"{NAMED_LINE} {line}")
        assert form.to == READING_NUMBER
        assert form.values == {
            "var_body_first_name": "Ravi",
            "var_body_plan": "Gold",
            "var_body_date": "1 May",
        }


@shared_world
async def test_a_word_that_is_not_part_of_the_line_is_named(acme: World) -> None:
    for line, expected in (
        ('welcome_message to="+91 98765 43210" language=en 1=b c', "Not used: “c”"),
        (f"welcome_message {READING_NUMBER} language=en 1=b c", "Not used: “c”"),
        (f"welcome_message c {READING_NUMBER} language=en 1=b", "Not used: “c”"),
        (f"welcome_message {READING_NUMBER} language=en 1=b = c", "Not used: “c”"),
        ("welcome_message John@acme.com language=en Gold 1=b", "Not used: “Gold”"),
        ("welcome_message +49 170 1234567 language=en 1=May 5", "Not used: “5”"),
        ("+49 170 1234567 welcome_message 5 language=en 1=b", "Not used: “5”"),
        ("welcome_message mei language=en 1=Jane Tanaka", "Not used: “Tanaka”"),
        ("welcome_message lead LEAD-004038 1=Call 9876543210", "Not used: “9876543210”"),
        ("welcome_message +49 170 language=en 1234567 1=b", "Not used: “+49 170”"),
        ("welcome_message @mei language=en 1=b Gold", "Not used: “Gold”"),
        ("welcome_message to=+91 98765 43210 language=en 1=b", "Not used: “98765 43210”"),
        (
            f"welcome_message {READING_NUMBER} language=en 1=b planet:Gold",
            "Not used: “planet:Gold”",
        ),
        (f"welcome_message {READING_NUMBER} language=en 1=a 1=b", "“1=” appears twice"),
        (f"welcome_message {READING_NUMBER} language=en 1=a body_1:b", "“body_1=” appears twice"),
        (
            f"welcome_message to={READING_NUMBER} phone=1 language=en 1=b",
            "There are two recipients",
        ),
        (f"welcome_message {READING_NUMBER} language=en sender=x 1=b", "isn't a number you can"),
        (f"welcom_mesage {READING_NUMBER}", "welcome_message"),
    ):
        await run_command(acme, line)
        view = acme.slack.find_view(JOHN) or {}
        assert expected in collect_text(view)
        assert view["callback_id"] == "send.submit", "nothing is ready to be sent"


@shared_world
async def test_commas_after_words_and_names_of_senders_are_understood(acme: World) -> None:
    ids = set()
    line = f"welcome_message {READING_NUMBER[:5]} {READING_NUMBER[5:]}, language=en 1=b, ;"
    assert (await build_checked_form(acme, line)).to.replace(" ", "") == READING_NUMBER
    for sender in ('"Acme Support"', '"*acme support*"', "+12025550190", '"+1 202-555-0190"'):
        line = f'welcome_message {READING_NUMBER} language=en 1=b "" sender={sender}'
        ids.add((await build_checked_form(acme, line)).sender)
    [sender_id] = ids
    assert sender_id.isdigit()


@shared_world
async def test_a_person_of_another_workspace_is_named_plainly(acme: World) -> None:
    sentence = "That person isn't a member of this workspace."
    for line in (
        "user @sam",
        "user <@U0GHOST>",
        "user *<@W0GHOST>*",
        "send hello_world @sam",
        "send hello_world to=<@U0GHOST>",
    ):
        text = collect_text(await acme.type(f"/chakra {line}"))
        assert sentence in text
        assert "Reference" not in text
        assert "warning" not in text
    shown = collect_text(await run_command(acme, LINE.format(value="1=<@U0GHOST>")))
    assert "Slack doesn't share that person's name" in shown
    assert await read_preview_value(acme, "1=<@U0GHOST|casper>") == "casper"


@shared_world
async def test_an_address_without_scheme_is_a_word(acme: World) -> None:
    assert "That's a link" not in collect_text(await acme.type("/chakra user Booking.com"))
    assert "That's a link" in collect_text(await acme.type("/chakra user https://Booking.com"))
