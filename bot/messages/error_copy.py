"""The sentences for WhatsApp's refusals: one for each class of Meta's errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from bot.chakra import meta_errors as meta
from bot.errors import ChakraError
from bot.slack import blocks
from bot.slack.blocks import markup
from bot.slack.copy.explain import Explainer
from bot.slack.copy.explanation import ErrorCopy, ErrorTable, Explanation

MAX_DETAILS_LENGTH = 300


@dataclass(frozen=True, slots=True)
class WhatsAppErrorCopy:
    """The copy of one error class, as in `ErrorCopy`.

    ``quotes_details`` puts Meta's own sentence about the case before the remedy.
    """

    summary: str
    remedy: str
    quotes_details: bool = False
    is_service_error: bool = False


def _explain(copy: WhatsAppErrorCopy, error: ChakraError) -> Explanation:
    plain = ErrorCopy(copy.summary, copy.remedy, copy.is_service_error).explain(error)
    details = blocks.clip(error.details, MAX_DETAILS_LENGTH) if copy.quotes_details else ""
    if not details:
        return plain
    quote = markup("WhatsApp says: “", details, f"” ({error.code}). ")
    return replace(
        plain,
        remedy=markup(quote, plain.remedy),
        remedy_with_reference=markup(quote, plain.remedy_with_reference)
        if plain.remedy_with_reference
        else None,
    )


WHATSAPP_ERROR_COPY: Mapping[type[ChakraError], WhatsAppErrorCopy] = {
    meta.RecipientRejected: WhatsAppErrorCopy(
        "WhatsApp can't deliver to this number.",
        "It may not be on WhatsApp, use a very old version, or not have accepted its terms; "
        "WhatsApp doesn't say which. Check the number, or reach this person another way.",
    ),
    meta.RecipientIsSender: WhatsAppErrorCopy(
        "The recipient and the sender are the same number.",
        "Choose another recipient, or another sender.",
    ),
    meta.RecipientNotTester: WhatsAppErrorCopy(
        "The sender is a test number, and this recipient isn't on its list.",
        "Choose another sender, or ask {admin} to add the recipient in Meta's App Dashboard "
        "(at most five).",
    ),
    meta.RecipientIdentityChanged: WhatsAppErrorCopy(
        "This person has a new phone or installed WhatsApp again.",
        "WhatsApp holds back messages until the change is confirmed. Make sure that it is still "
        "the same person, and ask {admin} to confirm it in Chakra.",
    ),
    meta.PhoneNumberRequired: WhatsAppErrorCopy(
        "This template can only be sent to a phone number.",
        "WhatsApp doesn't show this person's number. Ask them for it, or choose a template that "
        "isn't for one-time codes.",
    ),
    meta.CountryRestricted: WhatsAppErrorCopy(
        "WhatsApp doesn't let this account send to this person's country.",
        "Sending again won't help. Reach this person another way.",
    ),
    meta.OptedOut: WhatsAppErrorCopy(
        "This person has opted out of your marketing messages.",
        "Please respect that. Only non-marketing templates, such as order updates, can still reach "
        "them.",
    ),
    meta.MarketingCapped: WhatsAppErrorCopy(
        "Meta limits how much marketing one person gets, across all businesses.",
        "This message was not delivered. Wait at least {wait} before trying again.",
    ),
    meta.MarketingExperiment: WhatsAppErrorCopy(
        "Meta is withholding marketing messages from this person as part of a test.",
        "Sending again won't help. Only non-marketing templates can still reach them.",
    ),
    meta.MarketingRouteRequired: WhatsAppErrorCopy(
        "This account may not send marketing templates this way.",
        "Choose a template of another category, or ask {admin} to check the marketing messages "
        "settings in WhatsApp Manager.",
        quotes_details=True,
        is_service_error=True,
    ),
    meta.WindowClosed: WhatsAppErrorCopy(
        "This person last wrote over 24 hours ago, so WhatsApp only accepts approved templates.",
        "Send a template: `/chakra send`.",
    ),
    meta.TemplateRejected: WhatsAppErrorCopy(
        "WhatsApp has no approved template with this name in this language.",
        "Choose another template or language: `/chakra templates` lists them.",
        quotes_details=True,
    ),
    meta.TemplateUnavailable: WhatsAppErrorCopy(
        "This template is paused or disabled, so it can't be sent.",
        "WhatsApp does that when people block or report messages. "
        "Choose another one: `/chakra templates` shows the status of each.",
    ),
    meta.TemplateNotReady: WhatsAppErrorCopy(
        "WhatsApp can't use this template for marketing yet.",
        "A new or changed template takes up to ten minutes. Try again in {wait}, or choose another "
        "template.",
        quotes_details=True,
    ),
    meta.PolicyRejected: WhatsAppErrorCopy(
        "WhatsApp says this template breaks one of its rules.",
        "Choose another template, or have its text changed.",
        quotes_details=True,
    ),
    meta.ParametersRejected: WhatsAppErrorCopy(
        "WhatsApp didn't accept the values you entered.",
        "Correct them and try again.",
        quotes_details=True,
    ),
    meta.MediaRejected: WhatsAppErrorCopy(
        "WhatsApp couldn't use the file.",
        "Its link must be open to everyone, and the file of the type that the template needs: "
        "an image up to 5 MB, a video up to 16 MB, a document up to 100 MB.",
        quotes_details=True,
    ),
    meta.ContentUnavailable: WhatsAppErrorCopy(
        "WhatsApp couldn't pass on the content of this message.",
        "This can happen while a chat is being set up. Wait a few minutes and send it again.",
        quotes_details=True,
    ),
    meta.MessageExpired: WhatsAppErrorCopy(
        "WhatsApp couldn't deliver this message in time.",
        "The phone may have been off or offline. Send it again if it is still useful.",
    ),
    meta.DirectSendBlocked: WhatsAppErrorCopy(
        "WhatsApp only lets this account send approved templates.",
        "Send a template: `/chakra send`.",
        quotes_details=True,
    ),
    meta.GroupRejected: WhatsAppErrorCopy(
        "WhatsApp can't send to this group.",
        "Check its members, its size, and whether your number may use groups.",
        quotes_details=True,
    ),
    meta.CallRejected: WhatsAppErrorCopy(
        "WhatsApp doesn't allow this call.",
        "Calls must be switched on for the number, and the person must have allowed them.",
        quotes_details=True,
    ),
    meta.BlockListRejected: WhatsAppErrorCopy(
        "WhatsApp changed the list of blocked people only in part, or not at all.",
        "The list may be full. Check it in Chakra.",
        quotes_details=True,
    ),
    meta.SenderRejected: WhatsAppErrorCopy(
        "The sender's number isn't ready to send.",
        "Choose another sender, or contact {admin}: its name isn't approved, or the number is "
        "deleted or isn't registered properly.",
        is_service_error=True,
    ),
    meta.AccountBlocked: WhatsAppErrorCopy(
        "WhatsApp has blocked or locked your business account.",
        "Nothing can be sent until the block is lifted. Contact {admin}; Meta Business Support "
        "shows the reason.",
        quotes_details=True,
        is_service_error=True,
    ),
    meta.PaymentMethodMissing: WhatsAppErrorCopy(
        "WhatsApp has paused sending because of a billing problem.",
        "Ask {admin} to check the payment method in WhatsApp Manager.",
        is_service_error=True,
    ),
    meta.UnknownMetaCode: WhatsAppErrorCopy(
        "WhatsApp refused this with code {code}, which this app doesn't know.",
        "Fix the problem and try again. If that doesn't help, {report}.",
        quotes_details=True,
        is_service_error=True,
    ),
    meta.MetaAccessDenied: WhatsAppErrorCopy(
        "WhatsApp doesn't let Chakra act for your business account.",
        "Nothing can be sent until that is fixed. Ask {admin} to check the connection and its "
        "permissions on Chakra's WhatsApp Setup page.",
        quotes_details=True,
        is_service_error=True,
    ),
    meta.PairRateLimited: WhatsAppErrorCopy(
        "Too many messages were sent to this person in a short time.",
        "WhatsApp refused this one, so it was not delivered. Try again in {wait}.",
    ),
    meta.SenderRateLimited: WhatsAppErrorCopy(
        "Too many messages are being sent from this number.",
        "WhatsApp refused this one, so it was not delivered. Try again in {wait}.",
    ),
    meta.GroupRateLimited: WhatsAppErrorCopy(
        "Too many messages are being sent to groups.",
        "WhatsApp refused this one, so it was not delivered. Try again in {wait}.",
    ),
    meta.RegistrationLimited: WhatsAppErrorCopy(
        "The sender's number was registered too many times in a short time.",
        "Try again in {wait}, or choose another sender.",
        is_service_error=True,
    ),
    meta.ClassificationLimited: WhatsAppErrorCopy(
        "WhatsApp has limited this account because its templates were in the wrong category.",
        "Try again in {wait}. Ask {admin} to correct the categories in WhatsApp Manager.",
        quotes_details=True,
        is_service_error=True,
    ),
    meta.FlowRateLimited: WhatsAppErrorCopy(
        "WhatsApp is limiting messages with this form for now.",
        "The form fails for many people who open it. Try again in {wait}, or choose a "
        "template without a form.",
    ),
    meta.AccountRateLimited: WhatsAppErrorCopy(
        "Your account has reached WhatsApp's hourly limit.",
        "Nothing was sent or changed. Try again in {wait}.",
        is_service_error=True,
    ),
    meta.SpamRateLimited: WhatsAppErrorCopy(
        "WhatsApp has restricted this sender because people blocked or reported it.",
        "Don't send from it for {wait}, and contact {admin}.",
        is_service_error=True,
    ),
    meta.BlockListUnavailable: WhatsAppErrorCopy(
        "WhatsApp is already changing the list of blocked people.",
        "Try again in {wait}.",
        is_service_error=True,
    ),
    meta.MetaUnavailable: WhatsAppErrorCopy(
        "WhatsApp is having problems right now. Nothing was delivered or changed.",
        "Try again in {wait}.",
        is_service_error=True,
    ),
}

WHATSAPP_ERRORS: ErrorTable = {
    kind: partial(_explain, copy) for kind, copy in WHATSAPP_ERROR_COPY.items()
}
EXPLAINER = Explainer(WHATSAPP_ERRORS)
"""The sentences of the whole app: every error that a person may see."""
