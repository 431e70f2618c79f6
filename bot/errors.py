"""Every error that a person may hear of, each with a kind, and whether and when a repeat can help.

::

    BotError
    ├── Interrupted            this app was stopped, or gave up, before the answer was there
    ├── PreparationFailed      what must come before a send did not come through; nothing was sent
    ├── UserError              the person's own situation; nobody is paged
    │   ├── UsageError             the typed line cannot be read
    │   ├── NotAllowed             this person may not do that
    │   ├── NotFound               nothing matches
    │   ├── NotLinked              nobody in Chakra belongs to this Slack member
    │   ├── InvalidFile            the chosen file is not one that can be used here
    │   └── NotConfigured          a setting of the bot is missing
    ├── ChakraError            Chakra's answer, or its silence
    │   ├── Rejected               refused as it stands; a repeat cannot help
    │   │   └── ResourceNotFound       it knows no such thing (404)
    │   ├── AuthenticationError    the access token is wrong or expired
    │   │   └── PermissionDenied       it is right, and its role may not do this
    │   ├── RateLimited            asked too often; ``retry_after`` says how long to wait
    │   ├── Unavailable            down, unreachable, too slow or failing; nothing was changed
    │   ├── OutcomeUnknown         a write left and its answer never came: it may have happened
    │   ├── FileUploadFailed       a file could not be put up for WhatsApp; nothing was sent
    │   └── InvalidResponse        an answer that does not fit the contract
    ├── DatabaseUnavailable    the database is down, full or locked; nothing was written
    │   └── DatabaseLocked         another process works on the same SQLite file
    └── SlackError             Slack refused a call of ours; ``code`` is Slack's word
        ├── TriggerExpired         too late to open a form
        ├── NotInChannel           closed, archived, or the bot is not a member
        └── FileUnavailable        a file that somebody uploaded cannot be had

What Meta refuses behind Chakra has classes of its own below these: ``bot/chakra/meta_errors.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class BotError(Exception):
    """The root. ``kind`` is machine-readable (logs, metrics); ``retryable`` is about the same
    request once more; ``retry_after`` is in seconds, where it is known."""

    kind = "error"
    retryable = False

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class Interrupted(BotError):
    kind = "interrupted"
    retryable = True


class PreparationFailed(BotError):
    """``message`` is for the log: why it stopped."""

    kind = "preparation_failed"
    retryable = True


class UserError(BotError):
    kind = "user_error"


class UsageError(UserError):
    """``message`` says what is wrong with the line; ``example`` is a line that can be copied."""

    kind = "usage"

    def __init__(self, message: str, *, example: str | None = None) -> None:
        super().__init__(message)
        self.example = example


class NotAllowed(UserError):
    """``required_role`` names the role that is needed; ``is_unverified`` when Slack could not be
    asked."""

    kind = "not_allowed"

    def __init__(
        self, required_role: str, *, reason: str = "", is_unverified: bool = False
    ) -> None:
        super().__init__(reason)
        self.required_role = required_role
        self.is_unverified = is_unverified


class NotFound(UserError):
    """``resource`` is the type of thing ("user"), ``query`` what was typed."""

    kind = "not_found"

    def __init__(
        self, resource: str, query: str, *, hint: str = "", suggestions: tuple[str, ...] = ()
    ) -> None:
        super().__init__(hint)
        self.resource = resource
        self.query = query
        self.suggestions = suggestions


@contextmanager
def not_found_as(resource: str, query: str, *, hint: str = "") -> Iterator[None]:
    """Raise ``NotFound`` in place of Chakra's ``ResourceNotFound``: the person asked for it."""
    try:
        yield
    except ResourceNotFound:
        raise NotFound(resource, query, hint=hint) from None


class NotLinked(UserError):
    """``member_id`` is a Slack member ID; ``reason`` says which step of the lookup found
    nothing."""

    kind = "not_linked"

    def __init__(self, member_id: str, reason: str) -> None:
        super().__init__(reason)
        self.member_id = member_id


class InvalidFile(UserError):
    """``message`` says what is wrong with the file, and what would do."""

    kind = "invalid_file"


class NotConfigured(UserError):
    """``setting`` is the name of the environment variable that is missing."""

    kind = "not_configured"

    def __init__(self, setting: str, message: str = "") -> None:
        super().__init__(message)
        self.setting = setting


class ChakraError(BotError):
    """``endpoint`` is the path template (never the path: ids are personal data), ``status`` the
    HTTP status where there was one, ``request_id`` Chakra's own id of the request or ours.

    Where it was Meta that refused, behind Chakra, ``code`` is Meta's code and ``details`` what Meta
    says of this very case. A class owns the codes in its ``codes``, and no other class owns them;
    ``bot.chakra.meta`` finds it by them. ``default_retry_after`` is about how many seconds must
    pass before
    a repeat can help; it is the ``retry_after`` of an answer that names none.
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


class ResourceNotFound(Rejected):
    kind = "resource_not_found"


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
    """``message`` is what Chakra says against it; "" where it did not say whether it took it."""

    kind = "file_upload_failed"


class InvalidResponse(ChakraError):
    """``field`` is the dotted place in the body where reading stopped ("_data.id")."""

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
    """The database cannot be reached, is full or locked. What was to be written is not."""

    kind = "database_unavailable"
    retryable = True


class DatabaseLocked(DatabaseUnavailable):
    """Another process works on the same SQLite file."""

    kind = "database_locked"


SLACK_TRANSIENT_CODES = frozenset(
    {"unreachable", "ratelimited", "fatal_error", "internal_error", "service_unavailable"}
)
"""Codes of a Slack that is down or busy; ``unreachable`` is ours.

Source: docs.slack.dev/reference/methods, the errors of each method."""


class SlackError(BotError):
    """``method`` is the Web API method, ``code`` the ``error`` of Slack's answer; ``not_sent``
    where there was no connection for the call to leave by."""

    kind = "slack"

    def __init__(
        self,
        method: str,
        code: str,
        *,
        retry_after: float | None = None,
        not_sent: bool = False,
    ) -> None:
        super().__init__(f"{method}: {code}", retry_after=retry_after)
        self.method = method
        self.code = code
        self.not_sent = not_sent
        self.retryable = code in SLACK_TRANSIENT_CODES or code.startswith("http_5")


class TriggerExpired(SlackError):
    kind = "trigger_expired"


class NotInChannel(SlackError):
    kind = "not_in_channel"


class FileUnavailable(SlackError):
    """``code`` is Slack's word, or ours: ``sign_in`` (Slack's sign-in page came instead, as it does
    without the scope files:read), ``external_file``, ``elsewhere`` (an address that is not
    Slack's), ``too_large``, ``http_404``."""

    kind = "file_unavailable"
