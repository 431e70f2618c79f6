"""The types of commands: Command, Action, Form, Options, Shortcut, Event; their requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from bot.errors import NotAllowed
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.permissions import AccessDecision, Permission
from bot.slack.commands.reply import Choices, FieldErrors, Reply
from bot.slack.member import Member

ContextT = TypeVar("ContextT")
"""The services that handlers may use. The router passes the context on and never reads it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acted, from Slack's signed request. ``team`` is the *person's* workspace."""

    id: str
    team: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class RequestChannel:
    """Where the person acted. ``id`` is empty in a form that was opened outside any channel."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that a person chose in a form; Slack stores it under ``id``. ``size`` is in bytes.

    What the payload leaves out (``file_access: check_file_info``) is "" or ``None``.
    """

    id: str
    name: str = field(default="", repr=False)
    mimetype: str = ""
    size: int | None = None


UploadedFiles = Mapping[str, tuple[UploadedFile, ...]]
"""``block_id`` -> the chosen files; only fields that have any."""


@dataclass(frozen=True, slots=True)
class Request:
    """What every handler gets.

    ``access`` has been checked against what the command needs; ``reference`` is the request ID that
    the log has; ``now`` is in seconds since the epoch.
    """

    actor: Actor
    channel: RequestChannel
    access: AccessDecision
    reference: str
    now: float

    @property
    def member(self) -> Member | None:
        """The actor as read for the access check; ``None`` if Slack did not respond."""
        return self.access.member

    def require_member(self) -> Member:
        """Return the member. Raise ``NotAllowed`` if Slack did not respond."""
        if self.access.member is None:
            raise NotAllowed("member", is_unverified=True)
        return self.access.member


@dataclass(frozen=True, slots=True)
class CommandRequest(Request):
    """A typed command. ``arguments`` are what follows the sub-command's name."""

    arguments: Arguments = field(default_factory=lambda: Arguments(tokens=(), named={}, raw=""))


@dataclass(frozen=True, slots=True)
class ActionRequest(Request):
    """A pressed button or a chosen option. ``value`` is the button's value or the option's."""

    value: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    """The fields of the form or message that contains the element: ``block_id`` -> value."""
    state: Mapping[str, str] = field(default_factory=dict)
    """The state of the form that contains the element."""
    in_form: bool = False
    interaction_key: str = ""
    """The same for each press of an element; in a form, the ID of its view."""
    posted_at: float = 0.0
    """When the message that contains the element was posted, by Slack's clock; 0 in a form."""
    files: UploadedFiles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SubmitRequest(Request):
    """A submitted form.

    ``values``: ``block_id`` -> what was entered, "" for an empty field. ``interaction_key`` is the
    view's ID: the same however often the form is submitted.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, str] = field(default_factory=dict)
    interaction_key: str = ""
    files: UploadedFiles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OptionsRequest(Request):
    """Text typed into an external select; ``query`` is the text so far."""

    query: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    state: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShortcutRequest(Request):
    """A chosen entry of Slack's own menus.

    ``message`` is the one whose menu it was, as Slack sends it; empty for a global shortcut, which
    comes from no channel.
    """

    message: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class EventRequest(Request):
    """An event in the workspace.

    ``body`` is the inner event as Slack sends it; ``event_time`` is in seconds since the epoch.
    ``delayed``: it is too old to be acted on as if it were new.
    """

    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    event_id: str = ""
    event_time: float = 0.0
    delayed: bool = False


def accept_all(_: SubmitRequest) -> FieldErrors | None:
    """Accept every submission."""
    return None


@dataclass(frozen=True, slots=True)
class Action(Generic[ContextT]):
    """A button or a menu. ``id`` is its ``action_id``: the sub-command, a dot, a verb.

    A message may contain an action several times; what follows a colon in the ``action_id``
    (``users.page:next``) only distinguishes them and is cut before dispatch.

    ``only_looks``: it changes nothing although it needs a permission to, for example because it
    opens or updates a form. The access check may then use an answer of Slack that is minutes old.
    """

    id: str
    run: Callable[[ActionRequest, ContextT], Awaitable[Reply]]
    needs: Permission = Permission.LOOK
    only_looks: bool = False

    @property
    def acts(self) -> bool:
        """Whether it changes something."""
        return self.needs.acts and not self.only_looks


@dataclass(frozen=True, slots=True)
class Form(Generic[ContextT]):
    """A modal. ``check`` validates before the ack, without any call; ``submit`` does the work."""

    id: str
    submit: Callable[[SubmitRequest, ContextT], Awaitable[Reply]]
    check: Callable[[SubmitRequest], FieldErrors | None] = accept_all
    needs: Permission = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Options(Generic[ContextT]):
    """An external select; ``id`` is its ``action_id``."""

    id: str
    suggest: Callable[[OptionsRequest, ContextT], Awaitable[Choices]]
    needs: Permission = Permission.LOOK


@dataclass(frozen=True, slots=True)
class Shortcut(Generic[ContextT]):
    """An entry of Slack's own menus.

    ``id`` is its ``callback_id`` in manifest.yml, which also has its name. ``is_message_shortcut``:
    it is in the menu of every message, else it is global.
    """

    id: str
    run: Callable[[ShortcutRequest, ContextT], Awaitable[Reply]]
    is_message_shortcut: bool = False
    needs: Permission = Permission.LOOK


@dataclass(frozen=True, slots=True)
class Event(Generic[ContextT]):
    """An event of Slack's Events API.

    ``type`` is its name in manifest.yml ("reaction_added", "message.channels"). ``run`` gets each
    event once; the bot's own actions are left out, and so are those whose body does not satisfy
    ``concerns``: they cost nothing.
    """

    type: str
    run: Callable[[EventRequest, ContextT], Awaitable[Reply]]
    needs: Permission = Permission.LOOK
    concerns: Callable[[Mapping[str, Any]], bool] = lambda _: True


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a command suits words without a command, and its button; "" has none.

    ``is_certain``: matching words can't mean anything else.
    """

    label: str
    fits: Callable[[Arguments], bool]
    is_certain: bool = False


@dataclass(frozen=True, slots=True)
class NotYet:
    """What can't be done from Slack: a sentence, and the closest available line, if any.

    A line that ends with " …" gets what was typed after the word.
    """

    sentence: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class Command(Generic[ContextT]):
    """One sub-command of ``/chakra``, as a value from which the router derives everything else.

    ``usage`` follows ``/chakra`` in help ("user <id, email, …>"), ``example`` is a line that can be
    copied ("/chakra user john@acme.com"), ``argument_names`` are the names it takes as
    ``name=value`` ("#" for any number), ``details`` are further sentences for ``help <command>``.
    ``button`` is the label of its button at the front door (the bare ``/chakra``, App Home), which
    runs the command, or the action ``button_action``; ``greeting_button`` that of one in the
    greeting of a channel alone. ``only_looks``: see ``Action``.

    `bot.slack.commands.understanding` reads the rest. ``phrases`` are what people type instead of
    the name ("who is"), with the arguments that they stand for. A phrase that begins with "… " ends
    a line ("… templates"), and one that ends with " …" needs words that ``offer`` fits.
    ``fallback`` says whether a line without a command is meant for this one, and ``find_subject``
    returns the subject of such a line, and whether it has no other words. ``find_within`` returns
    the arguments that are somewhere in a line that nothing else explains, "" if none are; a command
    that has a ``find_subject`` too is asked before names are guessed. ``takes_no_words``: nothing
    but an ID may follow its name, so other words may be a person's. ``not_yet`` are words for what
    can't be done from Slack. A line with one of ``public_words`` is posted to the channel. A line
    that begins with one of ``acting_words`` changes something, whatever ``needs`` says.
    """

    name: str
    summary: str
    usage: str
    example: str
    run: Callable[[CommandRequest, ContextT], Awaitable[Reply]]
    needs: Permission = Permission.LOOK
    only_looks: bool = False
    aliases: tuple[str, ...] = ()
    phrases: Mapping[str, str] = field(default_factory=dict, hash=False)
    offer: Offer | None = None
    fallback: Callable[[Arguments], bool] | None = None
    find_subject: Callable[[str], tuple[str, bool]] | None = None
    find_within: Callable[[str], str] | None = None
    takes_no_words: bool = False
    not_yet: Mapping[str, NotYet] = field(default_factory=dict, hash=False)
    public_words: tuple[str, ...] = ()
    acting_words: tuple[str, ...] = ()
    argument_names: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    button: str = ""
    button_action: str = ""
    greeting_button: str = ""
    actions: tuple[Action[ContextT], ...] = ()
    forms: tuple[Form[ContextT], ...] = ()
    options: tuple[Options[ContextT], ...] = ()
    shortcuts: tuple[Shortcut[ContextT], ...] = ()
    events: tuple[Event[ContextT], ...] = ()

    @property
    def acts(self) -> bool:
        """Whether the typed line changes something."""
        return self.needs.acts and not self.only_looks

    def acts_with(self, arguments: Arguments) -> bool:
        """Return whether a line with these words changes something."""
        first = arguments.tokens[0].text.casefold() if arguments.tokens else ""
        return self.acts or first in self.acting_words


Payload = Mapping[str, Any]
"""The parsed body of a request from Slack."""
