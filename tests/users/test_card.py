"""The card for one reader, and the masked one for a channel."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cachetools import LRUCache
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from bot.cache import Cached
from bot.errors import RateLimited, Unavailable
from bot.sandbox.slack.limits import check_response_body
from bot.slack.commands.reply import Message, response_body
from bot.slack.viewer import Viewer
from bot.users import card
from bot.users import picker as choice
from bot.users.directory import Profile
from bot.users.index import Matches
from bot.users.names import RoleAndTeamNames
from tests.users.people import user

NOON_UTC = 1_700_049_600.0
"""Wednesday, 15 November 2023, 12:00."""
LOOKING = Viewer(now=NOON_UTC)


def profile(**fields: Any) -> Profile:
    person = user("John", "Doe", "john@acme.com", username="johndoe", **fields)
    return Profile(person, role_name="Inside Sales", team_name="PaisaPay")


def drawn(shown: Profile, viewer: Viewer = LOOKING) -> str:
    return said(card.render_private(Cached(shown), viewer))


def said(message: Message) -> str:
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def ids_of_buttons(message: Message) -> list[str]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row]


def test_the_card_says_who_it_is() -> None:
    shown = drawn(profile(availabilityStatus="AVAILABLE", timezone="+0530"))
    for part in ("*John Doe*", "Inside Sales", "PaisaPay", "john@acme.com", "Available", "17:30"):
        assert part in shown


@pytest.mark.parametrize(
    ("zone", "offset", "expected"),
    [
        ("+0530", None, "17:30 there (UTC+05:30)"),
        ("+0530", 0, "17:30 there, 5 h 30 min ahead of you"),
        ("-0330", 0, "08:30 there, 3 h 30 min behind you"),
        ("+0100", 3600, "13:00 there, the same as yours"),
        ("Asia/Tokyo", 8 * 3600, "21:00 there, 1 h ahead of you"),
        ("+0015", 0, "12:15 there, 15 min ahead of you"),
        ("Mars <!here>", 0, "Time zone Mars &lt;!here&gt;"),
    ],
)
def test_their_clock_beside_yours(zone: str, offset: int | None, expected: str) -> None:
    assert expected in drawn(profile(timezone=zone), Viewer(now=NOON_UTC, utc_offset=offset))


def test_a_person_without_anything_still_has_a_card() -> None:
    bare = user(id="7", username="", primaryEmail=None, emails=[])
    shown = drawn(Profile(bare))
    assert "*7*" in shown
    assert shown.count("none") == 4
    assert "**" not in shown


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\u202e", "*", "_", "`"])
def test_a_name_that_holds_nothing_is_never_an_empty_bold(name: str) -> None:
    shown = drawn(Profile(user(name, "", username="jd", displayName=name)))
    assert "**" not in shown
    assert "* *" not in shown


def test_names_mention_no_one_and_break_nothing() -> None:
    evil = "<!channel> & <@U1|x> *b* `c` \u202e"
    shown = Profile(
        user(evil, username="<!here>"),
        role_name=evil,
        team_name=evil,
        reportee_names=(evil,),
        reportee_count=1,
    )
    for message in (
        card.render_private(Cached(shown), LOOKING),
        card.render_public(shown, "U0MEI"),
    ):
        text = said(message).replace("<@U0MEI>", "")
        for block in message.blocks:
            accessory = block.pop("accessory", {})
            assert "alt_text" not in accessory
        assert "<!" not in text.replace("<!date^", "")
        assert "<@" not in text
        assert "\u202e" not in text


def test_the_inactive_are_marked_and_an_unknown_state_is_not_guessed() -> None:
    assert "(inactive)" in drawn(profile(isActive=False))
    unsaid = drawn(profile(isActive=None))
    assert "(inactive)" not in unsaid
    assert "Unknown" in unsaid


def test_an_unknown_availability_is_shown_as_it_is() -> None:
    assert "ON_LEAVE" in drawn(profile(availabilityStatus="ON_LEAVE"))


@pytest.mark.parametrize(
    ("address", "drawn_as_picture"),
    [
        ("https://pics.example/j.png", True),
        ("http://127.0.0.1:9/j.png", True),
        ("/media/j.png", False),
        ("https://pics.example/j doe.png", False),
        ("https:///j.png", False),
        ("data:image/png;base64,xx", False),
        ("https://pics.example/" + "j" * 3000, False),
        ("", False),
    ],
)
def test_only_a_picture_that_slack_takes_is_sent(address: str, drawn_as_picture: bool) -> None:
    message = card.render_private(Cached(profile(profileImageUrl=address)), LOOKING)
    assert ("accessory" in message.blocks[0]) is drawn_as_picture


def test_reportees_by_name_else_by_number() -> None:
    person = user("Priya")
    names = ("Ann", "Bob", "Cy", "Di", "Ed", "Flo")
    many = drawn(Profile(person, reportee_names=names, reportee_count=7))
    assert "7 people report to them: Ann, Bob, Cy, Di, Ed and 2 more" in many
    assert "1 person reports to them" in drawn(Profile(person, reportee_count=1))


def test_many_addresses_are_counted_not_listed() -> None:
    person = user("A", "B", *(f"a{n}@acme.com" for n in range(5)))
    shown = drawn(Profile(person))
    assert "a2@acme.com" in shown
    assert "a3@acme.com" not in shown
    assert "and 2 more" in shown


LOADED = "<!date^1700049600^{date_short_pretty} at {time}|15 Nov 2023 12:00 UTC>"


def test_card_shows_when_it_was_loaded() -> None:
    loaded = card.render_private(Cached(profile(), loaded_at=NOON_UTC), LOOKING)
    assert f"From Chakra, {LOADED}" in said(loaded)


def test_stale_card_carries_a_warning() -> None:
    stale = Cached(profile(), 720, stale=True, reason=Unavailable(), loaded_at=NOON_UTC)
    down = said(card.render_private(stale, LOOKING))
    assert f"Chakra can't be reached right now. This is from {LOADED}." in down
    busy = said(card.render_private(stale._replace(reason=RateLimited()), LOOKING))
    assert f"Chakra is rate limiting requests. This is from {LOADED}." in busy


VIEWERS = st.builds(
    Viewer,
    now=st.sampled_from([NOON_UTC, NOON_UTC + 59.9, NOON_UTC + 60, NOON_UTC + 86_400]),
    utc_offset=st.sampled_from([None, 0, 19_800]),
    may_edit=st.booleans(),
    may_share=st.booleans(),
)
LOADS = st.tuples(
    st.sampled_from([NOON_UTC, NOON_UTC + 1]),
    st.booleans(),
    st.sampled_from([None, Unavailable(), RateLimited()]),
)
NAMES = st.sampled_from(["", "Sales", "Support"])


@settings(deadline=None)
@given(
    cards=st.lists(
        st.tuples(VIEWERS, LOADS, NAMES, NAMES, st.sampled_from(["", "a note"]), st.booleans()),
        min_size=2,
        max_size=25,
    )
)
def test_cached_card_is_the_card_rendered_again(cards: list[Any]) -> None:
    person = user("John", "Doe", "john@acme.com", phones=["919999999999"], timezone="+0530")
    loaded = Profile(person, ("+91 99999 99999",), reportee_count=2)
    for viewer, (loaded_at, stale, reason), team, reportee, note, replace_original in cards:
        shown = replace(loaded, team_name=team, role_name=team, reportee_names=(reportee,))
        seen = Cached(shown, 0.0, stale, reason, loaded_at)
        again = seen.with_value(replace(shown, rendered=LRUCache(1)))
        cached, fresh = (
            card.render_private(each, viewer, note=note, replace_original=replace_original)
            for each in (seen, again)
        )
        assert cached.response_json == to_json(response_body(fresh))


def test_card_that_did_not_change_is_encoded_once() -> None:
    shown = Cached(profile(), loaded_at=NOON_UTC)
    first = card.render_private(shown, LOOKING)
    assert card.render_private(shown, LOOKING).response_json is first.response_json


@pytest.mark.parametrize(
    ("viewer", "buttons"),
    [
        (Viewer(0.0), [card.REFRESH, card.SHARE]),
        (Viewer(0.0, may_edit=True), [card.REFRESH, card.SHARE, card.EDIT]),
        (Viewer(0.0, may_share=False), [card.REFRESH]),
    ],
)
def test_only_buttons_that_would_work(viewer: Viewer, buttons: list[str]) -> None:
    assert ids_of_buttons(card.render_private(Cached(profile()), viewer)) == buttons


def test_buttons_carry_ids_and_nothing_personal() -> None:
    message = card.render_private(Cached(profile()), Viewer(0.0, may_edit=True))
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    assert {element["value"] for row in rows for element in row} == {profile().user.id}


def test_what_is_shared_is_masked_and_has_no_buttons() -> None:
    person = user("John", "Doe", "john@acme.com", username="johndoe", phones=["919999999999"])
    message = card.render_public(
        Profile(person, ("+91 99999 99999",), "PaisaPay", "Inside Sales"), "U1"
    )
    shown = said(message)
    assert message.to_channel
    assert "j•••@acme.com" in shown
    assert "+91 •••••• 9999" in shown
    assert "Shared by <@U1>" in shown
    assert not ids_of_buttons(message)
    for whole in ("john@acme.com", "919999999999", "99999 99999", person.id):
        assert whole not in shown


def test_an_address_or_number_that_serves_as_a_name_is_masked_too() -> None:
    for person in (
        user("", "", "jane@acme.com", profileImageUrl="https://p.example/jane@acme.com.png"),
        user("+91 98765 43210", "", username="919876543210", availabilityStatus="+919876543210"),
    ):
        shown = said(card.render_public(Profile(person, role_name="call 9876543210"), "U1"))
        assert "jane@acme.com" not in shown
        assert "43210" not in shown.replace("•••••• 3210", "")


WILD = st.text(max_size=40) | st.text(min_size=1, max_size=3).map(lambda part: part * 1500)
PEOPLE = st.builds(
    user,
    WILD,
    WILD,
    WILD,
    username=WILD,
    displayName=WILD,
    profileImageUrl=WILD.map(lambda path: f"https://pics.example/{path}"),
    availabilityStatus=WILD,
    timezone=WILD,
    isActive=st.none() | st.booleans(),
    phones=st.lists(st.integers(0, 10**18).map(str), max_size=6),
    role=WILD,
)


@settings(deadline=None)
@given(PEOPLE, WILD, st.integers(0, 10**9))
def test_whatever_chakra_holds_slack_takes_the_card(person: Any, wild: str, count: int) -> None:
    shown = Profile(person, (wild,) * 5, wild, wild, (wild,) * 8, count)
    looking = Viewer(NOON_UTC, utc_offset=3600, may_edit=True)
    for message in (
        card.render_private(Cached(shown), looking, note=wild),
        card.render_public(shown, "U0MEI"),
    ):
        assert check_response_body(response_body(message)) == []


@settings(deadline=None, max_examples=20)
@given(st.lists(PEOPLE, min_size=2, max_size=7, unique_by=lambda one: one.id), WILD)
def test_whatever_people_are_called_slack_takes_the_choice(people: list[Any], wild: str) -> None:
    for total in (len(people), 500):
        matches = Matches(tuple(people), total, fuzzy=total == 500)
        message = choice.render(wild, Cached(matches), RoleAndTeamNames())
        assert check_response_body(response_body(message)) == []
