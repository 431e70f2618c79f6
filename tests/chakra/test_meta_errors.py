"""Meta's codes: found in every shape, each owned by one class."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.meta import (
    ERROR_CLASS_BY_CODE,
    MetaError,
    error_for_meta_code,
    error_from_status,
    find_meta_error,
    map_error_classes,
)
from bot.chakra.meta_errors import (
    AccountBlocked,
    AccountRateLimited,
    CountryRestricted,
    FlowRateLimited,
    MarketingCapped,
    MarketingExperiment,
    MediaRejected,
    MetaAccessDenied,
    MetaUnavailable,
    OptedOut,
    PairRateLimited,
    ParametersRejected,
    PaymentMethodMissing,
    PolicyRejected,
    RecipientIsSender,
    RecipientRejected,
    SenderRateLimited,
    SenderRejected,
    SpamRateLimited,
    TemplateRejected,
    TemplateUnavailable,
    UnknownMetaCode,
    WindowClosed,
)
from bot.errors import (
    ChakraError,
    Rejected,
)
from tests.chakra.upstream import example

DAY = 86400

CODES: dict[type[ChakraError], set[int]] = {
    MetaAccessDenied: {0, 190, 3, 10, *range(200, 300), 131005},
    MetaUnavailable: {1, 2, 131000, 131016, 131057, 133004},
    AccountRateLimited: {4, 80007, 80008},
    ParametersRejected: {100, 131008, 131009, 132000, 132005, 132012, 135000},
    AccountBlocked: {368, 131031},
    SenderRateLimited: {130429},
    MarketingExperiment: {130472},
    CountryRestricted: {130497},
    RecipientIsSender: {131021},
    RecipientRejected: {131026},
    SenderRejected: {131037, 133010},
    PaymentMethodMissing: {131042},
    WindowClosed: {131047},
    SpamRateLimited: {131048},
    MarketingCapped: {131049},
    OptedOut: {131050},
    MediaRejected: {131051, 131052, 131053},
    PairRateLimited: {131056},
    TemplateRejected: {132001},
    PolicyRejected: {132007},
    TemplateUnavailable: {132015, 132016, 132068},
    FlowRateLimited: {132069},
}
"""Meta's codes and their classes."""

RETRIED = {1, 2, 131000, 131016, 131057, 133004, 4, 80007, 80008, 130429, 131048, 131049, 131056}
RETRIED |= {132069}


def test_every_code_of_the_contract_has_its_one_owner() -> None:
    expected = {code: kind for kind, codes in CODES.items() for code in codes}
    assert expected == ERROR_CLASS_BY_CODE


def test_a_code_cannot_have_two_owners() -> None:
    class Root(ChakraError):
        pass

    class First(Root):
        codes = frozenset({1})

    class Second(First):
        codes = frozenset({1, 2})

    with pytest.raises(ValueError, match="1 belongs to First and Second"):
        map_error_classes(Root)


def test_a_class_below_another_does_not_own_its_codes() -> None:
    class Root(ChakraError):
        pass

    class Mother(Root):
        codes = frozenset({1})

    class Daughter(Mother):
        pass

    assert map_error_classes(Root) == {1: Mother}


@pytest.mark.parametrize("code", sorted(ERROR_CLASS_BY_CODE))
def test_whether_a_repeat_can_help_is_as_the_contract_says(code: int) -> None:
    assert error_for_meta_code(code).retryable == (code in RETRIED)


def test_kinds_are_distinct() -> None:
    kinds = [kind.kind for kind in CODES]
    assert len(set(kinds) | {UnknownMetaCode.kind, Rejected.kind}) == len(kinds) + 2


@pytest.mark.parametrize(
    ("code", "seconds"), [(131049, DAY), (131056, 6), (80007, 3600), (131026, None)]
)
def test_a_repeat_is_of_no_use_before(code: int, seconds: float | None) -> None:
    assert error_for_meta_code(code).retry_after == seconds


def test_the_words_are_metas() -> None:
    error = error_for_meta_code(131047, "Re-engagement message", "More than 24 hours have passed.")
    assert type(error) is WindowClosed
    assert (error.code, error.details) == (131047, "More than 24 hours have passed.")
    assert error.message == "(#131047) Re-engagement message: More than 24 hours have passed."


@pytest.mark.parametrize(
    ("title", "details", "message"),
    [
        ("", "", "(#131026)"),
        ("(#131026) Message undeliverable", "", "(#131026) Message undeliverable"),
        ("Message undeliverable", "Message Undeliverable.", "(#131026) Message undeliverable"),
        ("a\x00b\n\u202ec", "d\ne", "(#131026) a b c: d e"),
    ],
)
def test_nothing_is_said_twice_and_all_on_one_line(title: str, details: str, message: str) -> None:
    assert error_for_meta_code(131026, title, details).message == message


def test_a_code_that_nobody_named_is_kept_and_known_as_such() -> None:
    error = error_for_meta_code(131999, "Something new")
    assert isinstance(error, Rejected)
    assert (type(error), error.code, error.kind) == (UnknownMetaCode, 131999, "unknown_meta_code")
    assert not error.retryable


METAS = {
    "message": "(#132001) Template name does not exist in the translation",
    "type": "OAuthException",
    "code": 132001,
    "error_data": {
        "messaging_product": "whatsapp",
        "details": "template name (sale) does not exist in de",
    },
    "fbtrace_id": "Az8",
}


@pytest.mark.parametrize(
    "body",
    [
        {"error": METAS},
        {"_errors": [METAS]},
        {"_errors": [{"error": METAS}]},
        {"_errors": ["Request failed: " + json.dumps({"error": METAS})]},
        {"_errors": [json.dumps({"error": METAS})]},
        {"message": json.dumps(METAS)},
        {"error": json.dumps(METAS)},
        [{"error": METAS}],
    ],
    ids=["metas", "item", "nested", "in-words", "json", "message", "error-string", "array"],
)
def test_a_relayed_error_is_found_whole_in_every_shape(body: object) -> None:
    found = find_meta_error(body)
    assert found == MetaError(
        132001,
        "Template name does not exist in the translation",
        "template name (sale) does not exist in de",
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"_errors": ["(#132001) Template name does not exist"]}, 132001),
        ({"_errors": ["no", "(#100) Invalid parameter"]}, 100),
        ({"message": "Meta said: (#131056) Pair rate limit"}, 131056),
        ({"error": "Error 131026: Message undeliverable"}, 131026),
        ({"_errors": ["failed, code=132000"]}, 132000),
        ({"_errors": [{"code": "132012", "message": "x"}]}, 132012),
        ({"error": {"code": 190, "message": "Expired", "fbtrace_id": "x"}}, 190),
        ({"error": {"code": 0, "message": "(#0) AuthException"}}, 0),
        ({"error": {"code": 80007}}, 80007),
        # Anybody's, not Meta's:
        ({"error": {"code": 100, "message": "no"}}, None),
        ({"error": {"code": 404, "message": "no"}}, None),
        ({"_errors": ["Request failed with status code 400"]}, None),
        ({"_errors": ["Order 131026 was not found"]}, None),
        ({"error": {"code": True}}, None),
        ({"error": {"code": -131026}}, None),
        ({"error": {"code": "13102600000"}}, None),
        ({"_errors": ["no"]}, None),
        ({"_data": METAS}, None),
        (None, None),
        (131026, None),
    ],
)
def test_a_code_is_found_where_it_surely_is_one(body: object, code: int | None) -> None:
    found = find_meta_error(body)
    assert (found.code if found else None) == code


def test_what_meta_says_to_people_of_a_refused_template_is_kept() -> None:
    body = {
        "error": {
            "message": "Invalid parameter",
            "type": "OAuthException",
            "code": 100,
            "error_subcode": 2388024,
            "error_user_title": "Content in this language already exists",
            "error_user_msg": "There is already English content for this template.",
        }
    }
    found = find_meta_error(body)
    assert found is not None
    assert found.title == "Content in this language already exists"
    assert found.details == "There is already English content for this template."


@pytest.mark.parametrize(
    "status",
    [
        example("webhook-chakra.status-failed")["payload"],
        example("webhook-chakra.status-failed")["payload"]["errorContext"],
        example("webhook-meta.status-failed")["entry"][0]["changes"][0]["value"]["statuses"][0],
        [{"code": 131026, "title": "Message undeliverable"}],
        {"code": "131026", "title": "Message undeliverable"},
    ],
    ids=["chakra", "context", "meta", "errors", "item"],
)
def test_a_failed_status_of_either_webhook_is_the_same_error(status: object) -> None:
    error = error_from_status(status)
    assert type(error) is RecipientRejected
    assert error.message == "(#131026) Message undeliverable"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ({"errorContext": {"message": "It went wrong"}}, "It went wrong"),
        ({"errorContext": {"message": None, "providerPayload": None}}, ""),
        ({"errorContext": "x"}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_failed_status_without_a_code_is_a_refusal(status: object, message: str) -> None:
    error = error_from_status(status)
    assert (type(error), error.message, error.code) == (Rejected, message, None)


def test_a_small_code_of_a_webhook_needs_no_sign() -> None:
    error = error_from_status({"errorContext": {"providerPayload": {"code": 100, "title": "Bad"}}})
    assert type(error) is ParametersRejected


@given(st.text(max_size=200), st.text(max_size=500), st.integers(0, 10**7))
def test_any_words_make_one_line(title: str, details: str, code: int) -> None:
    error = error_for_meta_code(code, title, details)
    assert "\n" not in error.message
    assert len(error.message) < 650
