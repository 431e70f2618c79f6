"""Slack's limits: exceeded, just met, and junk."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.slack.limits import (
    BOUNDS,
    RULES,
    check_message,
    check_options_response,
    check_response_body,
    check_view,
    check_view_response,
    choose_error_code,
)
from tests.sandbox.limit_examples import VALID_PAYLOADS, VIOLATIONS, WARNINGS, Check
from tests.sandbox.limit_payloads import Json, actions, button, message, section, text, view


def test_every_rule_has_an_example_and_a_source() -> None:
    assert set(VIOLATIONS) == {name for name, rule in RULES.items() if rule.level == "error"}
    assert set(WARNINGS) == {name for name, rule in RULES.items() if rule.level == "warn"}
    assert all(rule.source for rule in RULES.values())
    assert {bounds.rule for bounds in BOUNDS.values()} <= set(RULES)


@pytest.mark.parametrize(
    ("rule", "check", "payload"),
    [(rule, *example) for rule, examples in VIOLATIONS.items() for example in examples],
)
def test_payload_over_the_limit_is_rejected(rule: str, check: Check, payload: Any) -> None:
    findings = check(payload)
    found = [finding for finding in findings if finding.rule == rule]
    assert found
    assert found[0].is_error
    assert str(found[0]).startswith("[ERROR] ")
    assert choose_error_code(findings, "message")


@pytest.mark.parametrize("rule", list(WARNINGS))
def test_doubtful_payload_is_accepted_with_a_warning(rule: str) -> None:
    check, payload = WARNINGS[rule]
    findings = check(payload)
    assert rule in {finding.rule for finding in findings}
    assert choose_error_code(findings, "message") == ""


@pytest.mark.parametrize(("check", "payload"), VALID_PAYLOADS)
def test_payload_at_the_limit_is_accepted(check: Check, payload: Any) -> None:
    assert [finding for finding in check(payload) if finding.is_error] == []


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "no_text"),
        ({"attachments": [{}] * 101}, "too_many_attachments"),
        (message({"type": "table", "rows": []}), "invalid_blocks"),
        (message(*[section("x" * 3_000)] * 5), "msg_blocks_too_long"),
        (message(section("")), "invalid_blocks"),
    ],
)
def test_error_code_is_slacks_own(payload: Json, code: str) -> None:
    assert choose_error_code(check_message(payload), "message") == code


def test_views_have_their_own_codes() -> None:
    assert choose_error_code(check_view(view(title=text("x" * 25))), "modal") == "invalid_arguments"
    assert (
        choose_error_code(check_view(view(*[section("x" * 3_000)] * 90)), "modal")
        == "view_too_large"
    )


def test_finding_points_at_its_path() -> None:
    finding = check_message(message(section(), actions(button(text=text("x" * 76)))))[0]
    assert str(finding) == (
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]"
    )


WORDS = st.sampled_from(
    [*(name.split(".")[0] for name in RULES), "plain_text", "mrkdwn", "static_select", "modal", ""]
)
KEYS = st.sampled_from(
    [
        "type",
        "text",
        "blocks",
        "elements",
        "element",
        "accessory",
        "options",
        "option_groups",
        "value",
        "label",
        "title",
        "fields",
        "block_id",
        "action_id",
        "chart",
        "series",
        "data",
        "segments",
        "axis_config",
        "categories",
        "confirm",
        "placeholder",
        "initial_option",
        "attachments",
        "view",
        "errors",
        "response_action",
        "response_type",
        "submit",
        "close",
        "image_url",
        "alt_text",
        "caption",
        "rows",
        "page_size",
    ]
)
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, JUNK, max_size=6), JUNK)
def test_junk_never_breaks_a_check(payload: Json, other: Any) -> None:
    for findings in (
        check_message(payload),
        check_response_body(payload),
        check_view(other),
        check_options_response(other),
        check_view_response(payload, payload),
    ):
        assert all(finding.rule in RULES for finding in findings)
