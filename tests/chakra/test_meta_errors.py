"""Meta's codes: found in every shape, each owned by one class."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.meta import (
    ERROR_CLASS_BY_CODE,
    MetaError,
    build_meta_error,
    error_from_status,
    find_meta_error,
    map_error_classes,
)
from bot.chakra.meta_errors import (
    AccountBlocked,
    AccountRateLimited,
    BlockListRejected,
    BlockListUnavailable,
    CallRejected,
    ClassificationLimited,
    ContentUnavailable,
    CountryRestricted,
    DirectSendBlocked,
    FlowRateLimited,
    GroupRateLimited,
    GroupRejected,
    MarketingCapped,
    MarketingExperiment,
    MarketingRouteRequired,
    MediaRejected,
    MessageExpired,
    MetaAccessDenied,
    MetaUnavailable,
    OptedOut,
    PairRateLimited,
    ParametersRejected,
    PaymentMethodMissing,
    PhoneNumberRequired,
    PolicyRejected,
    RecipientIdentityChanged,
    RecipientIsSender,
    RecipientNotTester,
    RecipientRejected,
    RegistrationLimited,
    SenderRateLimited,
    SenderRejected,
    SpamRateLimited,
    TemplateNotReady,
    TemplateRejected,
    TemplateUnavailable,
    UnknownMetaCode,
    WindowClosed,
)
from bot.errors import (
    ChakraError,
    Rejected,
)
from tests.chakra.upstream import read_example

DAY_SECONDS = 86400

CODES: dict[type[ChakraError], set[int]] = {
    MetaAccessDenied: {0, 190, 3, 10, *range(200, 300), 131005},
    MetaUnavailable: {1, 2, 131000, 131016, 131057, 133004},
    AccountRateLimited: {4, 80007, 80008},
    ParametersRejected: {100, 131008, 131009, 132000, 132005, 132008, 132012, 132018, 135000},
    AccountBlocked: {368, 131031},
    SenderRateLimited: {130429},
    MarketingExperiment: {130472},
    CountryRestricted: {130497},
    RecipientIsSender: {131021},
    RecipientRejected: {131026},
    SenderRejected: {*(33, 131037, 131045, 133000, 133005, 133006, 133008, 133009, 133010, 133015)},
    MessageExpired: {131043},
    PaymentMethodMissing: {131042, 131044},
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
    RecipientNotTester: {131030},
    RecipientIdentityChanged: {137000},
    PhoneNumberRequired: {131062},
    MarketingRouteRequired: {131055, 131063, 134100},
    TemplateNotReady: {134101, 134102},
    ContentUnavailable: {131060},
    DirectSendBlocked: {139200},
    GroupRejected: {*range(131201, 131208), *range(131209, 131216)},
    GroupRateLimited: {131208},
    RegistrationLimited: {133016},
    ClassificationLimited: {131064},
    CallRejected: set(range(138000, 138019)),
    BlockListRejected: {139100, 139101},
    BlockListUnavailable: {139102, 139103},
}
"""Meta's codes and their classes."""

RETRYABLE_CODES = {
    1,
    2,
    131000,
    131016,
    131057,
    133004,
    4,
    80007,
    80008,
    130429,
    131048,
    131049,
    131056,
}
RETRYABLE_CODES |= {132069, 131064, 131208, 133016, 134101, 134102, 139102, 139103}


def test_every_documented_code_maps_to_one_error_class() -> None:
    expected = {code: kind for kind, codes in CODES.items() for code in codes}
    assert expected == ERROR_CLASS_BY_CODE


def test_code_cannot_map_to_two_error_classes() -> None:
    class Root(ChakraError):
        pass

    class First(Root):
        codes = frozenset({1})

    class Second(First):
        codes = frozenset({1, 2})

    with pytest.raises(ValueError, match="1 belongs to First and Second"):
        map_error_classes(Root)


def test_subclass_does_not_inherit_codes() -> None:
    class Root(ChakraError):
        pass

    class Mother(Root):
        codes = frozenset({1})

    class Daughter(Mother):
        pass

    assert map_error_classes(Root) == {1: Mother}


@pytest.mark.parametrize("code", sorted(ERROR_CLASS_BY_CODE))
def test_retryable_matches_the_contract(code: int) -> None:
    assert build_meta_error(code).retryable == (code in RETRYABLE_CODES)


def test_error_kinds_are_unique() -> None:
    kinds = [kind.kind for kind in CODES]
    assert len(set(kinds) | {UnknownMetaCode.kind, Rejected.kind}) == len(kinds) + 2


@pytest.mark.parametrize(
    ("code", "seconds"), [(131049, DAY_SECONDS), (131056, 6), (80007, 3600), (131026, None)]
)
def test_retry_after_depends_on_the_code(code: int, seconds: float | None) -> None:
    assert build_meta_error(code).retry_after == seconds


def test_error_message_quotes_meta() -> None:
    error = build_meta_error(131047, "Re-engagement message", "More than 24 hours have passed.")
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
def test_message_is_deduplicated_and_on_one_line(title: str, details: str, message: str) -> None:
    assert build_meta_error(131026, title, details).message == message


def test_unknown_code_is_parsed_as_unknown_meta_code() -> None:
    error = build_meta_error(131999, "Something new")
    assert isinstance(error, Rejected)
    assert (type(error), error.code, error.kind) == (UnknownMetaCode, 131999, "unknown_meta_code")
    assert not error.retryable


META_ERROR = {
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
        {"error": META_ERROR},
        {"_errors": [META_ERROR]},
        {"_errors": [{"error": META_ERROR}]},
        {"_errors": ["Request failed: " + json.dumps({"error": META_ERROR})]},
        {"_errors": [json.dumps({"error": META_ERROR})]},
        {"message": json.dumps(META_ERROR)},
        {"error": json.dumps(META_ERROR)},
        [{"error": META_ERROR}],
    ],
    ids=["metas", "item", "nested", "in-words", "json", "message", "error-string", "array"],
)
def test_relayed_meta_error_is_found_in_every_shape(body: object) -> None:
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
        ({"message": "Meta answered: (#131056) Pair rate limit"}, 131056),
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
        ({"_data": META_ERROR}, None),
        (None, None),
        (131026, None),
    ],
)
def test_code_is_read_only_where_it_is_unambiguous(body: object, code: int | None) -> None:
    found = find_meta_error(body)
    assert (found.code if found else None) == code


def test_user_message_of_a_rejected_template_is_parsed() -> None:
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
        read_example("webhook-chakra.status-failed")["payload"],
        read_example("webhook-chakra.status-failed")["payload"]["errorContext"],
        read_example("webhook-meta.status-failed")["entry"][0]["changes"][0]["value"]["statuses"][
            0
        ],
        [{"code": 131026, "title": "Message undeliverable"}],
        {"code": "131026", "title": "Message undeliverable"},
    ],
    ids=["chakra", "context", "meta", "errors", "item"],
)
def test_failed_status_of_either_webhook_maps_to_the_same_error(status: object) -> None:
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
def test_failed_status_without_a_code_is_rejected(status: object, message: str) -> None:
    error = error_from_status(status)
    assert (type(error), error.message, error.code) == (Rejected, message, None)


@pytest.mark.parametrize(
    "status",
    [131026, "131026", [131026], {"errorContext": 131026}, {"errorContext": {"message": "131026"}}],
)
def test_failed_status_may_be_a_code_alone(status: object) -> None:
    assert type(error_from_status(status)) is RecipientRejected


def test_small_webhook_code_is_accepted_without_context() -> None:
    error = error_from_status({"errorContext": {"providerPayload": {"code": 100, "title": "Bad"}}})
    assert type(error) is ParametersRejected


@given(st.text(max_size=200), st.text(max_size=500), st.integers(0, 10**7))
def test_any_error_text_fits_on_one_line(title: str, details: str, code: int) -> None:
    error = build_meta_error(code, title, details)
    assert "\n" not in error.message
    assert len(error.message) < 650
