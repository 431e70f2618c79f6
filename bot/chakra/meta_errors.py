"""What WhatsApp refuses, behind Chakra: one class for each remedy, and the codes that it owns.

::

    Rejected
    ├── RecipientRejected      this number cannot be reached
    ├── RecipientIsSender      it is the very number that sends
    ├── CountryRestricted      nothing may be sent to this country
    ├── OptedOut               this person wants no marketing from you
    ├── MarketingCapped        this person got enough marketing for today
    ├── MarketingExperiment    this person is in a group that gets none
    ├── WindowClosed           after 24 hours of silence only a template may be sent
    ├── TemplateRejected       there is no such template in this language
    │   └── TemplateUnavailable    it is paused or disabled
    ├── PolicyRejected         the template's content breaks a rule
    ├── ParametersRejected     what was filled in does not fit
    ├── MediaRejected          the file cannot be used
    ├── SenderRejected         the sending number may not send
    ├── AccountBlocked         the account is blocked or locked
    ├── PaymentMethodMissing   the account has no valid means of payment
    └── UnknownMetaCode        a code that no class here owns
    KeyRefused
    └── MetaAccessDenied       WhatsApp does not trust Chakra with this account
    Throttled
    ├── PairRateLimited        too many messages to this one recipient
    ├── SenderRateLimited      too many messages from this number
    ├── FlowRateLimited        too many messages with this flow
    ├── AccountRateLimited     too many calls about this account
    └── SpamRateLimited        people complained, and WhatsApp holds the number back
    Unavailable
    └── MetaUnavailable        WhatsApp itself fails for the moment

What each code means: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
"""

from __future__ import annotations

from bot.errors import AuthenticationError, RateLimited, Rejected, Unavailable

MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS = 60.0, 3600.0, 86400.0


class RecipientRejected(Rejected):
    """Not on WhatsApp, an old version of it, or its terms not accepted: Meta does not say which."""

    kind = "recipient_rejected"
    codes = frozenset({131026})


class RecipientIsSender(Rejected):
    kind = "recipient_is_sender"
    codes = frozenset({131021})


class CountryRestricted(Rejected):
    kind = "country_restricted"
    codes = frozenset({130497})


class OptedOut(Rejected):
    kind = "opted_out"
    codes = frozenset({131050})


class MarketingCapped(Rejected):
    """Meta's cap on marketing for one person, over all businesses."""

    kind = "marketing_capped"
    codes = frozenset({131049})
    retryable = True
    default_retry_after = DAY_SECONDS


class MarketingExperiment(Rejected):
    """Meta keeps a group of people free of marketing, as an experiment."""

    kind = "marketing_experiment"
    codes = frozenset({130472})


class WindowClosed(Rejected):
    """More than 24 hours since the recipient last wrote."""

    kind = "window_closed"
    codes = frozenset({131047})


class TemplateRejected(Rejected):
    kind = "template_rejected"
    codes = frozenset({132001})


class TemplateUnavailable(TemplateRejected):
    """132015 paused, 132016 disabled, 132068 its flow is blocked."""

    kind = "template_unavailable"
    codes = frozenset({132015, 132016, 132068})


class PolicyRejected(Rejected):
    kind = "policy_rejected"
    codes = frozenset({132007})


class ParametersRejected(Rejected):
    """132000 too few or too many, 132005 too long, 132012 of the wrong form. The others are
    general, and stand for the parts of a template that is being made as well."""

    kind = "parameters_rejected"
    codes = frozenset({100, 131008, 131009, 132000, 132005, 132012, 135000})


class MediaRejected(Rejected):
    """131051 of a sort that is not sent, 131052 and 131053 Meta could not fetch it or take it."""

    kind = "media_rejected"
    codes = frozenset({131051, 131052, 131053})


class SenderRejected(Rejected):
    """131037 its display name is not approved, 133010 it is not registered."""

    kind = "sender_rejected"
    codes = frozenset({131037, 133010})


class AccountBlocked(Rejected):
    """368 blocked for breaking a policy, 131031 locked. Every send fails until that is lifted."""

    kind = "account_blocked"
    codes = frozenset({368, 131031})


class PaymentMethodMissing(Rejected):
    """Every send fails until it is settled."""

    kind = "payment_method_missing"
    codes = frozenset({131042})


class UnknownMetaCode(Rejected):
    """Its kind in logs and metrics shows that a class is wanted for ``code``."""

    kind = "unknown_meta_code"


class MetaAccessDenied(AuthenticationError):
    """0 and 190: the token that Chakra holds with Meta; the others: a permission is missing."""

    kind = "meta_access_denied"
    codes = frozenset({0, 3, 10, 190, *range(200, 300), 131005})


class PairRateLimited(RateLimited):
    """One message in 6 seconds from one number to one recipient; bursts borrow from later."""

    kind = "pair_rate_limited"
    codes = frozenset({131056})
    default_retry_after = 6.0


class SenderRateLimited(RateLimited):
    """80 messages a second from one number, in and out, unless Meta raised it. Over in a moment."""

    kind = "sender_rate_limited"
    codes = frozenset({130429})


class FlowRateLimited(RateLimited):
    kind = "flow_rate_limited"
    codes = frozenset({132069})
    default_retry_after = HOUR_SECONDS


class AccountRateLimited(RateLimited):
    """Meta counts these calls by the hour, for all that Chakra asks about one account."""

    kind = "account_rate_limited"
    codes = frozenset({4, 80007, 80008})
    default_retry_after = HOUR_SECONDS


class SpamRateLimited(RateLimited):
    kind = "spam_rate_limited"
    codes = frozenset({131048})
    default_retry_after = DAY_SECONDS


class MetaUnavailable(Unavailable):
    """1, 2 and 131000 say no more than that something failed; the others: down for maintenance."""

    kind = "meta_unavailable"
    codes = frozenset({1, 2, 131000, 131016, 131057, 133004})
    default_retry_after = MINUTE_SECONDS
