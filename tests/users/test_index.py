"""The list, indexed: who is found by what, and in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.models import User
from bot.users.index import MAX_MATCHES, Matches, build_index
from tests.users.people import user

JOHN = user("John", "Doe", "john@acme.com", username="johndoe")
JOHNNY = user("Johnny", "Okoro", "johnny@acme.com", username="johnny", phones=["2348012345678"])
MARIA = user("Maria", "Garcia", "maria.garcia@acme.com", username="maria.garcia")
OTHER_MARIA = user("Maria", "Garcia", "mgarcia@acme.com", username="mgarcia")
PRIYA = user(
    "Priya", "Sharma", "priya@acme.com", "ps@home.example", username="priya",
    phones=["919999999999"],
)  # fmt: skip
SIOBHAN = user("Siobhán", "O’Brien", "siobhan@acme.com", username="siobhan")
ZOE = user("Zoë 🌻", "Lindqvist", "zoe@acme.com", username="zoe")
LAYLA = user("ليلى", "منصور", "layla@acme.com", username="layla")
KOSTYA = user("Konstantin", "Petrov", username="kostya", displayName="Kostya from Ops")
CHER = user("Cher", username="cher")
NUMBER = user("Desk", "Seven", username="7777777")
ROSA = user("Rosa", "Diaz", "rosa@acme.com", username="rosa", isActive=False)
GONE = user("Tomas", "Gone", "tomas@acme.com", username="tomas", isDeleted=True)
TEAM = build_index([
    JOHN, JOHNNY, MARIA, OTHER_MARIA, PRIYA, SIOBHAN, ZOE, LAYLA, KOSTYA, CHER, NUMBER, ROSA, GONE,
])  # fmt: skip


def found(matches: Matches) -> set[str]:
    return {one.username for one in matches.users}


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
def test_one_person_by_what_they_are_called(typed: str, who: str) -> None:
    matches = TEAM.find_by_name(typed)
    assert found(matches) == {who}
    assert not matches.fuzzy


def test_two_people_of_one_name_are_both_found() -> None:
    assert found(TEAM.find_by_name("maria garcia")) == {"maria.garcia", "mgarcia"}


def test_a_whole_word_beats_a_beginning_and_a_beginning_a_slip() -> None:
    assert found(TEAM.find_by_name("john")) == {"johndoe"}
    assert found(TEAM.find_by_name("joh")) == {"johndoe", "johnny"}
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
def test_a_slip_finds_the_closest_and_says_so(typed: str, who: str) -> None:
    matches = TEAM.find_by_name(typed)
    assert matches.fuzzy
    assert matches.users[0].username == who


@pytest.mark.parametrize("typed", ["xyzzy", "***", "", "@", "john garcia", "qq"])
def test_no_match_is_better_than_a_wrong_one(typed: str) -> None:
    assert TEAM.find_by_name(typed) == Matches(fuzzy=True)


def test_an_address_is_found_in_any_case_also_one_that_is_not_the_primary() -> None:
    assert found(TEAM.find_by_email("JOHN@acme.com")) == {"johndoe"}
    assert found(TEAM.find_by_email("ps@home.example")) == {"priya"}
    assert TEAM.find_by_email("nobody@acme.com").total == 0


def test_a_mistyped_address_has_neighbours() -> None:
    assert TEAM.suggest_emails("jon@acme.com")[0] == "john@acme.com"
    assert TEAM.suggest_emails("q@elsewhere.example.org") == ()


def test_a_phone_number_exactly_else_by_its_end() -> None:
    assert found(TEAM.find_by_phone(["919999999999"])) == {"priya"}
    assert found(TEAM.find_by_phone(["9999999999"])) == {"priya"}
    assert found(TEAM.find_by_phone(["08012345678"])) == {"johnny"}
    assert TEAM.find_by_phone(["5555555"]).total == 0


def test_the_deleted_are_never_found_and_the_inactive_come_last() -> None:
    assert TEAM.find_by_email("tomas@acme.com").total == 0
    assert TEAM.find_by_name("Tomas Gone").total == 0
    assert TEAM.get(GONE.id) is None
    same = build_index(
        [user("Ana", "B", username="a", isActive=False), user("Ana", "B", username="z")]
    )
    assert [one.username for one in same.find_by_name("ana b").users] == ["z", "a"]


def test_many_matches_are_cut_and_counted() -> None:
    crowd = build_index(user("Sam", f"No{n}", username=f"sam{n}") for n in range(MAX_MATCHES + 20))
    matches = crowd.find_by_name("sam")
    assert (len(matches.users), matches.total) == (MAX_MATCHES, MAX_MATCHES + 20)


def test_a_list_without_phones_says_so() -> None:
    v1 = User.model_validate({"id": "1", "firstName": "A", "primaryPhone": None})
    assert not build_index([v1]).has_phones
    assert TEAM.has_phones


def test_an_empty_team_can_be_searched() -> None:
    empty = build_index([])
    assert empty.find_by_name("john").total == 0
    assert empty.find_by_phone(["919999999999"]).total == 0
    assert empty.suggest_emails("a@b.co") == ()


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8), st.text())
def test_whatever_people_are_called_and_type_the_search_answers(
    names: list[tuple[str, str]], typed: str
) -> None:
    people = [user(a, b, username=f"u{n}") for n, (a, b) in enumerate(names)]
    team = build_index(people)
    assert team.find_by_name(typed).total <= len(people)
    for one in people:
        if one.full_name:
            called = team.find_by_name(one.full_name)
            assert one in called.users or not any(sign.isalnum() for sign in one.full_name)
