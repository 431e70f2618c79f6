"""Meta's errors, passed on by Chakra: one class for each remedy, with its codes.

::

    Rejected
    ├── RecipientRejected      this number cannot be reached
    ├── RecipientIsSender      the recipient is the sending number
    ├── RecipientNotTester     a test number sends only to its list of five
    ├── RecipientIdentityChanged   the recipient's identity key is to be acknowledged
    ├── PhoneNumberRequired    this template needs a phone number, not a user ID
    ├── CountryRestricted      messages to this country are not allowed
    ├── OptedOut               this person stopped your marketing messages
    ├── MarketingCapped        this person has reached the cap on marketing
    ├── MarketingExperiment    this person is in a group without marketing
    ├── MarketingRouteRequired     marketing has to be sent another way
    ├── WindowClosed           24 hours after their last message: templates only
    ├── TemplateRejected       no such template in this language
    │   ├── TemplateUnavailable    it is paused or disabled
    │   └── TemplateNotReady       marketing can't use it yet
    ├── PolicyRejected         the template's content breaks a rule
    ├── ParametersRejected     the values do not match the template
    ├── MediaRejected          the file cannot be used
    ├── MessageExpired         it could not be delivered in time
    ├── ContentUnavailable     WhatsApp could not pass on the content
    ├── DirectSendBlocked      messages without a template are not allowed
    ├── GroupRejected          the group cannot be used
    ├── CallRejected           the call is not possible
    ├── BlockListRejected      the list of blocked people was not changed
    ├── SenderRejected         the sending number may not send
    ├── AccountBlocked         the account is blocked or locked
    ├── PaymentMethodMissing   the account has no valid payment method
    └── UnknownMetaCode        a code without a class
    AuthenticationError
    └── MetaAccessDenied       Chakra has no access to this WhatsApp account
    RateLimited
    ├── PairRateLimited        too many messages to this one recipient
    ├── SenderRateLimited      too many messages from this number
    ├── GroupRateLimited       too many messages to groups
    ├── FlowRateLimited        too many messages with this flow
    ├── AccountRateLimited     too many calls about this account
    ├── RegistrationLimited    the number was registered too often
    ├── ClassificationLimited  the account is limited for templates in the wrong category
    └── SpamRateLimited        the number is limited after complaints
    Unavailable
    ├── BlockListUnavailable   the list of blocked people is being changed
    └── MetaUnavailable        WhatsApp is temporarily unavailable

Source of the codes: developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes
"""

from __future__ import annotations

from bot.errors import AuthenticationError, BotError, RateLimited, Rejected, Unavailable

MINUTE_SECONDS, HOUR_SECONDS, DAY_SECONDS = 60.0, 3600.0, 86400.0


class RecipientRejected(Rejected):
    """Not on WhatsApp, an old version, or the terms not accepted: Meta does not say which."""

    kind = "recipient_rejected"
    codes = frozenset({131026})


class RecipientIsSender(Rejected):
    kind = "recipient_is_sender"
    codes = frozenset({131021})


class RecipientNotTester(Rejected):
    """Meta's test numbers send only to the five people on a list in Meta's dashboard."""

    kind = "recipient_not_tester"
    codes = frozenset({131030})


class RecipientIdentityChanged(Rejected):
    """The identity check of the number is on, and the change is not acknowledged."""

    kind = "recipient_identity_changed"
    codes = frozenset({137000})


class PhoneNumberRequired(Rejected):
    """Authentication templates can't be sent to a business-scoped user ID."""

    kind = "phone_number_required"
    codes = frozenset({131062})


class CountryRestricted(Rejected):
    kind = "country_restricted"
    codes = frozenset({130497})


class OptedOut(Rejected):
    kind = "opted_out"
    codes = frozenset({131050})


class MarketingCapped(Rejected):
    """Meta's cap on marketing messages to one person, from all businesses together."""

    kind = "marketing_capped"
    codes = frozenset({131049})
    retryable = True
    default_retry_after = DAY_SECONDS


class MarketingExperiment(Rejected):
    """Meta sends no marketing to a group of people, as an experiment."""

    kind = "marketing_experiment"
    codes = frozenset({130472})


class MarketingRouteRequired(Rejected):
    """131063: marketing is off for this route. 131055, 134100: only marketing goes by the other.

    Chakra documents no other route. 131055 and 134100: Meta's Marketing Messages reference.
    """

    kind = "marketing_route_required"
    codes = frozenset({131055, 131063, 134100})


class WindowClosed(Rejected):
    """The recipient's last message is more than 24 hours old."""

    kind = "window_closed"
    codes = frozenset({131047})


class TemplateRejected(Rejected):
    kind = "template_rejected"
    codes = frozenset({132001})


class TemplateUnavailable(TemplateRejected):
    """132015: paused. 132016: disabled. 132068: its flow is blocked."""

    kind = "template_unavailable"
    codes = frozenset({132015, 132016, 132068})


class TemplateNotReady(TemplateRejected):
    """134101: still being prepared for marketing, up to ten minutes. 134102: can't be used for it.

    Source: Meta's Marketing Messages reference, and public reports.
    """

    kind = "template_not_ready"
    codes = frozenset({134101, 134102})
    retryable = True
    default_retry_after = 600.0


class PolicyRejected(Rejected):
    kind = "policy_rejected"
    codes = frozenset({132007})


class ParametersRejected(Rejected):
    """132000: too few or too many. 132005: too long. 132008, 132012, 132018: wrong format.

    The others are general, and include the components of a template that is being created.
    """

    kind = "parameters_rejected"
    codes = frozenset({100, 131008, 131009, 132000, 132005, 132008, 132012, 132018, 135000})


class MediaRejected(Rejected):
    """131051: unsupported type. 131052, 131053: Meta could not download or upload it."""

    kind = "media_rejected"
    codes = frozenset({131051, 131052, 131053})


class ContentUnavailable(Rejected):
    """The message arrived without its content, mostly while a chat is being set up.

    Seen in public reports, for numbers that the phone app uses too; Meta does not list it.
    """

    kind = "content_unavailable"
    codes = frozenset({131060})


class MessageExpired(Rejected):
    """Not delivered within the template's time to live, or within 30 days."""

    kind = "message_expired"
    codes = frozenset({131043})


class DirectSendBlocked(Rejected):
    kind = "direct_send_blocked"
    codes = frozenset({139200})


class GroupRejected(Rejected):
    """Its participants, its size, or the number's right to use groups."""

    kind = "group_rejected"
    codes = frozenset(range(131201, 131216)) - {131208}


class CallRejected(Rejected):
    """Calls are off, the person has not allowed them, or a limit is reached."""

    kind = "call_rejected"
    codes = frozenset(range(138000, 138019))


class BlockListRejected(Rejected):
    """139100: only partly done. 139101: it is full, at 64,000."""

    kind = "block_list_rejected"
    codes = frozenset({139100, 139101})


class SenderRejected(Rejected):
    """33: it was deleted. 131037: its name is not approved. Others: it is not registered."""

    kind = "sender_rejected"
    codes = frozenset({33, 131037, 131045, 133000, 133005, 133006, 133008, 133009, 133010, 133015})


class AccountBlocked(Rejected):
    """368: blocked for a policy violation. 131031: locked. Every send fails until it is lifted."""

    kind = "account_blocked"
    codes = frozenset({368, 131031})


class PaymentMethodMissing(Rejected):
    """Every send fails until one is added. 131044: the same for calls."""

    kind = "payment_method_missing"
    codes = frozenset({131042, 131044})


class UnknownMetaCode(Rejected):
    """In logs and metrics, this kind shows that ``code`` needs a class."""

    kind = "unknown_meta_code"


class MetaAccessDenied(AuthenticationError):
    """0, 190: Chakra's token with Meta is invalid. Others: a permission is missing."""

    kind = "meta_access_denied"
    codes = frozenset({0, 3, 10, 190, *range(200, 300), 131005})


class PairRateLimited(RateLimited):
    """One message in 6 seconds from one number to one recipient, with short bursts."""

    kind = "pair_rate_limited"
    codes = frozenset({131056})
    default_retry_after = 6.0


class SenderRateLimited(RateLimited):
    """80 messages a second of one number, in and out, unless Meta raised the limit."""

    kind = "sender_rate_limited"
    codes = frozenset({130429})


class GroupRateLimited(RateLimited):
    kind = "group_rate_limited"
    codes = frozenset({131208})
    default_retry_after = HOUR_SECONDS


class RegistrationLimited(RateLimited):
    """Too many registrations of one number in a short time."""

    kind = "registration_limited"
    codes = frozenset({133016})
    default_retry_after = DAY_SECONDS


class ClassificationLimited(RateLimited):
    """Templates of this account were submitted in the wrong category."""

    kind = "classification_limited"
    codes = frozenset({131064})
    default_retry_after = DAY_SECONDS


class FlowRateLimited(RateLimited):
    kind = "flow_rate_limited"
    codes = frozenset({132069})
    default_retry_after = HOUR_SECONDS


class AccountRateLimited(RateLimited):
    """Meta counts the calls about one account by the hour, all of Chakra's together."""

    kind = "account_rate_limited"
    codes = frozenset({4, 80007, 80008})
    default_retry_after = HOUR_SECONDS


class SpamRateLimited(RateLimited):
    kind = "spam_rate_limited"
    codes = frozenset({131048})
    default_retry_after = DAY_SECONDS


class BlockListUnavailable(Unavailable):
    """139102: it changed in the meantime. 139103: an internal error."""

    kind = "block_list_unavailable"
    codes = frozenset({139102, 139103})
    default_retry_after = MINUTE_SECONDS


class MetaUnavailable(Unavailable):
    """1, 2, 131000: something failed. Others: down or in maintenance."""

    kind = "meta_unavailable"
    codes = frozenset({1, 2, 131000, 131016, 131057, 133004})
    default_retry_after = MINUTE_SECONDS


def concerns_template(error: BotError) -> bool:
    """Return whether the template may have changed at Meta: such codes start at 132000."""
    if isinstance(error, TemplateRejected):
        return True
    return isinstance(error, PolicyRejected | ParametersRejected) and error.code in range(
        132000, 133000
    )
