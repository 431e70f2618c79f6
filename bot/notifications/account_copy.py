"""The sentences for changes of the WhatsApp account and its numbers: what it means and what to do.

Source of fields and values: developers.facebook.com/documentation/business-messaging/whatsapp,
"Webhooks" (account_update, phone_number_quality_update …). Which of them Chakra relays is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.slack.blocks import Markup, bold, markup
from bot.webhooks.events import Json
from bot.webhooks.fields import as_object, find_first_text, iter_objects

MAX_VALUE_LENGTH = 200
INFO, WARNING = ":information_source:", ":warning:"
BAD, GOOD = ":no_entry:", ":white_check_mark:"


@dataclass(frozen=True, slots=True)
class AccountCopy:
    """``summary``: what happened; ``meaning``: what it means and what to do."""

    summary: Markup
    meaning: str = ""
    emoji: str = INFO


_ACCOUNT_EVENTS: Mapping[str, tuple[str, str, str]] = {
    "VERIFIED_ACCOUNT": (GOOD, "WhatsApp has verified the business account.", ""),
    "ACCOUNT_RESTRICTION": (
        BAD,
        "WhatsApp has restricted the business account.",
        "Some messages can't be sent until it ends. WhatsApp Manager shows the reason.",
    ),
    "ACCOUNT_VIOLATION": (
        WARNING,
        "WhatsApp says the business account broke one of its policies.",
        "Repeated violations restrict the account. WhatsApp Manager shows which messages.",
    ),
    "ACCOUNT_DELETED": (
        BAD,
        "The WhatsApp business account was deleted.",
        "Nothing can be sent or received with it any more. Contact your admin.",
    ),
    "PARTNER_ADDED": ("", "A partner was added to the WhatsApp business account.", ""),
    "PARTNER_REMOVED": (
        WARNING,
        "A partner was removed from the WhatsApp business account.",
        "If it was Chakra, sending stops. Check the connection in Chakra.",
    ),
    "PARTNER_APP_UNINSTALLED": (
        WARNING,
        "A partner's app was removed from the WhatsApp business account.",
        "If it was Chakra, sending stops. Check the connection in Chakra.",
    ),
}
_BAN_STATES: Mapping[str, tuple[str, str, str]] = {
    "SCHEDULE_FOR_DISABLE": (
        BAD,
        "WhatsApp is going to disable the business account.",
        "An admin can request a review in WhatsApp Manager before that.",
    ),
    "DISABLE": (
        BAD,
        "WhatsApp has disabled the business account.",
        "Nothing can be sent. An admin can request a review in WhatsApp Manager.",
    ),
    "REINSTATE": (GOOD, "WhatsApp has enabled the business account again.", ""),
}
_REVIEWS: Mapping[str, tuple[str, str, str]] = {
    "APPROVED": (GOOD, "WhatsApp approved the business account.", ""),
    "REJECTED": (
        BAD,
        "WhatsApp rejected the business account.",
        "It can't send until it is approved. WhatsApp Manager shows the reason.",
    ),
}
_QUALITY_EVENTS: Mapping[str, tuple[str, str, str]] = {
    "FLAGGED": (
        WARNING,
        "has a low quality rating",
        "People block or report its messages. Send less marketing, or WhatsApp lowers its limit.",
    ),
    "UNFLAGGED": (GOOD, "has a good quality rating again", ""),
    "UPGRADE": (GOOD, "may write to more people a day", ""),
    "THROUGHPUT_UPGRADE": (GOOD, "may send more messages a second", ""),
    "DOWNGRADE": (
        WARNING,
        "may write to fewer people a day",
        "Campaigns beyond the limit fail. Improve its quality to raise the limit again.",
    ),
    "ONBOARDING": ("", "is registered with WhatsApp", ""),
}
_TIERS: Mapping[str, str] = {
    "TIER_50": "50 people a day",
    "TIER_250": "250 people a day",
    "TIER_1K": "1,000 people a day",
    "TIER_2K": "2,000 people a day",
    "TIER_10K": "10,000 people a day",
    "TIER_100K": "100,000 people a day",
    "TIER_UNLIMITED": "any number of people a day",
}


def explain_account_event(kind: str, value: Json) -> AccountCopy:
    """Return the sentences for an event of the account; ``kind`` is Meta's field name."""
    explain = _EXPLAINERS.get(kind)
    if explain is not None:
        return explain(value)
    summary = _append_word("WhatsApp reported a account change", _humanize(kind))
    return AccountCopy(summary, "WhatsApp Manager shows the details.")


def _explain_account(value: Json) -> AccountCopy:
    ban = as_object(value.get("ban_info"))
    state = find_first_text(ban, "waba_ban_state").upper()
    event = find_first_text(value, "event").upper()
    found = _BAN_STATES.get(state) or _ACCOUNT_EVENTS.get(event)
    if found is None:
        summary = _append_word("WhatsApp changed the business account", _humanize(event))
        return AccountCopy(summary, "WhatsApp Manager shows the details.")
    emoji, summary_text, meaning = found
    details = [
        _humanize(find_first_text(as_object(value.get("violation_info")), "violation_type")),
        *(
            _humanize(find_first_text(item, "restriction_type"))
            for item in iter_objects(value.get("restriction_info"))
        ),
    ]
    named = ", ".join(detail for detail in details if detail)
    reason = markup(" WhatsApp says: ", named, ".") if named else Markup("")
    return _build_copy(emoji, markup(summary_text, reason), meaning)


def _explain_review(value: Json) -> AccountCopy:
    decision = find_first_text(value, "decision").upper()
    found = _REVIEWS.get(decision)
    if found is None:
        return _build_copy("", _append_word("WhatsApp reviewed the account", _humanize(decision)))
    emoji, summary, meaning = found
    return _build_copy(emoji, markup(summary), meaning)


def _explain_alert(value: Json) -> AccountCopy:
    alert = as_object(value.get("alert_info")) or value
    severity = find_first_text(alert, "alert_severity").upper()
    what = find_first_text(alert, "alert_description") or _humanize(
        find_first_text(alert, "alert_type")
    )
    emoji = WARNING if severity in {"WARNING", "CRITICAL"} else ""
    warning = "WhatsApp warns about the account"
    summary = markup(f"{warning}: ", what[:MAX_VALUE_LENGTH]) if what else markup(f"{warning}.")
    return _build_copy(emoji, summary, "WhatsApp Manager shows what to do.")


def _explain_capability(value: Json) -> AccountCopy:
    limit = find_first_text(
        value,
        "max_daily_conversations_per_business",
        "max_daily_conversation_per_phone",
        "messaging_limit_tier",
    )
    numbers = find_first_text(value, "max_phone_numbers_per_business", "max_phone_numbers_per_waba")
    parts = []
    if limit and limit != "-1":
        people = f"{int(limit):,} people a day" if limit.isdecimal() else _describe_tier(limit)
        parts.append(markup("it may write to ", bold(people)))
    if numbers:
        parts.append(markup("it may have ", bold(numbers), " phone numbers"))
    summary = markup("The limits of the WhatsApp account have changed")
    joined = Markup(", and ".join(parts))
    return _build_copy("", markup(summary, ": ", joined, ".") if parts else markup(summary, "."))


def _explain_quality(value: Json) -> AccountCopy:
    event = find_first_text(value, "event").upper()
    emoji, what, meaning = _QUALITY_EVENTS.get(
        event, ("", f"has changed: {_humanize(event)}" if event else "has changed", "")
    )
    limit = find_first_text(value, "current_limit", "max_daily_conversations_per_business")
    now = markup(" The limit is now ", bold(_describe_tier(limit)), ".") if limit else Markup("")
    number = _render_our_number(value, "Our number", "One of our numbers")
    return _build_copy(emoji, markup(number, f" {what}.", now), meaning)


def _explain_name(value: Json) -> AccountCopy:
    decision = find_first_text(value, "decision").upper()
    name = find_first_text(value, "requested_verified_name")[:MAX_VALUE_LENGTH]
    number = _render_our_number(value)
    if decision == "APPROVED":
        return _build_copy(
            GOOD, markup("WhatsApp approved the name ", bold(name), " for ", number, ".")
        )
    if decision == "REJECTED":
        reason = _humanize(find_first_text(value, "rejection_reason"))
        why = markup(" Reason: ", reason, ".") if reason not in {"", "none"} else Markup("")
        summary = markup("WhatsApp rejected the name ", bold(name), " for ", number, ".", why)
        return _build_copy(WARNING, summary, "Request another name in WhatsApp Manager.")
    what = bold(_humanize(decision) or "under review")
    return _build_copy(
        "", markup("The name ", bold(name or "?"), " for ", number, " is ", what, ".")
    )


def _explain_security(value: Json) -> AccountCopy:
    event = find_first_text(value, "event").upper()
    summary = markup("The security settings of ", _render_our_number(value), " have changed")
    meaning = "If no one in your company did this, contact your admin."
    return _build_copy(WARNING, _append_word(summary, _humanize(event)), meaning)


def _explain_preference(value: Json) -> AccountCopy:
    wants = find_first_text(value, "value").lower()
    if wants == "stop":
        summary = "A customer stopped your marketing messages."
        return _build_copy(
            "", markup(summary), "WhatsApp doesn't deliver marketing to them any more."
        )
    if wants == "resume":
        return _build_copy("", markup("A customer accepts your marketing messages again."))
    return _build_copy("", _append_word("A customer changed which messages they want", wants))


def _explain_handover(value: Json) -> AccountCopy:
    kind = find_first_text(value, "type")
    control = as_object(value.get(kind))
    owner = _humanize(find_first_text(control, "new_owner_role"))
    what = markup("A conversation is now with ", bold(owner or "another app"), ".")
    return _build_copy("", what)


def _append_word(sentence: str, word: str) -> Markup:
    """Return a sentence with WhatsApp's own word for what happened, if there is one."""
    return markup(sentence, ": ", bold(word), ".") if word else markup(sentence, ".")


def _build_copy(emoji: str, summary: Markup, meaning: str = "") -> AccountCopy:
    return AccountCopy(summary, meaning, emoji or INFO)


def _render_our_number(
    value: Json, known: str = "our number", unknown: str = "one of our numbers"
) -> Markup:
    number = find_first_text(value, "display_phone_number", "phone_number")
    return markup(f"{known} +{number.lstrip('+')}" if number else unknown)


def _describe_tier(limit: str) -> str:
    return _TIERS.get(limit.upper(), _humanize(limit))


def _humanize(value: str) -> str:
    """Return ``RESTRICTED_BIZ_INITIATED_MESSAGING`` as words."""
    return value.replace("_", " ").strip().lower()[:MAX_VALUE_LENGTH]


_EXPLAINERS: Mapping[str, Callable[[Json], AccountCopy]] = {
    "account_update": _explain_account,
    "account_review_update": _explain_review,
    "account_alerts": _explain_alert,
    "business_capability_update": _explain_capability,
    "phone_number_quality_update": _explain_quality,
    "phone_number_name_update": _explain_name,
    "security": _explain_security,
    "user_preferences": _explain_preference,
    "messaging_handovers": _explain_handover,
}
