"""The embedded Chakra over HTTP: the documented bodies, the team, updates and errors."""

from __future__ import annotations

import re
import struct
from collections.abc import AsyncIterator
from typing import Any

import phonenumbers
import pytest

from bot.sandbox.chakra import EmbeddedChakra
from bot.sandbox.chakra.pictures import HAIR, IMAGE_SIZE_PX, render_picture
from tests.clock import ManualClock
from tests.sandbox.chakra_client import (
    JOHN,
    UNKNOWN_ID,
    ApiClient,
    open_client,
    read_doc,
    serve_chakra,
)

LISTED_V1 = set(read_doc("list-users-v1.response")["_data"][0])
FETCHED_V1 = set(read_doc("fetch-user-v1.response")["_data"])
V2 = set(read_doc("fetch-user-v2.response")["_data"])
ENDPOINTS = (
    ("GET", "/v1/health"),
    ("GET", "/v1/ext/users"),
    ("GET", "/v2/ext/users"),
    ("GET", f"/v1/ext/user/{JOHN}"),
    ("GET", f"/v2/ext/user/{JOHN}"),
    ("PUT", f"/v1/ext/user/{JOHN}"),
    ("GET", "/v1/ext/config"),
)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def chakra(clock: ManualClock) -> AsyncIterator[EmbeddedChakra]:
    async with serve_chakra(clock) as chakra:
        yield chakra


@pytest.fixture
async def client(chakra: EmbeddedChakra) -> AsyncIterator[ApiClient]:
    async with open_client(chakra) as client:
        yield client


def find_user(users: list[dict[str, Any]], user_id: str) -> dict[str, Any]:
    (user,) = (user for user in users if user["id"] == user_id)
    return user


async def test_john_doe_is_fetched_exactly_as_documented(client: ApiClient) -> None:
    for version in (1, 2):
        heard = await client.get(f"/v{version}/ext/user/{JOHN}")
        assert heard.status == 200
        assert heard.json == read_doc(f"fetch-user-v{version}.response")


async def test_john_doe_is_listed_exactly_as_documented(client: ApiClient) -> None:
    for version in (1, 2):
        heard = await client.get(f"/v{version}/ext/users")
        documented = read_doc(f"list-users-v{version}.response")["_data"]
        assert [find_user(heard.json["_data"], JOHN)] == documented
        assert set(heard.json) == {"_data"}


async def test_the_health_probe_answers_in_the_envelope(client: ApiClient) -> None:
    heard = await client.get("/v1/health")
    assert (heard.status, set(heard.json)) == (200, {"_data"})


async def test_config_has_the_documented_keys_and_contents(client: ApiClient) -> None:
    config = (await client.get("/v1/ext/config")).json["_data"]
    documented = read_doc("fetch-config.response")["_data"]
    assert set(config) == set(documented)
    assert config["team"] == documented["team"]
    assert config["procedures"] == documented["procedures"]
    assert documented["roles"][0] in config["roles"]


async def test_config_lists_lead_attributes(client: ApiClient) -> None:
    config = (await client.get("/v1/ext/config")).json["_data"]
    short_ids = {attribute["shortId"] for attribute in config["attributes"]}
    leads = (await client.request("POST", "/v1/ext/procedure/lead/process/list", json={})).json
    for lead in leads["_data"]:
        assert {*lead["data"], *lead["record"]["data"]} <= short_ids
    of_leads = [attribute for attribute in config["attributes"] if "taskType" not in attribute]
    assert {attribute["procedure"] for attribute in of_leads} == {config["procedures"][0]["id"]}
    of_tasks = {
        attribute["taskType"] for attribute in config["attributes"] if "taskType" in attribute
    }
    assert of_tasks == {task_type["id"] for task_type in config["taskTypes"]}
    types = {attribute["attributeType"] for attribute in config["attributes"]}
    assert types == {attribute["id"] for attribute in config["attributeTypes"]}


async def test_config_names_every_assigned_role(client: ApiClient) -> None:
    config = (await client.get("/v1/ext/config")).json["_data"]
    short_ids = {role["id"]: role["shortId"] for role in config["roles"]}
    listed = (await client.get("/v1/ext/users")).json["_data"]
    humanized = (await client.get("/v2/ext/users")).json["_data"]
    assert [short_ids[user["role"]] for user in listed] == [user["role"] for user in humanized]
    assert {user["role"] for user in humanized} == set(short_ids.values())
    assert {user["team"] for user in listed} == {config["team"]["id"]}


async def test_every_person_has_exactly_the_documented_fields(client: ApiClient) -> None:
    listed = (await client.get("/v1/ext/users")).json["_data"]
    humanized = (await client.get("/v2/ext/users")).json["_data"]
    assert len(LISTED_V1) == 25
    assert {frozenset(user) for user in listed} == {frozenset(LISTED_V1)}
    assert {frozenset(user) for user in humanized} == {frozenset(V2)}
    email = set(read_doc("fetch-user-v2.response")["_data"]["emails"][0])
    assert {frozenset(email) for user in humanized for email in user["emails"]} == {
        frozenset(email)
    }


async def test_every_person_is_fetched_as_listed(client: ApiClient) -> None:
    listed = (await client.get("/v1/ext/users")).json["_data"]
    humanized = (await client.get("/v2/ext/users")).json["_data"]
    for old, new in zip(listed, humanized, strict=True):
        fetched = (await client.get(f"/v1/ext/user/{old['id']}")).json["_data"]
        assert set(fetched) == FETCHED_V1
        assert {key: fetched[key] for key in LISTED_V1} == old
        assert (await client.get(f"/v2/ext/user/{old['id']}")).json["_data"] == new


async def test_primary_fields_are_objects_in_v1_and_scalars_in_v2(client: ApiClient) -> None:
    listed = (await client.get("/v1/ext/users")).json["_data"]
    humanized = (await client.get("/v2/ext/users")).json["_data"]
    for old, new in zip(listed, humanized, strict=True):
        assert (old["primaryEmail"] or {}).get("email") == new["primaryEmail"]
        phone = old["primaryPhone"]
        assert new["primaryPhone"] == (phone["phone"] if isinstance(phone, dict) else phone)
    assert {type(user["primaryPhone"]) for user in listed} == {dict, str, type(None)}


def test_team_includes_edge_cases(chakra: EmbeddedChakra) -> None:
    people = chakra.users
    names = [f"{person.first_name} {person.last_name}".strip() for person in people]
    assert 35 <= len(people) <= 50
    assert names.count("Maria Garcia") == 2
    assert sum(person.first_name.startswith("John") for person in people) == 2
    assert "" in names
    assert {"Ana <!channel> & Sons", "Siobhán O'Brien", "Mei Tanaka", "Omar Haddad"} <= set(names)
    assert any(re.search("[\u0590-\u06ff]", name) for name in names)
    assert any("🌻" in name for name in names)
    assert max(map(len, names)) > 100
    assert {person.availability_status for person in people} == {"AVAILABLE", "AWAY", "BUSY", ""}
    assert {"+0530", "-0300", "+0000", "+0545", "Asia/Kolkata", ""} <= {p.timezone for p in people}
    assert any(not person.is_active and not person.is_deleted for person in people)
    assert sum(person.is_deleted for person in people) == 1
    assert any(person.emails and person.primary_email is None for person in people)
    assert any(person.display_name for person in people)


def test_lena_has_no_account(chakra: EmbeddedChakra) -> None:
    with pytest.raises(KeyError):
        chakra.find_user("lena@acme.com")


def test_ids_usernames_and_emails_are_unique(chakra: EmbeddedChakra) -> None:
    people = chakra.users
    addresses = [email.address.lower() for person in people for email in person.emails]
    for keys in (
        [person.id for person in people],
        [person.username for person in people],
        addresses,
    ):
        assert len(keys) == len(set(keys))


def test_reportees_exist_and_exclude_the_manager(chakra: EmbeddedChakra) -> None:
    ids = {user.id for user in chakra.users}
    assert all(set(user.reportees) <= ids - {user.id} for user in chakra.users)
    assert JOHN in chakra.find_user("priya@acme.com").reportees


def test_phone_numbers_are_valid_digits(chakra: EmbeddedChakra) -> None:
    numbers = [phone.number for user in chakra.users for phone in user.phones]
    assert len(numbers) == len(set(numbers)) > 10
    for number in numbers:
        assert number.isdecimal()
        assert phonenumbers.is_valid_number(phonenumbers.parse(f"+{number}"))


async def test_user_can_be_partially_updated(
    chakra: EmbeddedChakra, client: ApiClient, clock: ManualClock
) -> None:
    await clock.advance(5.25)
    heard = await client.request(
        "PUT", f"/v1/ext/user/{JOHN}", json={"firstName": "Jon", "bio": "Hi"}
    )
    expected = read_doc("update-user.response")["_data"]
    expected |= {"firstName": "Jon", "bio": "Hi", "updatedAt": int(clock.time() * 1000)}
    assert (heard.status, heard.json) == (200, {"_data": expected})
    assert chakra.find_user(JOHN).first_name == "Jon"
    listed = (await client.get("/v2/ext/users")).json["_data"]
    assert find_user(listed, JOHN)["firstName"] == "Jon"


async def test_documented_update_is_accepted(client: ApiClient) -> None:
    sent = read_doc("update-user.request")
    heard = await client.request("PUT", f"/v1/ext/user/{JOHN}", json=sent)
    assert heard.status == 200
    assert set(heard.json["_data"]) == FETCHED_V1


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"json": {"nickname": "J"}}, "nickname cannot be updated"),
        ({"json": {"firstName": "Jon", "role": "admin"}}, "role cannot be updated"),
        ({"json": {"id": UNKNOWN_ID}}, "id cannot be updated"),
        ({"json": {"isActive": False}}, "isActive cannot be updated"),
        ({"json": {"firstName": None}}, "firstName is not a string"),
        ({"json": {"firstName": ["Jon"]}}, "firstName is not a string"),
        ({"json": []}, "the body is not an object"),
        ({"data": b"firstName=Jon"}, "the body is not JSON"),
        ({"data": b"\xff\xfe{}"}, "the body is not JSON"),
        ({}, "the body is not JSON"),
    ],
)
async def test_invalid_update_is_rejected_and_changes_nothing(
    chakra: EmbeddedChakra, client: ApiClient, body: dict[str, Any], complaint: str
) -> None:
    before = chakra.users
    heard = await client.request("PUT", f"/v1/ext/user/{JOHN}", **body)
    assert (heard.status, heard.json) == (400, {"_errors": [complaint]})
    assert chakra.users == before


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize("token", ["", "wrong", "sandbox-"])
async def test_missing_or_wrong_token_is_rejected_everywhere(
    chakra: EmbeddedChakra, client: ApiClient, method: str, path: str, token: str
) -> None:
    before = chakra.users
    heard = await client.request(method, path, token=token, json={"firstName": "Jon"})
    assert (heard.status, heard.json) == (401, read_doc("error.chakra"))
    assert chakra.users == before


@pytest.mark.parametrize("version", [1, 2])
async def test_unknown_and_malformed_ids(client: ApiClient, version: int) -> None:
    unknown = await client.get(f"/v{version}/ext/user/{UNKNOWN_ID}")
    assert (unknown.status, list(unknown.json)) == (404, ["_errors"])
    for sort in ("johndoe", "john@acme.com", JOHN.replace("-", ""), f"{{{JOHN}}}", "%F0%9F%8C%BB"):
        heard = await client.get(f"/v{version}/ext/user/{sort}")
        assert (heard.status, list(heard.json)) == (400, ["_errors"])


async def test_unknown_paths_and_methods_are_rejected_in_the_envelope(client: ApiClient) -> None:
    for path in ("/", "/v1/users", "/v1/ext/users/", "/v3/ext/users", "/v1/ext/user/a/b"):
        heard = await client.get(path)
        assert (heard.status, list(heard.json)) == (404, ["_errors"])
    heard = await client.request("POST", "/v1/ext/users")
    assert (heard.status, list(heard.json)) == (405, ["_errors"])
    assert "GET" in heard.headers["allow"]


async def test_pictures_are_images_that_need_no_token(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    listed = (await client.get("/v1/ext/users")).json["_data"]
    urls = {user["id"]: user["profileImageUrl"] for user in listed}
    assert urls[JOHN] == ""
    present = [url for url in urls.values() if url]
    assert len(urls) * 0.8 < len(present) < len(urls)
    for url in present:
        assert url.startswith(f"{chakra.base_url}/media/")
        heard = await client.get(url.removeprefix(chakra.base_url), token="")
        assert (heard.status, heard.headers["content-type"]) == (200, "image/png")
    assert (await client.get(f"/media/avatars/{JOHN}.png")).status == 404


def test_picture_is_a_valid_stable_png() -> None:
    for hair in HAIR:
        picture = render_picture(hair, 7)
        assert picture[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", picture[16:24]) == (IMAGE_SIZE_PX, IMAGE_SIZE_PX)
        assert picture.endswith(b"IEND\xaeB`\x82")
        assert picture == render_picture(hair, 7) != render_picture(hair, 8)


async def test_users_can_be_added_changed_and_removed(
    chakra: EmbeddedChakra, client: ApiClient
) -> None:
    nova = chakra.add_user(firstName="Nova", role="astronaut", primary_email="nova@acme.com")
    url = f"/v2/ext/user/{nova.id}"
    profile = (await client.get(url)).json["_data"]
    assert (profile["firstName"], profile["role"]) == ("Nova", "astronaut")
    assert profile["primaryEmail"] == profile["emails"][0]["email"] == "nova@acme.com"
    chakra.update_user("nova@acme.com", availability_status="", phones=["61491570110"])
    profile = (await client.get(url)).json["_data"]
    assert (profile["availabilityStatus"], profile["primaryPhone"]) == ("", "61491570110")
    chakra.delete_user(nova.id)
    assert (await client.get(url)).status == 404
    with pytest.raises(KeyError):
        chakra.find_user(nova.id)


def test_two_embedded_chakras_share_nothing(clock: ManualClock) -> None:
    one, other = EmbeddedChakra(clock), EmbeddedChakra(clock)
    one.update_user(JOHN, first_name="Jon")
    assert other.find_user(JOHN).first_name == "John"
    assert one.access_token != other.access_token
