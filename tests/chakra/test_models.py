"""Chakra's objects, as documented and with every value that is not ruled out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example as also
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.chakra import fields
from bot.chakra.models import Reportee, User, UserChanges, is_uuid
from bot.chakra.transport.envelope import parse_envelope
from bot.chakra.transport.exchange import ChakraRequest, ChakraResponse
from bot.errors import InvalidResponse
from tests.chakra.upstream import read_example

NOW = datetime(2024, 7, 1, 12, 0, tzinfo=UTC)
UUID = "a91b5073-e9d4-4959-9fd3-6edf79c2c5a4"


def parse_user(**fields: object) -> User:
    return User.model_validate({"id": "u1", **fields})


def test_the_documented_user_v2() -> None:
    john = User.model_validate(read_example("fetch-user-v2.response")["_data"])
    assert john.id == UUID
    assert john.name == "John Doe"
    assert john.username == "johndoe"
    assert (john.team, john.role) == ("paisapay", "inside_sales")
    assert john.email == "john@acme.com"
    assert john.emails == ("john@acme.com",)
    assert john.phones == ()
    assert john.reportees == ()
    assert john.active is True
    assert john.availability_status == "AVAILABLE"
    assert john.compute_utc_offset(NOW) == timedelta(hours=5, minutes=30)
    local = john.compute_local_time(NOW)
    assert local is not None
    assert f"{local:%H:%M}" == "17:30"
    assert john.created_at == datetime.fromisoformat("2021-09-16T18:34:58.108+05:30")


@pytest.mark.parametrize("name", ["fetch-user-v1", "update-user"])
def test_the_documented_user_v1_is_the_same_person(name: str) -> None:
    john = User.model_validate(read_example(f"{name}.response")["_data"])
    assert (john.name, john.email) == ("John Doe", "john@acme.com")
    assert john.role == "3ae1c371-9a3b-4c06-8090-42fea6c4df36"
    assert john.created_at == datetime(2021, 9, 16, 18, 34, 58, 108_000, tzinfo=UTC)


@pytest.mark.parametrize("name", ["list-users-v1", "list-users-v2"])
def test_the_documented_lists(name: str) -> None:
    (item,) = read_example(f"{name}.response")["_data"]
    assert User.model_validate(item).email == "john@acme.com"


@pytest.mark.parametrize(
    ("given_fields", "name"),
    [
        ({"displayName": "Johnny", "firstName": "John"}, "Johnny"),
        ({"displayName": "", "firstName": "John", "lastName": "Doe"}, "John Doe"),
        ({"firstName": "John", "middleName": "M.", "lastName": "Doe"}, "John M. Doe"),
        ({"lastName": " Doe "}, "Doe"),
        ({"displayName": "\u200b\u00a0", "username": "johndoe"}, "johndoe"),
        ({"primaryEmail": "john@acme.com"}, "john@acme.com"),
        ({"emails": [{"email": "john@acme.com"}]}, "john@acme.com"),
        ({"displayName": None, "firstName": 7, "lastName": {}}, "7"),
        ({}, "u1"),
        ({"displayName": "<!channel> & \u202eevil\u0000"}, "<!channel> & evil"),
        ({"displayName": "محمد"}, "محمد"),
        ({"displayName": "a\ud800b"}, "a\ufffdb"),
        ({"displayName": "two\nlines"}, "two lines"),
    ],
)
def test_a_user_always_has_a_name(given_fields: dict[str, object], name: str) -> None:
    assert parse_user(**given_fields).name == name


@pytest.mark.parametrize(
    ("primary", "listed", "emails"),
    [
        (None, None, ()),
        ("", [], ()),
        ("a@b.c", ["a@b.c", "d@e.f"], ("a@b.c", "d@e.f")),
        ({"email": "a@b.c"}, None, ("a@b.c",)),
        ({"normalizedEmail": "a@b.c", "email": ""}, None, ("a@b.c",)),
        (None, [{"email": "a@b.c"}, {}, None, 3.5], ("a@b.c",)),
        ([], {"x": {"email": "a@b.c"}}, ("a@b.c",)),
    ],
)
def test_addresses_in_every_shape(primary: object, listed: object, emails: tuple[str, ...]) -> None:
    assert parse_user(primaryEmail=primary, emails=listed).emails == emails


@pytest.mark.parametrize(
    ("primary", "listed", "phones"),
    [
        (None, None, ()),
        (None, ["919999999999"], ("919999999999",)),
        ("+91 99999-99999", ["919999999999"], ("919999999999",)),
        (919999999999, [], ("919999999999",)),
        ({"phone": "919999999999"}, None, ("919999999999",)),
        (None, [{"phoneNumber": "1 (555) 010-0000 ext 5"}, {"x": 1}], ("15550100000",)),
        ("n/a", ["12", "9" * 30, True, None], ()),
    ],
)
def test_phone_numbers_in_every_shape(
    primary: object, listed: object, phones: tuple[str, ...]
) -> None:
    assert parse_user(primaryPhone=primary, phones=listed).phones == phones


@pytest.mark.parametrize(
    ("written", "reportees"),
    [
        (None, ()),
        ([], ()),
        ([UUID, "jane"], (Reportee(id=UUID), Reportee(name="jane"))),
        ([{"id": "7", "firstName": "Jane"}], (Reportee(id="7", name="Jane"),)),
        ([{"username": "jane"}], (Reportee(name="jane"),)),
        ([None, "", {}, 5.5, []], ()),
    ],
)
def test_reportees_in_every_shape(written: object, reportees: tuple[Reportee, ...]) -> None:
    assert parse_user(reportees=written).reportees == reportees


@pytest.mark.parametrize(
    ("is_active", "is_deleted", "active"),
    [
        (True, False, True),
        (False, False, False),
        (True, True, False),
        (None, None, None),
        ("true", 0, True),
        ("perhaps", None, None),
    ],
)
def test_active_flag_may_be_true_false_or_missing(
    is_active: object, is_deleted: object, active: object
) -> None:
    assert parse_user(isActive=is_active, isDeleted=is_deleted).active is active


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (1631817298108, datetime(2021, 9, 16, 18, 34, 58, 108_000, tzinfo=UTC)),
        ("1631817298108", datetime(2021, 9, 16, 18, 34, 58, 108_000, tzinfo=UTC)),
        ("2021-09-16T18:34:58Z", datetime(2021, 9, 16, 18, 34, 58, tzinfo=UTC)),
        ("2021-09-16T18:34:58", datetime(2021, 9, 16, 18, 34, 58, tzinfo=UTC)),
        (0, None),
        (-5, None),
        (10**30, None),
        (float("nan"), None),
        ("²", None),
        ("yesterday", None),
        (True, None),
        (None, None),
    ],
)
def test_timestamps_in_every_shape(written: object, moment: datetime | None) -> None:
    assert parse_user(createdAt=written).created_at == moment


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("+0530", 5.5),
        ("+05:30", 5.5),
        ("-0330", -3.5),
        ("UTC+5", 5),
        ("gmt -08:00", -8),
        ("+1400", 14),
        ("Z", 0),
        ("utc", 0),
        ("Asia/Kolkata", 5.5),
        ("America/New_York", -4),
        ("+1430", None),
        ("+0560", None),
        ("0530", None),
        ("", None),
        (None, None),
        (330, None),
        ("Mars/Olympus", None),
        ("Asia", None),
        ("../../etc/passwd", None),
        ("A\x00b", None),
    ],
)
def test_time_zones_in_every_shape(written: object, hours: float | None) -> None:
    expected = None if hours is None else timedelta(hours=hours)
    assert parse_user(timezone=written).compute_utc_offset(NOW) == expected


def test_a_named_zone_follows_its_seasons() -> None:
    berlin = parse_user(timezone="Europe/Berlin")
    assert berlin.zone == ZoneInfo("Europe/Berlin")
    assert berlin.compute_utc_offset(NOW) == timedelta(hours=2)
    assert berlin.compute_utc_offset(NOW.replace(month=1)) == timedelta(hours=1)


@pytest.mark.parametrize("team", ["paisapay", {"shortId": "paisapay", "id": "7"}])
def test_references_in_every_shape(team: object) -> None:
    assert parse_user(team=team).team == "paisapay"


def test_models_are_frozen() -> None:
    with pytest.raises(ValidationError):
        parse_user().username = "x"


@pytest.mark.parametrize("without", [{}, {"id": ""}, {"id": None}, {"id": []}, {"id": "\x00"}])
def test_a_user_without_an_id_is_unreadable_and_the_field_is_named(without: object) -> None:
    envelope = parse_envelope(parse_answer({"_data": without}))
    with pytest.raises(InvalidResponse) as raised:
        envelope.parse_data(User)
    assert raised.value.field == "_data.id"
    assert raised.value.request_id
    with pytest.raises(InvalidResponse) as raised:
        parse_envelope(parse_answer({"_data": [{"id": "u1"}, without]})).parse_list(User)
    assert raised.value.field == "_data[1].id"


def test_validation_error_quotes_no_model_data() -> None:
    with pytest.raises(InvalidResponse) as raised:
        parse_envelope(parse_answer({"_data": {"primaryEmail": "john@acme.com"}})).parse_data(User)
    assert raised.value.__context__ is None
    assert "john" not in repr(vars(raised.value))


def test_changes_contain_only_changed_fields() -> None:
    assert UserChanges(first_name="John").to_body() == {"firstName": "John"}
    both = UserChanges.model_validate(read_example("update-user.request"))
    assert both.to_body() == {"firstName": "John", "lastName": "Doe"}
    assert UserChanges(last_name="").to_body() == {"lastName": ""}


def test_empty_and_unwritable_changes_are_rejected() -> None:
    with pytest.raises(ValueError, match="nothing would be changed"):
        UserChanges()
    with pytest.raises(ValueError, match="role"):
        UserChanges.model_validate({"firstName": "John", "role": "admin"})


@pytest.mark.parametrize(
    ("written", "expected"),
    [(UUID, True), (UUID.upper(), True), (UUID.replace("-", ""), False), ("x", False), ("", False)],
)
def test_ids_are_distinguished_from_names(written: str, expected: bool) -> None:
    assert is_uuid(written) is expected


def parse_answer(body: object) -> ChakraResponse:
    call = ChakraRequest("GET", "/v2/ext/user/{userId}", "/v2/ext/user/1")
    return ChakraResponse(call, 200, {}, json.dumps(body).encode())


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.text("0123456789+-:TZ.", max_size=30)
    | st.sampled_from(["+0530", "Asia/Kolkata", UUID, "2021-09-16T18:34:58.108+05:30"]),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "email", "phone", "shortId", "name", "firstName", "username"]),
            children,
            max_size=4,
        )
    ),
    max_leaves=8,
)
FIELDS = [
    *(info.alias for info in User.model_fields.values() if info.alias),
    *("emails", "phones", "listedEmails"),
]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_any_object_parses_as_a_user_or_raises_one_error(body: dict[str, object]) -> None:
    envelope = parse_envelope(parse_answer({"_data": body}))
    if not fields.to_text(body.get("id")):
        with pytest.raises(InvalidResponse):
            envelope.parse_data(User)
        return
    read_user = envelope.parse_data(User)
    assert read_user.name
    assert all(number.isdigit() for number in read_user.phones)
    assert read_user.compute_utc_offset(NOW) is None or read_user.compute_local_time(NOW) == NOW
    assert User.model_validate(read_user.model_dump(by_alias=True)) == read_user
    assert User(**dict(read_user)) == read_user
    assert isinstance(hash(read_user), int)
    repr(read_user).encode()


@settings(deadline=None)
@given(st.text())
@also("Asia/" + "x" * 50)
@also("Etc")
def test_any_text_parses_as_a_time_zone_or_none(written: str) -> None:
    found = fields.parse_timezone(written)
    if found is not None:
        offset = NOW.astimezone(found).utcoffset()
        assert offset is not None
        assert abs(offset) <= timedelta(hours=14)


@settings(deadline=None)
@given(st.integers(-14 * 60, 14 * 60), st.sampled_from(["", ":"]))
def test_every_real_world_offset_is_parsed(minutes: int, colon: str) -> None:
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    zone = fields.parse_timezone(f"{sign}{hours:02}{colon}{rest:02}")
    assert zone is not None
    assert zone.utcoffset(None) == timedelta(minutes=minutes)
