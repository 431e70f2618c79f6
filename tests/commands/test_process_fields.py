"""Stories of a record's form: known values, lists, times, long texts, and more fields than fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.sandbox.chakra.faults import StatusResponse
from bot.sandbox.slack import collect_text
from tests.people import JOHN
from tests.shared_world import shared_world
from tests.world import World

ROOT = "/v1/ext/procedure/{procedureShortId}/process"
FETCH, PUT = f"GET {ROOT}/{{processId}}", f"PUT {ROOT}/{{processId}}"
CONFIG = "GET /v1/ext/config"
ID = "e2233b54-689b-539b-a231-70eec846d130"


def build_attribute(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"id": f"a-{name}", "shortId": name, "name": name.title(), "type": kind, **more}


ATTRIBUTES = [
    build_attribute("lead_id", "text"),
    build_attribute("tier", "text", options=["gold", {"value": "silver", "label": "Silver"}]),
    build_attribute("country", "text", options=[f"C{number}" for number in range(150)]),
    build_attribute("tags", "multi_select", options=["hot", "vip", "new"]),
    build_attribute("notes", "multi_text"),
    build_attribute("vip", "boolean"),
    build_attribute("born", "date"),
    build_attribute("due", "datetime"),
    build_attribute("due_ms", "datetime"),
    build_attribute("score", "number"),
    build_attribute("bio", "text"),
    build_attribute("place", "external_object"),
    build_attribute("must", "text", required=True),
]
DATA: dict[str, Any] = {
    "lead_id": "LEAD-004038", "tier": "gold", "country": "C7", "tags": ["hot"],
    "notes": ["first", "second"], "vip": True, "born": "1990-02-03",
    "due": "2026-05-01T04:00:00+00:00", "due_ms": 1777608000000, "score": 72.5,
    "bio": "line one\nline two", "place": {"zip": "0150"}, "raw_key": "raw value", "must": "x",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _assert_no_slack_rejections(acme: World) -> Iterator[None]:
    yield
    assert acme.slack.rejections == []


async def open_form(
    acme: World, attributes: list[dict[str, Any]], data: dict[str, Any]
) -> dict[str, Any]:
    """Open the edit form of a record with these fields; return its view."""
    config = {"procedures": [{"id": "p", "shortId": "lead", "name": "Lead"}],
              "attributes": attributes}  # fmt: skip
    process = {"id": ID, "state": "NEW", "status": "ON_HOLD", "assignedTo": "johndoe", "data": data}
    acme.chakra.fail(CONFIG, StatusResponse(200, json={"_data": config}))
    acme.chakra.fail(FETCH, StatusResponse(200, json={"_data": process}))
    acme.chakra.fail(PUT, StatusResponse(200, json={}))
    await acme.type(f"/chakra lead {ID}")
    await acme.press("process.edit")
    return dict(acme.slack.find_view(JOHN) or {})


def get_written(acme: World) -> dict[str, Any]:
    [request] = [request for request in acme.chakra.requests if request.method == "PUT"]
    return dict(request.json)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"field_tier": "silver"}, {"tier": "silver"}),
        ({"field_country": "c12"}, {"country": "C12"}),
        ({"field_tags": ["hot", "vip"]}, {"tags": ["hot", "vip"]}),
        ({"field_notes": "first\nthird"}, {"notes": ["first", "third"]}),
        ({"field_vip": "false"}, {"vip": False}),
        ({"field_born": "1990-02-04"}, {"born": "1990-02-04"}),
        ({"field_due": "2026-05-01 10:00"}, {"due": "2026-05-01T10:00:00+05:30"}),
        ({"field_due_ms": "2026-05-01 10:00"}, {"due_ms": 1777609800000}),
        ({"field_score": "73"}, {"score": 73}),
        ({"field_bio": "line one\nline 2"}, {"bio": "line one\nline 2"}),
        ({"field_raw_key": "other"}, {"raw_key": "other"}),
    ],
)
async def test_changed_field_alone_is_written_in_its_type(
    acme: World, values: dict[str, Any], expected: dict[str, Any]
) -> None:
    await open_form(acme, ATTRIBUTES, DATA)
    assert not await acme.submit(values)
    assert not await acme.submit({})
    assert get_written(acme) == {"data": expected}


@shared_world
@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"field_country": "C1500"}, "Did you mean C1"),
        ({"field_due": "soon"}, "2026-05-31 09:30"),
        ({"field_born": "3.2.1990"}, "2026-05-31"),
        ({"field_born": "2026-02-31"}, "2026-05-31"),
        ({"field_score": "many"}, "is a number"),
    ],
)
async def test_wrong_type_is_named_under_its_field(
    acme: World, values: dict[str, str], sentence: str
) -> None:
    await open_form(acme, ATTRIBUTES, DATA)
    assert sentence in str(await acme.submit(values))


@shared_world
async def test_unchanged_form_writes_nothing_and_locked_fields_are_named(acme: World) -> None:
    view = await open_form(acme, ATTRIBUTES, DATA)
    assert "Can only be changed in Chakra: Place" in collect_text(view)
    await acme.submit({})
    assert not [request for request in acme.chakra.requests if request.method == "PUT"]


async def test_more_fields_than_fit_are_reached_by_a_menu(acme: World) -> None:
    many = [build_attribute(f"f{number:03}", "text") for number in range(150)]
    view = await open_form(acme, many, {"f149": "last"})
    assert "field_f000" in json.dumps(view)
    assert "field_f149" not in json.dumps(view)
    await acme.press("process.fields", value="120")
    assert "field_f149" in json.dumps(acme.slack.find_view(JOHN))
    assert not await acme.submit({"field_f149": "changed"})
    assert not await acme.submit({})
    assert get_written(acme) == {"data": {"f149": "changed"}}


async def test_long_text_is_written_whole(acme: World) -> None:
    text = "word " * 590
    await open_form(acme, [build_attribute("bio", "text")], {"bio": "short"})
    assert not await acme.submit({"field_bio": text})
    assert not await acme.submit({})
    assert get_written(acme)["data"]["bio"].strip() == text.strip()


async def test_text_longer_than_an_input_is_not_cut(acme: World) -> None:
    view = await open_form(acme, [build_attribute("bio", "text")], {"bio": "x" * 3_500, "b": "y"})
    assert "Can only be changed in Chakra: Bio" in collect_text(view)
    await acme.submit({"field_b": "z"})
    await acme.submit({})
    assert get_written(acme) == {"data": {"b": "z"}}


@shared_world
async def test_new_record_needs_its_required_fields(acme: World) -> None:
    config = {"procedures": [{"id": "p", "shortId": "lead", "name": "Lead"}],
              "attributes": ATTRIBUTES}  # fmt: skip
    acme.chakra.fail(CONFIG, StatusResponse(200, json={"_data": config}))
    await acme.type("/chakra process create lead")
    errors = await acme.submit({"field_bio": "someone"})
    assert "every record needs it" in errors["field_must"]


async def test_unset_menus_and_lists_are_left_alone(acme: World) -> None:
    await open_form(acme, ATTRIBUTES, {"lead_id": "LEAD-004038", "bio": "a"})
    assert not await acme.submit({"field_bio": "b"})
    assert not await acme.submit({})
    assert get_written(acme) == {"data": {"bio": "b"}}
