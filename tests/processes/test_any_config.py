"""Any JSON in the place of Config: its entries are listed, and records of its types are shown."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chakra.config import Config
from bot.chakra.process import Process
from bot.processes import editor
from bot.processes.card import render_record_card
from bot.processes.directory import Record
from bot.processes.photo_fields import list_photo_ids
from bot.processes.search import _build_type
from bot.sandbox.slack.limits import check_response_body, check_view
from bot.slack.commands.reply import build_response_body
from commands.config import list_entries

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=300) | st.sampled_from(["a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "shortId", "name", "type", "attributeType", "procedure", "primaryKey",
                 "isRequired", "isDeleted", "attributes", "entities"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)  # fmt: skip
NAMED = st.fixed_dictionaries(
    {"id": st.sampled_from(["1", "2"]), "shortId": st.text(max_size=300), "name": ANY_JSON},
    optional={"attributeType": st.sampled_from(["photo", "number", "p1"]), "isDeleted": ANY_JSON},
)
LISTED = st.lists(NAMED, max_size=4) | ANY_JSON
CONFIG = st.dictionaries(
    st.sampled_from(
        ["team", "entities", "procedures", "attributeTypes", "attributes", "roles", "pods",
         "taskTypes", "stateTasks", "forms"]
    ),
    LISTED,
    max_size=8,
)  # fmt: skip


@settings(deadline=None)
@given(CONFIG, ANY_JSON)
def test_any_configuration_is_listed_and_used(body: dict[str, Any], value: object) -> None:
    config = Config.model_validate(body)
    assert all(entry.kind and entry.label for entry in list_entries(config))
    names = [procedure.short_id for procedure in config.procedures] or ["lead"]
    for name in names:
        record_type = _build_type(config, name, name or "Record", ())
        data = {known.name: value for known in record_type.attributes}
        process = Process.model_validate({"id": "1", "data": data})
        record = Record(name, "K-1", process)
        card = render_record_card(record, record_type, may_send=True, may_edit=True, note="")
        assert check_response_body(build_response_body(card)) == []
        view = editor.render_record_form(record_type, process, callback=editor.SUBMIT)
        assert check_view(view) == []


@given(ANY_JSON)
def test_photo_field_of_any_value_has_ids_or_none(value: object) -> None:
    assert all(list_photo_ids(value))
