"""Every error that a person may hear of, each with a kind, and whether and when a repeat can help.

::

    BotError
    ├── Interrupted            this app was stopped, or gave up, before the answer was there
    ├── NotPrepared            what must come before a send did not come through; nothing was sent
    ├── PersonError            the person's own situation; nobody is paged
    │   ├── UsageError             the typed line cannot be read
    │   ├── NotAllowed             this person may not do that
    │   ├── NotFound               nothing matches
    │   ├── NotLinked              nobody in Chakra belongs to this Slack member
    │   ├── FileUnfit              the chosen file is not one that can be used here
    │   └── NotSetUp               a setting of the bot is missing
    ├── ChakraError            Chakra's answer, or its silence
    │   ├── Rejected               refused as it stands; a repeat cannot help
    │   │   └── Missing                it knows no such thing (404)
    │   ├── KeyRefused             the access token is wrong or expired
    │   │   └── RoleTooSmall           it is right, and its role may not do this
    │   ├── Throttled              asked too often; ``retry_after`` says how long to wait
    │   ├── Unavailable            down, unreachable, too slow or failing; nothing was changed
    │   ├── OutcomeUnknown         a write left and its answer never came: it may have happened
    │   ├── FileNotTaken           a file could not be put up for WhatsApp; nothing was sent
    │   └── Unreadable             an answer that does not fit the contract
    ├── StoreUnavailable       the database is down, full or locked; nothing was written
    │   └── StoreInUse             another process works on the same SQLite file
    └── SlackError             Slack refused a call of ours; ``code`` is Slack's word
        ├── TriggerExpired         too late to open a form
        ├── NotInChannel           closed, archived, or the bot is not a member
        └── FileNotGiven           a file that somebody uploaded cannot be had

What Meta refuses behind Chakra has classes of its own below these: ``bot/chakra/meta_errors.py``.
"""

from __future__ import annotations

from typing import ClassVar


class BotError(Exception):
    """The root. ``kind`` is machine-readable (logs, metrics); ``repeat_helps`` is about the same
    request once more; ``retry_after`` is in seconds, where it is known."""

    kind = "error"
    repeat_helps = False

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class Interrupted(BotError):
    kind = "interrupted"
    repeat_helps = True


class NotPrepared(BotError):
    """``message`` is for the log: why it stopped."""

    kind = "not_prepared"
    repeat_helps = True


class PersonError(BotError):
    kind = "person"


class UsageError(PersonError):
    """``message`` says what is wrong with the line; ``example`` is a line that can be copied."""

    kind = "usage"

    def __init__(self, message: str, *, example: str | None = None) -> None:
        super().__init__(message)
        self.example = example


class NotAllowed(PersonError):
    """``needs`` names the role that was asked for; ``unsure`` when Slack could not be asked."""

    kind = "not_allowed"

    def __init__(self, needs: str, *, reason: str = "", unsure: bool = False) -> None:
        super().__init__(reason)
        self.needs = needs
        self.unsure = unsure


class NotFound(PersonError):
    """``what`` is the sort of thing ("user"), ``sought`` the words of the person."""

    kind = "not_found"

    def __init__(
        self, what: str, sought: str, *, hint: str = "", near: tuple[str, ...] = ()
    ) -> None:
        super().__init__(hint)
        self.what = what
        self.sought = sought
        self.near = near


class NotLinked(PersonError):
    """``member`` is a Slack member id; ``reason`` says which step of the lookup found nothing."""

    kind = "not_linked"

    def __init__(self, member: str, reason: str) -> None:
        super().__init__(reason)
        self.member = member


class FileUnfit(PersonError):
    """``message`` says what is wrong with the file, and what would do."""

    kind = "file_unfit"


class NotSetUp(PersonError):
    """``setting`` is the name of the environment variable that is missing."""

    kind = "not_set_up"

    def __init__(self, setting: str, message: str = "") -> None:
        super().__init__(message)
        self.setting = setting


class ChakraError(BotError):
    """``endpoint`` is the path template (never the path: ids are personal data), ``status`` the
    HTTP status where there was one, ``request_id`` Chakra's own id of the request or ours.

    Where it was Meta that refused, behind Chakra, ``code`` is Meta's code and ``details`` what Meta
    says of this very case. A class owns the codes in its ``codes``, and no other class owns them;
    ``bot.chakra.meta`` finds it by them. ``not_before`` is about how many seconds must pass before
    a repeat can help; it is the ``retry_after`` of an answer that names none.
    """

    kind = "chakra"
    codes: ClassVar[frozenset[int]] = frozenset()
    not_before: ClassVar[float | None] = None

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
        wait = self.not_before if retry_after is None else retry_after
        super().__init__(message, retry_after=wait)
        self.endpoint = endpoint
        self.status = status
        self.request_id = request_id
        self.code = code
        self.details = details


class Rejected(ChakraError):
    kind = "rejected"


class Missing(Rejected):
    kind = "missing"


class KeyRefused(ChakraError):
    kind = "key_refused"


class RoleTooSmall(KeyRefused):
    kind = "role_too_small"


class Throttled(ChakraError):
    kind = "throttled"
    repeat_helps = True


class Unavailable(ChakraError):
    kind = "unavailable"
    repeat_helps = True


class OutcomeUnknown(ChakraError):
    kind = "outcome_unknown"


class FileNotTaken(ChakraError):
    """``message`` is what Chakra says against it; "" where it did not say whether it took it."""

    kind = "file_not_taken"


class Unreadable(ChakraError):
    """``field`` is the dotted place in the body where reading stopped ("_data.id")."""

    kind = "unreadable"

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


class StoreUnavailable(BotError):
    """The database cannot be reached, is full or locked. What was to be written is not."""

    kind = "store_unavailable"
    repeat_helps = True


class StoreInUse(StoreUnavailable):
    """Another process works on the same SQLite file."""

    kind = "store_in_use"


SLACK_PASSING = frozenset(
    {"unreachable", "ratelimited", "fatal_error", "internal_error", "service_unavailable"}
)
"""Codes of a Slack that is down or busy; ``unreachable`` is ours.

Source: docs.slack.dev/reference/methods, the errors of each method."""


class SlackError(BotError):
    """``method`` is the Web API method, ``code`` the ``error`` of Slack's answer; ``never_sent``
    where there was no connection for the call to leave by."""

    kind = "slack"

    def __init__(
        self,
        method: str,
        code: str,
        *,
        retry_after: float | None = None,
        never_sent: bool = False,
    ) -> None:
        super().__init__(f"{method}: {code}", retry_after=retry_after)
        self.method = method
        self.code = code
        self.never_sent = never_sent
        self.repeat_helps = code in SLACK_PASSING or code.startswith("http_5")


class TriggerExpired(SlackError):
    kind = "trigger_expired"


class NotInChannel(SlackError):
    kind = "not_in_channel"


class FileNotGiven(SlackError):
    """``code`` is Slack's word, or ours: ``sign_in`` (Slack's sign-in page came instead, as it does
    without the scope files:read), ``external_file``, ``elsewhere`` (an address that is not
    Slack's), ``too_large``, ``http_404``."""

    kind = "file_not_given"
