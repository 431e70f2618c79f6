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
from bot.slack.channel_mask import mask_for_channel
from bot.slack.commands.reply import Message, build_response_body
from bot.slack.viewer import Viewer
from bot.users import card
from bot.users import picker as choice
from bot.users.directory import Profile
from bot.users.index import Matches
from bot.users.names import RoleAndTeamNames
from tests.users.directory_harness import build_user

NOON_UTC = 1_700_049_600.0
"""Wednesday, 15 November 2023, 12:00."""
VIEWER = Viewer(now=NOON_UTC)


def build_profile(**fields: Any) -> Profile:
    person = build_user("John", "Doe", "john@acme.com", username="johndoe", **fields)
    return Profile(person, role_name="Inside Sales", team_name="PaisaPay")


def render_card(profile: Profile, viewer: Viewer = VIEWER) -> str:
    return read_message_text(card.render_private(Cached(profile), viewer))


def read_message_text(message: Message) -> str:
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def read_button_values(message: Message) -> list[str]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["action_id"] for row in rows for element in row]


def test_card_shows_identity() -> None:
    text = render_card(build_profile(availabilityStatus="AVAILABLE", timezone="+0530"))
    for part in ("*John Doe*", "Inside Sales", "PaisaPay", "john@acme.com", "Available", "17:30"):
        assert part in text


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
def test_card_shows_local_time_difference(zone: str, offset: int | None, expected: str) -> None:
    assert expected in render_card(
        build_profile(timezone=zone), Viewer(now=NOON_UTC, utc_offset=offset)
    )


def test_empty_user_still_has_a_card() -> None:
    bare = build_user(id="7", username="", primaryEmail=None, emails=[])
    text = render_card(Profile(bare))
    assert "*7*" in text
    assert text.count("none") == 4
    assert "**" not in text


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\u202e", "*", "_", "`"])
def test_blank_name_never_renders_empty_bold(name: str) -> None:
    text = render_card(Profile(build_user(name, "", username="jd", displayName=name)))
    assert "**" not in text
    assert "* *" not in text


def test_names_mention_no_one_and_break_nothing() -> None:
    evil = "<!channel> & <@U1|x> *b* `c` \u202e"
    profile = Profile(
        build_user(evil, username="<!here>"),
        role_name=evil,
        team_name=evil,
        reportee_names=(evil,),
        reportee_count=1,
    )
    for message in (
        card.render_private(Cached(profile), VIEWER),
        card.render_public(profile, "U0MEI"),
    ):
        text = read_message_text(message).replace("<@U0MEI>", "")
        for block in message.blocks:
            accessory = block.pop("accessory", {})
            assert "alt_text" not in accessory
        assert "<!" not in text.replace("<!date^", "")
        assert "<@" not in text
        assert "\u202e" not in text


def test_inactive_user_is_marked_and_unknown_state_is_not() -> None:
    assert "(inactive)" in render_card(build_profile(isActive=False))
    unsaid = render_card(build_profile(isActive=None))
    assert "(inactive)" not in unsaid
    assert "Unknown" in unsaid


def test_an_unknown_availability_is_shown_as_it_is() -> None:
    assert "ON_LEAVE" in render_card(build_profile(availabilityStatus="ON_LEAVE"))


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
def test_only_valid_picture_urls_are_sent(address: str, drawn_as_picture: bool) -> None:
    message = card.render_private(Cached(build_profile(profileImageUrl=address)), VIEWER)
    assert ("accessory" in message.blocks[0]) is drawn_as_picture


def test_reportees_are_named_or_counted() -> None:
    person = build_user("Priya")
    names = ("Ann", "Bob", "Cy", "Di", "Ed", "Flo")
    many = render_card(Profile(person, reportee_names=names, reportee_count=7))
    assert "7 people report to them: Ann, Bob, Cy, Di, Ed and 2 more" in many
    assert "1 person reports to them" in render_card(Profile(person, reportee_count=1))


def test_many_addresses_are_counted_not_listed() -> None:
    person = build_user("A", "B", *(f"a{n}@acme.com" for n in range(5)))
    text = render_card(Profile(person))
    assert "a2@acme.com" in text
    assert "a3@acme.com" not in text
    assert "and 2 more" in text


LOADED = "<!date^1700049600^{date_short_pretty} at {time}|15 Nov 2023 12:00 UTC>"


def test_card_shows_when_it_was_loaded() -> None:
    loaded = card.render_private(Cached(build_profile(), loaded_at=NOON_UTC), VIEWER)
    assert f"From Chakra, {LOADED}" in read_message_text(loaded)


def test_stale_card_carries_a_warning() -> None:
    stale = Cached(build_profile(), 720, stale=True, reason=Unavailable(), loaded_at=NOON_UTC)
    down = read_message_text(card.render_private(stale, VIEWER))
    assert f"Chakra can't be reached right now. This is from {LOADED}." in down
    busy = read_message_text(card.render_private(stale._replace(reason=RateLimited()), VIEWER))
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
    person = build_user("John", "Doe", "john@acme.com", phones=["919999999999"], timezone="+0530")
    loaded = Profile(person, ("+91 99999 99999",), reportee_count=2)
    for viewer, (loaded_at, stale, reason), team, reportee, note, replace_original in cards:
        renamed = replace(loaded, team_name=team, role_name=team, reportee_names=(reportee,))
        seen = Cached(renamed, 0.0, stale, reason, loaded_at)
        again = seen.with_value(replace(renamed, rendered=LRUCache(1)))
        cached, fresh = (
            card.render_private(each, viewer, note=note, replace_original=replace_original)
            for each in (seen, again)
        )
        assert cached.response_json == to_json(build_response_body(fresh))


def test_card_that_did_not_change_is_encoded_once() -> None:
    cached = Cached(build_profile(), loaded_at=NOON_UTC)
    first = card.render_private(cached, VIEWER)
    assert card.render_private(cached, VIEWER).response_json is first.response_json


@pytest.mark.parametrize(
    ("viewer", "buttons"),
    [
        (Viewer(0.0), [card.REFRESH, card.SHARE]),
        (Viewer(0.0, may_edit=True), [card.REFRESH, card.SHARE, card.EDIT]),
        (Viewer(0.0, may_share=False), [card.REFRESH]),
    ],
)
def test_only_usable_buttons_are_shown(viewer: Viewer, buttons: list[str]) -> None:
    assert read_button_values(card.render_private(Cached(build_profile()), viewer)) == buttons


def test_buttons_carry_ids_and_nothing_personal() -> None:
    message = card.render_private(Cached(build_profile()), Viewer(0.0, may_edit=True))
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    assert {element["value"] for row in rows for element in row} == {build_profile().user.id}


def test_shared_card_is_masked_and_shows_a_reader_their_own() -> None:
    person = build_user("John", "Doe", "john@acme.com", username="johndoe", phones=["919999999999"])
    message = card.render_public(
        Profile(person, ("+91 99999 99999",), "PaisaPay", "Inside Sales"), "U1"
    )
    text = read_message_text(message)
    assert message.to_channel
    assert "j•••@acme.com" in text
    assert "+91 •••••• 9999" in text
    assert "Shared by <@U1>" in text
    assert read_button_values(message) == ["user.show"]
    for whole in ("john@acme.com", "919999999999", "99999 99999"):
        assert whole not in text


def test_email_or_phone_used_as_a_name_is_masked() -> None:
    for person in (
        build_user("", "", "jane@acme.com", profileImageUrl="https://p.example/jane@acme.com.png"),
        build_user(
            "+91 98765 43210", "", username="919876543210", availabilityStatus="+919876543210"
        ),
    ):
        message = card.render_public(Profile(person, role_name="call 9876543210"), "U1")
        text = read_message_text(mask_for_channel(message))
        assert "jane@acme.com" not in text
        assert "43210" not in text.replace("•••••• 3210", "")


WILD = st.text(max_size=40) | st.text(min_size=1, max_size=3).map(lambda part: part * 1500)
USERS = st.builds(
    build_user,
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
@given(USERS, WILD, st.integers(0, 10**9))
def test_any_user_renders_a_valid_card(person: Any, wild: str, count: int) -> None:
    profile = Profile(person, (wild,) * 5, wild, wild, (wild,) * 8, count)
    looking = Viewer(NOON_UTC, utc_offset=3600, may_edit=True)
    for message in (
        card.render_private(Cached(profile), looking, note=wild),
        card.render_public(profile, "U0MEI"),
    ):
        assert check_response_body(build_response_body(message)) == []


@settings(deadline=None, max_examples=20)
@given(st.lists(USERS, min_size=2, max_size=7, unique_by=lambda user: user.id), WILD)
def test_any_names_render_a_valid_picker(people: list[Any], wild: str) -> None:
    for total in (len(people), 500):
        matches = Matches(tuple(people), total, fuzzy=total == 500)
        message = choice.render(wild, Cached(matches), RoleAndTeamNames())
        assert check_response_body(build_response_body(message)) == []
