"""The sentences of `explain.py` for what WhatsApp refuses: one row for each class of error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.chakra import meta_errors as meta
from bot.errors import ChakraError


@dataclass(frozen=True, slots=True)
class ErrorCopy:
    """``what`` happened; ``remedy``: what it means and what to do, with ``{wait}`` for the time
    ("6 seconds"), ``{admin}`` for whom to tell and ``{code}`` for Meta's code. ``quoted`` puts
    Meta's own words about this case before the remedy; ``ours`` as in ``Explanation``."""

    summary: str
    remedy: str
    quotes_details: bool = False
    is_service_error: bool = False


WHATSAPP_ERROR_COPY: Mapping[type[ChakraError], ErrorCopy] = {
    meta.RecipientRejected: ErrorCopy(
        "WhatsApp cannot deliver to this number.",
        "It may not be on WhatsApp, use a very old version, or not have accepted its terms; "
        "WhatsApp does not say which. Check the number, or reach this person another way.",
    ),
    meta.RecipientIsSender: ErrorCopy(
        "The recipient is the very number that sends.",
        "Choose another recipient, or another sender.",
    ),
    meta.CountryRestricted: ErrorCopy(
        "WhatsApp does not let this account send to this person’s country.",
        "Sending again cannot help. Reach this person another way.",
    ),
    meta.OptedOut: ErrorCopy(
        "This person has stopped marketing messages from you.",
        "Please respect that. Only a template that is no marketing, such as an order update, "
        "can still reach them.",
    ),
    meta.MarketingCapped: ErrorCopy(
        "WhatsApp did not deliver this: the person has had enough marketing for now.",
        "The limit counts the messages of all businesses together. Wait at least {wait}; "
        "sooner, sending again cannot help.",
    ),
    meta.MarketingExperiment: ErrorCopy(
        "WhatsApp keeps marketing from this person, as an experiment of its own.",
        "Sending again cannot help. A template that is no marketing can still reach them.",
    ),
    meta.WindowClosed: ErrorCopy(
        "This person last wrote more than 24 hours ago, so WhatsApp takes approved templates only.",
        "Send a template: `/chakra send`.",
    ),
    meta.TemplateRejected: ErrorCopy(
        "WhatsApp has no approved template of this name in this language.",
        "Choose another template or language: `/chakra templates` shows what there is.",
        quotes_details=True,
    ),
    meta.TemplateUnavailable: ErrorCopy(
        "This template is paused or disabled, so it cannot be sent.",
        "WhatsApp does that when people block or report what they get. "
        "Choose another one: `/chakra templates` shows the state of each.",
    ),
    meta.PolicyRejected: ErrorCopy(
        "WhatsApp says that this template breaks one of its rules.",
        "Choose another template, or have its text changed.",
        quotes_details=True,
    ),
    meta.ParametersRejected: ErrorCopy(
        "WhatsApp does not accept what was filled in.",
        "Correct it and try again.",
        quotes_details=True,
    ),
    meta.MediaRejected: ErrorCopy(
        "WhatsApp could not use the file.",
        "Its address must be open to everyone, and the file of the sort that the template wants: "
        "an image up to 5 MB, a video up to 16 MB, a document up to 100 MB.",
        quotes_details=True,
    ),
    meta.SenderRejected: ErrorCopy(
        "The number that should send is not ready for it.",
        "Choose another sender, or tell {admin}: its name is not approved or it is not registered.",
        is_service_error=True,
    ),
    meta.AccountBlocked: ErrorCopy(
        "WhatsApp has blocked or locked your business account.",
        "Nothing can be sent until that is lifted. Tell {admin}; Meta Business Support shows why.",
        quotes_details=True,
        is_service_error=True,
    ),
    meta.PaymentMethodMissing: ErrorCopy(
        "WhatsApp sends nothing until the payment of your business account is in order.",
        "Tell {admin} to check its means of payment in Meta’s WhatsApp Manager.",
        is_service_error=True,
    ),
    meta.UnknownMetaCode: ErrorCopy(
        "WhatsApp refused this with code {code}, which this app does not know.",
        "Change what it objects to and try again. If that does not help, give {admin} the "
        "reference below.",
        quotes_details=True,
        is_service_error=True,
    ),
    meta.MetaAccessDenied: ErrorCopy(
        "WhatsApp does not let Chakra act for your business account.",
        "Nothing can be sent until that is mended. Tell {admin} to check the connection and its "
        "permissions on Chakra’s WhatsApp Setup page.",
        quotes_details=True,
        is_service_error=True,
    ),
    meta.PairRateLimited: ErrorCopy(
        "Too many messages went to this person in a short time.",
        "WhatsApp refused this one, so it was not delivered. Try again in {wait}.",
    ),
    meta.SenderRateLimited: ErrorCopy(
        "Too many messages are going out from this number at once.",
        "WhatsApp refused this one, so it was not delivered. Try again in {wait}.",
    ),
    meta.FlowRateLimited: ErrorCopy(
        "WhatsApp lets only few messages with this form go out for now.",
        "It has been failing for the people who open it. Try again in {wait}, or choose a "
        "template without a form.",
    ),
    meta.AccountRateLimited: ErrorCopy(
        "WhatsApp takes only so many calls about an account in an hour, and they are used up.",
        "Nothing was sent or changed. Try again in {wait} at the latest.",
        is_service_error=True,
    ),
    meta.SpamRateLimited: ErrorCopy(
        "WhatsApp holds this number back, because people blocked or reported its messages.",
        "Send nothing more from it for {wait}, and tell {admin}.",
        is_service_error=True,
    ),
    meta.MetaUnavailable: ErrorCopy(
        "WhatsApp itself is failing right now. Nothing was delivered or changed.",
        "Try again in {wait}.",
        is_service_error=True,
    ),
}
