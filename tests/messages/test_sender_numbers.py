"""What a number's fields mean to people; all of them are INFERRED, so any may come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.models import PhoneNumber
from bot.messages.sender_numbers import (
    UNLIMITED,
    describe_limit,
    describe_number,
    describe_quality,
    find_daily_limit,
)


def build_number(**fields: object) -> PhoneNumber:
    return PhoneNumber.model_validate({"id": "1", **fields})


@pytest.mark.parametrize(
    ("fields", "limit", "text"),
    [
        ({"messagingLimitTier": "TIER_50"}, 50, "50 people a day"),
        ({"messagingLimitTier": "TIER_2K"}, 2_000, "2,000 people a day"),
        ({"messagingLimitTier": "TIER_100K"}, 100_000, "100,000 people a day"),
        ({"messagingLimitTier": "tier_unlimited"}, UNLIMITED, "no daily limit"),
        ({"messagingLimitTier": "TIER_NOT_SET"}, None, "limit tier not set"),
        ({"messagingLimitTier": 1000}, 1_000, "1,000 people a day"),
        ({"messagingLimitTier": None}, None, ""),
        ({}, None, ""),
        (
            {"whatsappBusinessManagerMessagingLimit": "TIER_10K", "messagingLimitTier": "TIER_1K"},
            10_000,
            "10,000 people a day",
        ),
        ({"whatsapp_business_manager_messaging_limit": "TIER_2K"}, 2_000, "2,000 people a day"),
    ],
)
def test_limit_is_that_of_the_tier(fields: dict[str, object], limit: int | None, text: str) -> None:
    assert (find_daily_limit(build_number(**fields)), describe_limit(build_number(**fields))) == (
        limit,
        text,
    )


@pytest.mark.parametrize(
    ("score", "text"),
    [("RED", "low quality"), ("UNKNOWN", ""), ("NA", ""), ("BLUE", "quality blue"), (None, "")],
)
def test_quality_is_a_word_or_as_chakra_has_it(score: object, text: str) -> None:
    assert describe_quality(build_number(qualityScore={"score": score})) == text
    assert describe_quality(build_number(qualityScore=score)) == text


@pytest.mark.parametrize(
    ("fields", "used", "found", "missing"),
    [
        ({"messagingLimitTier": "TIER_250"}, 300, ["0 left today"], []),
        ({"messagingLimitTier": "TIER_250"}, None, ["250 people"], ["left"]),
        ({"messagingLimitTier": "UNLIMITED"}, 3, ["no daily limit"], ["left"]),
        ({"messagingLimitTier": "SOME"}, 3, ["limit some"], ["left"]),
        ({"status": "FLAGGED"}, 0, [":warning: flagged"], ["connected"]),
        ({"status": "CONNECTED", "chakraStatus": "DISCONNECTED"}, 0, ["disconnected"], []),
        ({"accountMode": "SANDBOX"}, 0, ["test number"], []),
        ({"nameStatus": "PENDING_REVIEW"}, 0, ["name pending review"], []),
        ({"displayPhoneNumber": "+1 2"}, 0, ["*+1 2*"], ["+1 2  "]),
    ],
)
def test_number_shows_facts_only(
    fields: dict[str, object], used: int | None, found: list[str], missing: list[str]
) -> None:
    text = describe_number(build_number(**fields), used)
    assert all(part in text for part in found)
    assert not any(part in text for part in missing)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["score", "entities", "additional_info", "errors", "id"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(ANY, ANY, ANY, ANY)
def test_number_of_any_shape_is_described(
    tier: object, quality: object, status: object, health: object
) -> None:
    described = build_number(
        messagingLimitTier=tier,
        qualityScore=quality,
        status=status,
        nameStatus=status,
        healthStatus=health,
    )
    assert describe_number(described, 1)
    assert isinstance(describe_limit(described), str)
