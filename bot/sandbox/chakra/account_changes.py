"""What Meta does to an account: quality, limits, restrictions and reviews, each with its event.

Fields are Meta's (developers.facebook.com, "Webhooks" of WhatsApp Business accounts). Whether
Chakra relays them is UNKNOWN.
"""

from __future__ import annotations

from typing import Literal

from bot.sandbox.chakra.server import EmbeddedChakra

QUALITY_EVENTS = {"GREEN": "UNFLAGGED", "YELLOW": "FLAGGED", "RED": "FLAGGED"}
RESTRICTION_SECONDS = 7 * 86_400


def change_number_quality(
    chakra: EmbeddedChakra, score: Literal["GREEN", "YELLOW", "RED"], number: int = 0
) -> None:
    """Change the quality of a sender number, by position in the listing, which then shows it."""
    listing = chakra.sender_listings[number]
    listing["qualityScore"] = {"score": score}
    value = {
        "display_phone_number": "".join(filter(str.isdigit, listing["displayPhoneNumber"])),
        "event": QUALITY_EVENTS[score],
        "current_limit": listing["messagingLimitTier"],
    }
    chakra.push_change("phone_number_quality_update", value)


def change_daily_limit(chakra: EmbeddedChakra, recipients: int) -> None:
    """Change how many people the business may write to in a day; -1 means no limit."""
    value = {"max_daily_conversations_per_business": recipients, "max_phone_numbers_per_waba": 25}
    chakra.push_change("business_capability_update", value)


def restrict_account(chakra: EmbeddedChakra, now: float) -> None:
    """Stop the business from starting conversations for a week."""
    restriction = {
        "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING",
        "expiration": int(now) + RESTRICTION_SECONDS,
    }
    value = {"event": "ACCOUNT_RESTRICTION", "restriction_info": [restriction]}
    chakra.push_change("account_update", value)


def review_account(chakra: EmbeddedChakra, decision: Literal["APPROVED", "REJECTED"]) -> None:
    chakra.push_change("account_review_update", {"decision": decision})
