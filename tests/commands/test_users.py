"""Stories of ``/chakra users``: the list, its filters, its pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import VisibleMessage, collect_text
from bot.slack.age import format_date_token
from commands import users
from tests.clock import ManualClock
from tests.endpoints import reaches
from tests.shared_world import shared_world
from tests.world import World

SALES = "C0SALES"
MEI = "U0MEI"
LIST = "GET /v2/ext/users"


async def run_command(acme: World, text: str = "") -> VisibleMessage:
    await acme.slack.type(MEI, SALES, f"/chakra users {text}".rstrip())
    await acme.settle()
    return find_last_message(acme)


async def press_button(acme: World, action: str, value: Any = None) -> VisibleMessage:
    await acme.slack.press(MEI, action, value=value)
    await acme.settle()
    return find_last_message(acme)


def find_last_message(acme: World) -> VisibleMessage:
    return acme.slack.list_messages(MEI, SALES)[-1]


def list_row_names(message: VisibleMessage) -> list[str]:
    """The first line of each person's row."""
    return [
        block["text"]["text"].split("\n")[0]
        for block in message.blocks or []
        if block.get("accessory", {}).get("action_id") == users.OPEN
    ]


@shared_world
@reaches("GET /v2/ext/users", "users.list", title="List Users (V2)", by="`/chakra users`")
async def test_active_users_are_listed_ten_per_page(acme: World) -> None:
    first = await run_command(acme)
    assert first.ephemeral
    assert "38 of 40 people" in collect_text(first)
    assert "page 1 of 4" in collect_text(first)
    assert len(list_row_names(first)) == 10
    assert "Previous" not in collect_text(first)


@shared_world
async def test_paging_updates_one_message_and_lists_each_user_once(acme: World) -> None:
    page = await run_command(acme)
    names = list_row_names(page)
    for _ in range(3):
        following = await press_button(acme, "users.page:next")
        assert following.id == page.id
        names += list_row_names(following)
    assert len(names) == 38
    assert "Next" not in collect_text(find_last_message(acme))
    assert "page 3 of 4" in collect_text(await press_button(acme, "users.page:previous"))
    assert acme.chakra.count(LIST) == 1


@shared_world
async def test_filters_apply_to_every_page(acme: World) -> None:
    await run_command(acme, "@acme.com role:sales status:all sort:role")
    page = collect_text(await press_button(acme, "users.page:next"))
    for part in ("@acme.com", "role Field Sales or Inside Sales", "active and inactive", "by role"):
        assert part in page


@shared_world
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("maria", "2 of 40 people"),
        ("role:operations", "role Operations"),
        ("role=insdie_sales", "role Inside Sales"),
        ("status:inactive", "Rosa Delgado"),
        ("status:AWAY", "Omar Haddad"),
        ("sort:newest", "newest first"),
        ("“maria garcia”", "2 of 40 people"),
        ("zzz", 'No active person matches "zzz" by name, role or team. Include everyone'),
        ("sales", "role Field Sales or Inside Sales"),
        ("sales available pineapple", 'Not used: "pineapple".'),
        ("slaes", "Did you mean:"),
        ("managers", "managers"),
        ("role:pilot", 'There\'s no role "pilot". Choose from: Admin, Collections, Field Sales'),
        ("status:sleeping", "Choose from: active, inactive, available"),
        ("sort:age", "Choose from: name, role, status, newest"),
        ("<@U0MEI|mei>", "plain words"),
        ("x" * 300, "too long"),
        ("<!channel>", "people"),
    ],
)
async def test_filters_and_invalid_filters(acme: World, text: str, expected: str) -> None:
    assert expected in collect_text(await run_command(acme, text))


@shared_world
async def test_deleted_users_are_never_listed(acme: World) -> None:
    assert "40 of 40" in collect_text(await run_command(acme, "status:all"))
    assert 'No one matches "tomasgone"' in collect_text(
        await run_command(acme, "tomasgone status:all")
    )


@shared_world
async def test_row_opens_the_card_as_a_new_message(acme: World) -> None:
    listed = await run_command(acme, "priya")
    card = await press_button(acme, "users.open")
    assert card.id != listed.id
    assert card.ephemeral
    assert "+91 99999 99999" in collect_text(card)
    assert "Priya Sharma" in collect_text(await press_button(acme, "user.refresh"))


async def test_refresh_shows_new_users_and_its_time(acme: World, clock: ManualClock) -> None:
    await run_command(acme, "newcomer")
    acme.chakra.add_user(username="newcomer")
    await clock.advance(60)
    assert f"From Chakra, {format_date_token(clock.time() - 60)}" in collect_text(
        await run_command(acme, "newcomer")
    )
    fresh = collect_text(await press_button(acme, "users.refresh"))
    assert "1 of 41 people" in fresh
    assert f"From Chakra, {format_date_token(clock.time())}" in fresh


async def test_a_page_that_no_longer_exists_becomes_the_last(acme: World) -> None:
    await run_command(acme)
    for _ in range(3):
        await press_button(acme, "users.page:next")
    for person in acme.chakra.users[5:]:
        acme.chakra.delete_user(person.id)
    assert len(list_row_names(await press_button(acme, "users.refresh"))) == 5


@reaches(
    "GET /v1/ext/users", "users.list_v1", title="List Users", by="`/chakra users`, if v2 is refused"
)
async def test_v1_list_resolves_role_names(acme: World) -> None:
    acme.chakra.disable_endpoint(LIST)
    page = collect_text(await run_command(acme, "role:inside_sales"))
    assert "role Inside Sales" in page
    assert "John Doe" in page


@shared_world
async def test_missing_config_humanizes_short_ids(acme: World) -> None:
    acme.chakra.fail("GET /v1/ext/config", StatusResponse(403))
    assert "role Inside sales" in collect_text(await run_command(acme, "role:inside_sales"))


async def test_an_empty_team_says_so(acme: World) -> None:
    for person in acme.chakra.users:
        acme.chakra.delete_user(person.id)
    assert "There's no one in this Chakra team yet." in collect_text(await run_command(acme))


@shared_world
async def test_no_button_contains_an_address(acme: World) -> None:
    page = await run_command(acme)
    values = [
        element["value"]
        for block in page.blocks or []
        for element in [*block.get("elements", []), block.get("accessory", {})]
        if "value" in element
    ]
    assert values
    assert "@" not in json.dumps(values)


@pytest.mark.parametrize("page", [-5, 0, 1, 10**9])
def test_the_longest_filters_fit_into_a_button(page: int) -> None:
    query = users.UserListQuery(
        page=page, words='“maria” \\ "<&>" 🌻' * 5, role='"' * 200, status="all", sort="role"
    )
    assert users.UserListQuery.from_value(query.to_value()) == query
