"""The errors that people are shown: their kinds, and whether and when a retry can help.

::

    BotError
    ├── Interrupted            this app stopped, or gave up, before the response arrived
    ├── PreparationFailed      a step before a send failed; nothing was sent
    ├── UserError              the person's own situation; not an incident
    │   ├── UsageError             the command cannot be parsed
    │   │   ├── RecipientOptedOut      the recipient wants no such messages; nothing was sent
    │   │   └── NoLongerMeant          something changed since the person looked; nothing was sent
    │   ├── NotAllowed             this person may not do that
    │   ├── NotFound               nothing matches
    │   ├── NotLinked              no Chakra user belongs to this Slack member
    │   ├── UnknownMember          Slack does not know or show this member
    │   ├── InvalidFile            the chosen file cannot be used here
    │   └── NotConfigured          a setting of the bot is missing
    ├── ChakraError            Chakra responded with an error, or did not respond
    │   ├── Rejected               refused; a retry of the same request cannot help
    │   │   ├── RequestTooLarge        the request has too many bytes (413)
    │   │   └── ResourceNotFound       it does not exist (404)
    │   │       └── AddressNotFound        and no record was named
    │   ├── AuthenticationError    the access token is wrong or expired
    │   │   └── PermissionDenied       the token is valid, but its role may not do this
    │   ├── RateLimited            too many requests; ``retry_after`` is how long to wait
    │   ├── Unavailable            down, unreachable, too slow or failing; nothing was changed
    │   ├── OutcomeUnknown         a write was sent without a response: it may have happened
    │   ├── FileUploadFailed       a file could not be uploaded for WhatsApp; nothing was sent
    │   └── InvalidResponse        a response that cannot be parsed
    ├── DatabaseUnavailable    the database is down, full or locked; nothing was written
    │   └── DatabaseLocked         another process uses the same SQLite file
    └── SlackError             Slack refused a call; ``code`` is Slack's error code
        ├── TriggerExpired         too late to open a form
        ├── NotInChannel           closed, archived, or the bot is not a member
        └── FileUnavailable        an uploaded file cannot be downloaded

Meta's errors, which Chakra passes on, are subclasses in ``bot.chakra.meta_errors``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class SuggestedLine:
    """A command line that a button runs; ``label`` is the button's text, "" for the line itself."""

    line: str
    label: str = ""


class BotError(Exception):
    """The base class.

    ``kind`` is machine-readable (logs, metrics); ``retryable``: the same request may succeed later;
    ``retry_after`` is in seconds, or ``None`` if unknown.
    """

    kind = "error"
    retryable = False

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class Interrupted(BotError):
    """The app stopped, or gave up, before the response arrived."""

    kind = "interrupted"
    retryable = True


class PreparationFailed(BotError):
    """A step before a send failed. ``message`` is the reason, for the log."""

    kind = "preparation_failed"
    retryable = True


class UserError(BotError):
    """The person can resolve it; the app and Chakra are working.

    ``suggested_lines`` are what they may have meant.
    """

    kind = "user_error"
    suggested_lines: tuple[SuggestedLine, ...] = ()


class UsageError(UserError):
    """``message`` is what is wrong with the command; ``example`` can be copied."""

    kind = "usage"

    def __init__(
        self,
        message: str,
        *,
        example: str | None = None,
        suggested_lines: tuple[SuggestedLine, ...] = (),
    ) -> None:
        super().__init__(message)
        self.example = example
        self.suggested_lines = suggested_lines


class RecipientOptedOut(UsageError):
    """The recipient wants no more such messages. ``message`` says since when."""

    kind = "recipient_opted_out"


class NoLongerMeant(UsageError):
    """What would be sent is no longer what the person saw. ``message`` says why."""

    kind = "no_longer_meant"


class NotAllowed(UserError):
    """``required_role`` is the role that is needed; ``is_unverified``: Slack did not respond."""

    kind = "not_allowed"

    def __init__(
        self, required_role: str, *, reason: str = "", is_unverified: bool = False
    ) -> None:
        super().__init__(reason)
        self.required_role = required_role
        self.is_unverified = is_unverified


class NotFound(UserError):
    """``resource`` is the type of thing ("user"), ``query`` what was typed.

    ``query`` is empty for what was pressed: people don't know its ID in the database.
    """

    kind = "not_found"

    def __init__(
        self,
        resource: str,
        query: str,
        *,
        hint: str = "",
        suggestions: tuple[str, ...] = (),
        suggested_lines: tuple[SuggestedLine, ...] = (),
    ) -> None:
        super().__init__(hint)
        self.resource = resource
        self.query = query
        self.suggestions = suggestions
        self.suggested_lines = suggested_lines


class not_found_as:  # noqa: N801 - used like a function, as contextlib.suppress
    """Raise ``NotFound`` in place of Chakra's ``ResourceNotFound``: the person asked for it."""

    __slots__ = ("_hint", "_query", "_resource")

    def __init__(self, resource: str, query: str, *, hint: str = "") -> None:
        self._resource = resource
        self._query = query
        self._hint = hint

    def __enter__(self) -> None:
        """Do nothing until the block ends."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ResourceNotFound):
            raise NotFound(self._resource, self._query, hint=self._hint) from None


class NotLinked(UserError):
    """``member_id`` is a Slack member ID; ``reason`` is the step of the lookup that failed."""

    kind = "not_linked"

    def __init__(self, member_id: str, reason: str) -> None:
        super().__init__(reason)
        self.member_id = member_id


class UnknownMember(UserError):
    """Slack does not know or show the member ``member_id``: a person from another workspace."""

    kind = "unknown_member"

    def __init__(self, member_id: str) -> None:
        super().__init__()
        self.member_id = member_id


class InvalidFile(UserError):
    """``message`` is what is wrong with the file, and which files are accepted."""

    kind = "invalid_file"


class NotConfigured(UserError):
    """``setting`` is the name of the environment variable that is missing."""

    kind = "not_configured"

    def __init__(self, setting: str, message: str = "") -> None:
        super().__init__(message)
        self.setting = setting


class ChakraError(BotError):
    """An error from Chakra, or from Meta behind it.

    ``endpoint`` is the path template (never the path: IDs are personal data), ``status`` the HTTP
    status or ``None``, ``request_id`` Chakra's ID of the request, or ours.

    For an error from Meta, ``code`` is its code and ``details`` its text about this case. Each code
    is in the ``codes`` of one class, where ``bot.chakra.meta`` looks it up.
    ``default_retry_after`` is the number of seconds after which a retry may help, if the response
    does not say.
    """

    kind = "chakra"
    codes: ClassVar[frozenset[int]] = frozenset()
    default_retry_after: ClassVar[float | None] = None

    def __init__(
        self,
        message: str = "",
        *,
        endpoint: str = "",
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        code: int | None = None,
        details: str = "",
    ) -> None:
        wait = self.default_retry_after if retry_after is None else retry_after
        super().__init__(message, retry_after=wait)
        self.endpoint = endpoint
        self.status = status
        self.request_id = request_id
        self.code = code
        self.details = details


class Rejected(ChakraError):
    kind = "rejected"


class RequestTooLarge(Rejected):
    kind = "request_too_large"


class ResourceNotFound(Rejected):
    kind = "resource_not_found"


class AddressNotFound(ResourceNotFound):
    """The request's address doesn't name a record, as for a list or a message."""

    kind = "address_not_found"


class AuthenticationError(ChakraError):
    kind = "authentication_error"


class PermissionDenied(AuthenticationError):
    kind = "permission_denied"


class RateLimited(ChakraError):
    kind = "rate_limited"
    retryable = True


class Unavailable(ChakraError):
    kind = "unavailable"
    retryable = True


class OutcomeUnknown(ChakraError):
    kind = "outcome_unknown"


class FileUploadFailed(ChakraError):
    """``message`` is Chakra's reason; "" if Chakra did not respond."""

    kind = "file_upload_failed"


class InvalidResponse(ChakraError):
    """``field`` is the dotted path in the body at which parsing stopped ("_data.id")."""

    kind = "invalid_response"

    def __init__(
        self,
        message: str = "",
        *,
        field: str = "",
        endpoint: str = "",
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, endpoint=endpoint, status=status, request_id=request_id)
        self.field = field


class DatabaseUnavailable(BotError):
    """The database cannot be reached, is full or locked. Nothing was written."""

    kind = "database_unavailable"
    retryable = True


class DatabaseLocked(DatabaseUnavailable):
    """Another process uses the same SQLite file."""

    kind = "database_locked"


SLACK_TRANSIENT_CODES = frozenset(
    {"unreachable", "ratelimited", "fatal_error", "internal_error", "service_unavailable"}
)
"""Error codes of Slack when it is down or busy; ``unreachable`` is ours.

Source: docs.slack.dev/reference/methods, the errors of each method."""


MISSING_SCOPE = "missing_scope"
"""The code of a call whose scope was not granted."""
UNTRUSTED_URL = "untrusted_url"
"""Ours, for a file on a host that the app doesn't download from."""


class SlackError(BotError):
    """An error from Slack's Web API.

    ``method`` is the API method, ``code`` the ``error`` of the response, ``needed_scope`` the
    missing one. ``not_sent``: no connection was made, so the call cannot have arrived.
    ``is_unconfirmed``: it may have taken effect, but Slack's response was lost or says nothing.
    """

    kind = "slack"

    def __init__(
        self,
        method: str,
        code: str,
        *,
        retry_after: float | None = None,
        not_sent: bool = False,
        needed_scope: str = "",
    ) -> None:
        super().__init__(f"{method}: {code}", retry_after=retry_after)
        self.needed_scope = needed_scope
        self.method = method
        self.code = code
        self.not_sent = not_sent
        self.is_unconfirmed = not not_sent and (
            code in ("unreachable", "unreadable") or code.startswith("http_5")
        )
        self.retryable = code in SLACK_TRANSIENT_CODES or code.startswith("http_5")


class TriggerExpired(SlackError):
    kind = "trigger_expired"


class NotInChannel(SlackError):
    kind = "not_in_channel"


class FileUnavailable(SlackError):
    """An uploaded file cannot be downloaded.

    ``code`` is Slack's, or ours: ``sign_in`` (Slack responded with its sign-in page, as without the
    scope files:read), ``external_file``, ``untrusted_url`` (not Slack's), ``too_large``,
    ``http_404``.
    """

    kind = "file_unavailable"
