"""Meta's errors as Chakra passes them on: one table of codes, one exception, one body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from starlette.responses import JSONResponse, Response

from bot.sandbox.chakra import envelope

FBTRACE_ID = "AEmbeddedChakraTrace00"
ERROR_CODES_URL = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
INVALID_PARAMETER = 100
UNKNOWN_PATH = 2500

ERROR_TITLES: Mapping[int, str] = {
    1: "An unknown error occurred",
    2: "Service temporarily unavailable",
    4: "Application request limit reached",
    10: "Application does not have permission for this action",
    INVALID_PARAMETER: "Invalid parameter",
    190: "Error validating access token",
    368: "The account is temporarily blocked for policies violations",
    UNKNOWN_PATH: "Unknown path components",
    80007: "Rate limit issues",
    130429: "Rate limit hit",
    130472: "User's number is part of an experiment",
    130497: "Business account is restricted from messaging users in this country",
    131000: "Something went wrong",
    131005: "Access denied",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131016: "Service unavailable",
    131021: "Recipient cannot be sender",
    131026: "Message undeliverable",
    131030: "Recipient phone number not in allowed list",
    131031: "Business Account locked",
    131037: "Display name approval is needed",
    131042: "Business eligibility payment issue",
    131044: "Business eligibility payment issue",
    131045: "Incorrect certificate",
    131047: "Re-engagement message",
    131048: "Spam rate limit hit",
    131049: "This message was not delivered to maintain healthy ecosystem engagement",
    131050: "User has stopped receiving marketing messages from this business",
    131051: "Unsupported message type",
    131052: "Media download error",
    131053: "Media upload error",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    131057: "Account in maintenance mode",
    131060: "This message is unavailable",
    131062: "Business-scoped user ID not supported for this message",
    131063: "Marketing messages are disabled on Cloud API",
    131064: "Account restricted for template classification violations",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132005: "Translated text too long",
    132007: "Template format character policy violated",
    132008: "Parameter value is not valid",
    132012: "Parameter format does not match format in the created template",
    132015: "Template is paused",
    132016: "Template is disabled",
    132018: "There was an issue with the parameters in your template",
    132068: "Flow is in blocked state",
    132069: "Flow is in throttled state",
    133010: "Phone number not registered",
    133016: "Account register deregister rate limit exceeded",
    134102: "Template unavailable for use",
    135000: "Generic user error",
    137000: "Recipient identity key hash has changed",
    138000: "Calling not enabled",
    138006: "No approved call permission found",
    139200: "Direct send is blocked",
}
"""Meta's Cloud API error codes. 132018, 131060 and 134102 aren't in the documented table:
integrations report them. Titles from 131060 to 131064, and from 134102, are INFERRED."""

ERROR_DETAILS: Mapping[int, str] = {
    130429: "Cloud API message throughput has been reached.",
    130472: "Failed to send message because this user's phone number is part of an experiment",
    131021: "The recipient's and the sender's phone numbers are the same.",
    131026: "Message Undeliverable.",
    131042: "Message failed to send because there were one or more errors related to your payment "
    "method.",
    131047: "Message failed to send because more than 24 hours have passed since the customer last "
    "replied to this number.",
    131048: "Message failed to send because there are restrictions on how many messages can be "
    "sent from this phone number.",
    131049: "In order to maintain a healthy ecosystem engagement, the message failed to be "
    "delivered.",
    131053: "The media could not be downloaded from the link, or is not of the expected type.",
    131056: "Message failed to send because there were too many messages sent from this phone "
    "number to the same phone number in a short period of time.",
}

MetaErrorFormat = Literal["meta", "errors", "200"]
"""The response of a Meta error. Which one is real is UNKNOWN: Meta's own body with 400, its message
in ``_errors`` with 400, or the latter with 200."""


class MetaApiError(Exception):
    """Raised by a resource.

    ``subcode``, ``user_title`` and ``user_words`` belong to template errors, ``details`` to message
    errors.
    """

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        subcode: int | None = None,
        user_title: str = "",
        user_message: str = "",
    ) -> None:
        super().__init__(code, details or user_message)
        self.code = code
        self.details = details or ERROR_DETAILS.get(code, "")
        self.subcode = subcode
        self.user_title = user_title
        self.user_message = user_message

    @property
    def message(self) -> str:
        title = find_error_title(self.code)
        return title if self.subcode else f"(#{self.code}) {title}"

    def to_body(self) -> dict[str, Any]:
        return build_error_body(
            self.code,
            self.message,
            details=self.details,
            error_subcode=self.subcode,
            error_user_title=self.user_title,
            error_user_msg=self.user_message,
        )

    def format_line(self) -> str:
        """Return everything in one line, as an item of ``_errors``."""
        message = (
            self.message if self.message.startswith("(#") else f"(#{self.code}) {self.message}"
        )
        more = self.details or self.user_message
        return f"{message}: {more}" if more else message


def find_error_title(code: int) -> str:
    return ERROR_TITLES.get(code, "Some error")


def build_error_body(code: int, message: str, *, details: str, **extra: Any) -> dict[str, Any]:
    """Return Meta's error object, without empty values of ``more``."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
    error |= {key: value for key, value in extra.items() if value}
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return {"error": {**error, "fbtrace_id": FBTRACE_ID}}


def render_error(error: MetaApiError, error_format: MetaErrorFormat) -> Response:
    if error_format == "meta":
        return JSONResponse(error.to_body(), 400)
    return envelope.build_error_response(200 if error_format == "200" else 400, error.format_line())


def build_status_error(code: int) -> dict[str, Any]:
    """Return one of the ``errors`` of a ``failed`` status."""
    title = find_error_title(code)
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": ERROR_DETAILS.get(code, f"{title}.")},
        "href": ERROR_CODES_URL,
    }
