"""The configuration: names for ids, procedures, and what a process of each may hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chakra.attributes import Attribute
from bot.chakra.config import ChakraRole, Config, ConfigApi
from bot.chakra.models import User
from tests.chakra.upstream import Upstream, read_example, reply
from tests.clock import ManualClock

LEAD = {"id": "p1", "shortId": "lead", "name": "Lead"}
TICKET = {"id": "p2", "shortId": "ticket", "name": "Ticket"}


def build_config(
    *attributes: object, procedures: Sequence[object] = (LEAD, TICKET), **more: object
) -> Config:
    body = {"procedures": list(procedures), "attributes": list(attributes), **more}
    return Config.model_validate(body)


def build_attribute(short_id: str, **more: object) -> dict[str, object]:
    return {"id": f"a-{short_id}", "shortId": short_id, "name": short_id.title(), **more}


def list_short_ids(found: tuple[Attribute, ...]) -> list[str]:
    return [attribute.short_id for attribute in found]


async def test_config_is_fetched_from_its_endpoint() -> None:
    upstream = Upstream([reply(200, read_example("fetch-config.response"))])
    async with upstream.open_http(ManualClock()) as http:
        found = await ConfigApi(http).fetch()
    assert [request.url.path for request in upstream.requests] == ["/v1/ext/config"]
    lead = found.find_procedure("lead")
    assert lead is not None
    assert (lead.name, found.find_procedure(lead.id)) == ("Lead", lead)
    assert found.find_procedure("ticket") is None
    assert found.list_attributes("lead") == ()
    assert found.find_primary_key("lead") is None


def test_documented_config_resolves_v1_ids_to_names() -> None:
    found = Config.model_validate(read_example("fetch-config.response")["_data"])
    john = User.model_validate(read_example("fetch-user-v1.response")["_data"])
    assert found.find_role_name(john.role) == "Inside Sales"
    assert found.find_team_name(john.team) == "PaisaPay"
    assert found.find_role_name("inside_sales") == "Inside Sales"
    assert found.find_role_name("unheard_of") == "unheard_of"
    assert found.find_team_name("") == ""


@pytest.mark.parametrize(
    ("body", "roles"),
    [
        ({}, ()),
        ({"roles": None, "team": None}, ()),
        ({"roles": "x", "team": "y"}, ()),
        ({"roles": [None, 3, {"name": "Sales"}], "team": []}, (ChakraRole(name="Sales"),)),
        ({"roles": {"a": {"shortId": "s"}}, "team": [{"id": "t"}]}, (ChakraRole(short_id="s"),)),
    ],
)
def test_config_accepts_alternative_shapes(body: object, roles: tuple[ChakraRole, ...]) -> None:
    assert Config.model_validate(body).roles == roles


def test_role_without_a_name_falls_back_to_its_short_id() -> None:
    assert (
        Config.model_validate({"roles": [{"id": "1", "shortId": "s"}]}).find_role_name("1") == "s"
    )


@pytest.mark.parametrize(
    "tie",
    [
        {"procedure": "p2"},
        {"procedure": "ticket"},
        {"procedure": {"id": "p2"}},
        {"procedureId": "p2"},
        {"procedures": ["p2", "p3"]},
        {"procedures": [{"id": "p2", "shortId": "ticket"}]},
    ],
)
def test_attribute_of_another_procedure_is_excluded(tie: dict[str, object]) -> None:
    found = build_config(build_attribute("city"), build_attribute("severity", **tie))
    assert list_short_ids(found.list_attributes("lead")) == ["city"]
    assert list_short_ids(found.list_attributes("p2")) == ["city", "severity"]


@pytest.mark.parametrize("listed", [["a-city"], ["city"], [{"id": "a-city"}], {"1": "city"}])
def test_a_procedure_may_list_its_attributes_itself(listed: object) -> None:
    lead = {**LEAD, "attributes": listed}
    both = (
        build_attribute("city"),
        build_attribute("severity"),
        build_attribute("tied", procedure="p1"),
    )
    assert list_short_ids(build_config(*both, procedures=[lead]).list_attributes("lead")) == [
        "city",
        "tied",
    ]


def test_attribute_and_procedure_are_linked_by_entity() -> None:
    found = build_config(
        build_attribute("email", entity="e1"),
        build_attribute("plate", entity="e2"),
        procedures=[{**LEAD, "entity": "e1"}, TICKET],
    )
    assert list_short_ids(found.list_attributes("lead")) == ["email"]
    assert list_short_ids(found.list_attributes("ticket")) == ["email", "plate"]  # it does not say


def test_unlinked_procedure_gets_all_attributes() -> None:
    every = ["city", "severity"]
    plain = build_config(build_attribute("city"), build_attribute("severity"))
    assert list_short_ids(plain.list_attributes("lead")) == every
    assert list_short_ids(plain.list_attributes("unheard_of")) == every
    elsewhere = build_config(
        build_attribute("city", procedure="x"), build_attribute("severity", procedure="y")
    )
    assert list_short_ids(elsewhere.list_attributes("lead")) == every


def test_attributes_are_unique_and_writable() -> None:
    found = build_config(
        build_attribute("city", name="City"),
        build_attribute("city", name="Another"),
        build_attribute("old", isDeleted=True),
        {"id": "a9", "name": "No short id"},
        None,
        "x",
    )
    assert [attribute.name for attribute in found.list_attributes("lead")] == ["City"]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"type": "TEXT"}, "TEXT"),
        ({"attributeType": "t1"}, "phone"),
        ({"attributeType": {"id": "t1"}}, "phone"),
        ({"attributeTypeId": "t2"}, "Yes or no"),
        ({"attributeType": "t9"}, "t9"),
        ({}, ""),
    ],
)
def test_attribute_type_is_resolved(raw: dict[str, object], kind: str) -> None:
    types = [{"id": "t1", "shortId": "phone", "name": "Phone"}, {"id": "t2", "name": "Yes or no"}]
    (found,) = build_config(build_attribute("x", **raw), attributeTypes=types).list_attributes(
        "lead"
    )
    assert found.type == kind


@pytest.mark.parametrize(
    ("raw", "required"),
    [
        ({"isRequired": True}, True),
        ({"mandatory": "false"}, False),
        ({"required": None}, None),
        ({"required": {"when": "always"}}, None),
        ({}, None),
    ],
)
def test_required_flag_is_read(raw: dict[str, object], required: bool | None) -> None:
    (found,) = build_config(build_attribute("x", **raw)).list_attributes("lead")
    assert found.required is required


@pytest.mark.parametrize("key", ["a-code", "code", {"shortId": "code"}])
def test_primary_key_comes_from_the_procedure(key: object) -> None:
    both = (build_attribute("city", isPrimaryKey=True), build_attribute("code"))
    found = build_config(*both, procedures=[{**LEAD, "primaryKey": key}]).find_primary_key("lead")
    assert found is not None
    assert found.short_id == "code"


def test_primary_key_falls_back_to_the_marked_attribute() -> None:
    one = build_config(
        build_attribute("city"), build_attribute("code", isPrimaryKey=True)
    ).find_primary_key("lead")
    assert one is not None
    assert one.short_id == "code"
    two = build_config(build_attribute("a", isPrimary=True), build_attribute("b", isPrimary=True))
    assert two.find_primary_key("lead") is None


ODD_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("id", "shortId", "name", "procedure", "procedures", "entity", "attributes"),
                    *("type", "attributeType", "primaryKey", "isRequired", "required"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(ODD_JSON, ODD_JSON, ODD_JSON)
def test_any_json_value_parses_as_a_config(one: object, two: object, three: object) -> None:
    body = {"team": one, "roles": two, "procedures": one, "attributes": two}
    found = Config.model_validate({**body, "attributeTypes": three})
    assert isinstance(found.find_role_name("x"), str)
    assert isinstance(found.find_team_name("x"), str)
    for procedure in found.procedures:
        keys = list_short_ids(found.list_attributes(procedure.id))
        assert len(set(keys)) == len(keys)
        found.find_primary_key(procedure.short_id)
    assert Config.model_validate(found.model_dump(by_alias=True)) == found
