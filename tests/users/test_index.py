"""The list, indexed: who is found by what, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.models import User
from bot.users.index import MAX_MATCHES, Matches, build_index
from tests.users.directory_harness import build_user

JOHN = build_user("John", "Doe", "john@acme.com", username="johndoe")
JOHNNY = build_user(
    "Johnny", "Okoro", "johnny@acme.com", username="johnny", phones=["2348012345678"]
)
MARIA = build_user("Maria", "Garcia", "maria.garcia@acme.com", username="maria.garcia")
OTHER_MARIA = build_user("Maria", "Garcia", "mgarcia@acme.com", username="mgarcia")
PRIYA = build_user(
    "Priya", "Sharma", "priya@acme.com", "ps@home.example", username="priya",
    phones=["919999999999"],
)  # fmt: skip
SIOBHAN = build_user("Siobhán", "O’Brien", "siobhan@acme.com", username="siobhan")
ZOE = build_user("Zoë 🌻", "Lindqvist", "zoe@acme.com", username="zoe")
LAYLA = build_user("ليلى", "منصور", "layla@acme.com", username="layla")
KOSTYA = build_user("Konstantin", "Petrov", username="kostya", displayName="Kostya from Ops")
CHER = build_user("Cher", username="cher")
NUMBER = build_user("Desk", "Seven", username="7777777")
ROSA = build_user("Rosa", "Diaz", "rosa@acme.com", username="rosa", isActive=False)
DELETED_USER = build_user("Tomas", "Gone", "tomas@acme.com", username="tomas", isDeleted=True)
TEAM = build_index([
    JOHN, JOHNNY, MARIA, OTHER_MARIA, PRIYA, SIOBHAN, ZOE, LAYLA, KOSTYA, CHER, NUMBER, ROSA,
    DELETED_USER,
])  # fmt: skip


def list_matched_usernames(matches: Matches) -> set[str]:
    return {user.username for user in matches.users}


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("John Doe", "johndoe"),
        ("doe john", "johndoe"),
        ("JOHN   DOE", "johndoe"),
        ("johndoe", "johndoe"),
        ("@johndoe", "johndoe"),
        ("john", "johndoe"),
        ("Siobhan O'Brien", "siobhan"),
        ("siobhán o’brien", "siobhan"),
        ("zoe lindqvist", "zoe"),
        ("🌻", "zoe"),
        ("ليلى منصور", "layla"),
        ("منصور", "layla"),
        ("Kostya from Ops", "kostya"),
        ("konstantin petrov", "kostya"),
        ("cher", "cher"),
        ("7777777", "7777777"),
        ("priya sha", "priya"),
        ("mgarcia", "mgarcia"),
        ("rosa", "rosa"),
    ],
)
def test_search_finds_one_user_by_any_name(typed: str, who: str) -> None:
    matches = TEAM.find_by_name(typed)
    assert list_matched_usernames(matches) == {who}
    assert not matches.fuzzy


def test_search_finds_all_users_with_the_same_name() -> None:
    assert list_matched_usernames(TEAM.find_by_name("maria garcia")) == {"maria.garcia", "mgarcia"}


def test_exact_beats_prefix_and_prefix_beats_typo() -> None:
    assert list_matched_usernames(TEAM.find_by_name("john")) == {"johndoe"}
    assert list_matched_usernames(TEAM.find_by_name("joh")) == {"johndoe", "johnny"}
    assert not TEAM.find_by_name("joh").fuzzy


@pytest.mark.parametrize(
    ("typed", "who"),
    [
        ("jon doe", "johndoe"),
        ("jhon", "johndoe"),
        ("preeya sharma", "priya"),
        ("johnd oe", "johndoe"),
        ("shiobhan", "siobhan"),
        ("kostja", "kostya"),
    ],
)
def test_typo_finds_the_closest_and_marks_it_fuzzy(typed: str, who: str) -> None:
    matches = TEAM.find_by_name(typed)
    assert matches.fuzzy
    assert matches.users[0].username == who


@pytest.mark.parametrize("typed", ["xyzzy", "***", "", "@", "john garcia", "qq"])
def test_no_match_is_better_than_a_wrong_one(typed: str) -> None:
    assert TEAM.find_by_name(typed) == Matches(fuzzy=True)


def test_email_search_ignores_case_and_includes_secondary_emails() -> None:
    assert list_matched_usernames(TEAM.find_by_email("JOHN@acme.com")) == {"johndoe"}
    assert list_matched_usernames(TEAM.find_by_email("ps@home.example")) == {"priya"}
    assert TEAM.find_by_email("stranger@acme.com").total == 0


def test_mistyped_email_suggests_similar_ones() -> None:
    assert TEAM.suggest_emails("jon@acme.com")[0] == "john@acme.com"
    assert TEAM.suggest_emails("q@elsewhere.example.org") == ()


def test_phone_matches_exactly_or_by_suffix() -> None:
    assert list_matched_usernames(TEAM.find_by_phone(["919999999999"])) == {"priya"}
    assert list_matched_usernames(TEAM.find_by_phone(["9999999999"])) == {"priya"}
    assert list_matched_usernames(TEAM.find_by_phone(["08012345678"])) == {"johnny"}
    assert TEAM.find_by_phone(["5555555"]).total == 0


def test_deleted_users_are_excluded_and_inactive_rank_last() -> None:
    assert TEAM.find_by_email("tomas@acme.com").total == 0
    assert TEAM.find_by_name("Tomas Gone").total == 0
    assert TEAM.get(DELETED_USER.id) is None
    same = build_index(
        [build_user("Ana", "B", username="a", isActive=False), build_user("Ana", "B", username="z")]
    )
    assert [user.username for user in same.find_by_name("ana b").users] == ["z", "a"]


def test_excess_matches_are_truncated_and_counted() -> None:
    crowd = build_index(
        build_user("Sam", f"No{n}", username=f"sam{n}") for n in range(MAX_MATCHES + 20)
    )
    matches = crowd.find_by_name("sam")
    assert (len(matches.users), matches.total) == (MAX_MATCHES, MAX_MATCHES + 20)


def test_list_without_phones_is_marked_unavailable() -> None:
    v1 = User.model_validate({"id": "1", "firstName": "A", "primaryPhone": None})
    assert not build_index([v1]).has_phones
    assert TEAM.has_phones


@pytest.mark.parametrize(
    ("reference", "name"),
    [("johndoe", "John Doe"), ("John@acme.com", "John Doe"), ("John Doe", ""), ("john", "")],
)
def test_assignee_is_found_by_exactly_what_a_record_has(reference: str, name: str) -> None:
    found = TEAM.find_assignee(reference)
    assert (found.name if found else "") == name


def test_an_empty_team_can_be_searched() -> None:
    empty = build_index([])
    assert empty.find_by_name("john").total == 0
    assert empty.find_by_phone(["919999999999"]).total == 0
    assert empty.suggest_emails("a@b.co") == ()


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8), st.text())
def test_search_handles_any_names_and_queries(names: list[tuple[str, str]], typed: str) -> None:
    people = [build_user(a, b, username=f"u{n}") for n, (a, b) in enumerate(names)]
    team = build_index(people)
    assert team.find_by_name(typed).total <= len(people)
    for person in people:
        if person.full_name:
            called = team.find_by_name(person.full_name)
            assert person in called.users or not any(sign.isalnum() for sign in person.full_name)
