"""Stories of ``/chakra user``: finding, choosing, refreshing, sharing, editing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.chakra.faults import (
    ErrorsWithStatus200,
    InvalidJsonBody,
    MissingField,
    StatusResponse,
)
from bot.sandbox.slack import VisibleMessage, collect_text
from tests.people import MEI, SALES
from tests.shared_world import shared_world
from tests.world import World

JOHN_ID = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"
JOHN_QUERIES = (
    JOHN_ID,
    JOHN_ID.upper(),
    "JOHN@ACME.COM",
    "<mailto:john@acme.com|john@acme.com>",
    "John Doe <mailto:john@acme.com|john@acme.com>",
    "johndoe",
    "@johndoe",
    "john",
    "doe  JOHN",
    "“John Doe”",
)
FETCH = "GET /v2/ext/user/{id}"
LIST = "GET /v2/ext/users"


async def run_command(
    acme: World, text: str, *, by: str = MEI, where: str = SALES
) -> VisibleMessage:
    """What the person sees last, after typing ``/chakra user …``."""
    return await acme.type(f"/chakra user {text}", by=by, channel=where)


async def press_button(
    acme: World, action: str, *, by: str = MEI, value: Any = None
) -> VisibleMessage:
    return await acme.press(action, by=by, value=value)


def find_message(acme: World, by: str, where: str = SALES) -> VisibleMessage:
    return acme.slack.list_messages(by, where)[-1]


def has_picture(message: VisibleMessage) -> bool:
    return "image_url" in json.dumps(message.blocks)


# --- finding -------------------------------------------------------------------------------------


@shared_world
async def test_the_documented_john_with_team_role_and_address(acme: World) -> None:
    card = await run_command(acme, "john@acme.com")
    assert card.ephemeral
    for part in (
        "John Doe",
        "PaisaPay",
        "Inside Sales",
        "john@acme.com",
        "Available",
        "From Chakra",
    ):
        assert part in collect_text(card)
    assert "Available" in collect_text(card)


@shared_world
async def test_every_way_to_name_a_person_leads_to_one_card(acme: World) -> None:
    for sought in JOHN_QUERIES:
        assert "john@acme.com" in collect_text(await run_command(acme, sought))
    for sought in ("+91 99999 99999", "9999999999", "<tel:+919999999999|+91 99999 99999>"):
        assert "Priya Sharma" in collect_text(await run_command(acme, sought))


@shared_world
async def test_me_and_mentions_resolve_by_slack_email(acme: World) -> None:
    assert "Mei Tanaka" in collect_text(await run_command(acme, "me"))
    assert "Priya Sharma" in collect_text(await run_command(acme, "@priya"))


@shared_world
async def test_typo_shows_the_closest_match(acme: World) -> None:
    card = collect_text(await run_command(acme, "jhon doe"))
    assert 'No "jhon doe". Closest match:' in card
    assert "John Doe" in card


@shared_world
async def test_inactive_user_is_marked(acme: World) -> None:
    assert "(inactive)" in collect_text(await run_command(acme, "rosa"))


@shared_world
async def test_mention_markup_in_a_name_is_escaped(acme: World) -> None:
    card = await run_command(acme, "ana@acme.com")
    assert "<!channel>" not in card.text
    assert "&lt;!channel&gt; &amp; Sons" in card.text


# --- no match ------------------------------------------------------------------------------------


@shared_world
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "Who are you looking for?"),
        ("nosuch", "/chakra users"),
        ("jon@acme.com", "john@acme.com"),
        ("a91b5073-e9d4", "part of an ID"),
        ("00000000-0000-4000-8000-000000000000", "no user with this ID"),
        ("tomasgone", "No one in Chakra matches"),
        ("+44 20 7946 9999", "No one in Chakra matches"),
        ("<#C0SALES|sales>", "That's a channel"),
        ("<!subteam^S0SALES|@sales>", "That's a group"),
        ("<https://x.example|John>", "That's a link"),
        ("@priya @mei", "one person at a time"),
        ("a@b.co c@d.co", "one person at a time"),
        ('"  "', "quotes are empty"),
        ("x" * 300, "too long"),
        ("@gita", "g•••@partner.example"),
        ("@sam", "isn't a member of this workspace"),
        ("<@U0GHOST>", "isn't a member of this workspace"),
    ],
)
async def test_a_search_without_result_says_what_to_do(
    acme: World, text: str, expected: str
) -> None:
    answer = await run_command(acme, text)
    assert answer.ephemeral
    assert expected in collect_text(answer)


async def test_no_chakra_user_has_my_address(acme: World) -> None:
    acme.chakra.delete_user("mei")
    assert "No one in Chakra has the email address mei@acme.com." in collect_text(
        await run_command(acme, "me")
    )


async def test_user_deleted_after_listing(acme: World) -> None:
    await run_command(acme, "johnny")
    acme.chakra.delete_user("mei")
    assert "deleted" in collect_text(await run_command(acme, "mei"))


@shared_world
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (StatusResponse(401), "access token"),
        (StatusResponse(403), "doesn't let this app"),
        (InvalidJsonBody(), "We couldn't read Chakra's answer"),
        (MissingField("_data.id"), "We couldn't read Chakra's answer"),
        (ErrorsWithStatus200("Not <today>"), "Not &lt;today&gt;"),
    ],
)
async def test_each_chakra_failure_is_explained(acme: World, fault: Any, expected: str) -> None:
    acme.chakra.fail(FETCH, fault)
    assert expected in collect_text(await run_command(acme, JOHN_ID))


# --- choosing ------------------------------------------------------------------------------------


@shared_world
async def test_two_of_one_name_are_distinguished_and_the_chosen_replaces_the_choice(
    acme: World,
) -> None:
    choice = await run_command(acme, "maria garcia")
    for part in ("Two people match", "Collections", "mgarcia@acme.com", "maria.garcia@acme.com"):
        assert part in collect_text(choice)
    before = len(acme.slack.list_messages(MEI, SALES))
    card = await press_button(acme, "user.choose:1")
    assert "maria.garcia@acme.com" in collect_text(card)
    assert card.id == choice.id
    assert len(acme.slack.list_messages(MEI, SALES)) == before


@shared_world
async def test_many_matches_become_a_menu(acme: World) -> None:
    menu = await run_command(acme, "a")
    assert "people match" in collect_text(menu)
    anita = acme.chakra.find_user("anita")
    assert "anita@acme.com" in collect_text(await press_button(acme, "user.choose", value=anita.id))


async def test_excess_matches_are_counted_and_truncated(acme: World) -> None:
    for number in range(120):
        acme.chakra.add_user(username=f"crowd{number}", first_name="Crowd", last_name=f"N{number}")
    assert "Showing 100 of 120" in collect_text(await run_command(acme, "crowd"))


# --- the buttons ---------------------------------------------------------------------------------


async def test_refresh_replaces_the_card(acme: World) -> None:
    card = await run_command(acme, "john@acme.com")
    acme.chakra.update_user("johndoe", last_name="Smith")
    again = await press_button(acme, "user.refresh")
    assert "John Smith" in collect_text(again)
    assert again.id == card.id


@shared_world
async def test_share_posts_a_new_masked_message(acme: World) -> None:
    await run_command(acme, "priya@acme.com")
    shared = await press_button(acme, "user.share")
    assert not shared.ephemeral
    text = collect_text(shared)
    assert "Priya Sharma" in text
    assert "p•••@acme.com" in text
    assert "+91 •••••• 9999" in text
    assert f"Shared by <@{MEI}>" in text
    assert "priya@acme.com" not in json.dumps([shared.text, shared.blocks])
    assert shared.id == acme.slack.list_messages("U0OMAR", SALES)[-1].id


@shared_world
async def test_share_argument_posts_without_publishing_the_command(acme: World) -> None:
    shared = await run_command(acme, "priya@acme.com share")
    assert not shared.ephemeral
    everyone = "\n".join(map(collect_text, acme.slack.list_messages("U0OMAR", SALES)))
    assert "p•••@acme.com" in everyone
    assert "priya@acme.com" not in everyone


@shared_world
async def test_direct_messages_offer_no_share_button(acme: World) -> None:
    card = await run_command(acme, "priya", where="D0MEI")
    assert "Share" not in collect_text(card)
    assert "no channel to share to" in collect_text(
        await run_command(acme, "priya share", where="D0MEI")
    )


@shared_world
async def test_share_without_a_name_is_searched_as_a_name(acme: World) -> None:
    answer = await run_command(acme, "share")
    assert answer.ephemeral
    assert "share" in collect_text(answer)
