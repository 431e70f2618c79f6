"""What a handler may return for the person to see. The dispatcher talks to Slack."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic_core import to_json

from bot.errors import SlackError

Block = dict[str, Any]
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EntityDetails:
    """The content of the pane beside a link preview, for one person.

    ``external_ref`` identifies the thing, ``payload`` is the content of a Work Object.
    docs.slack.dev/messaging/work-objects-implementation
    """

    external_ref: Mapping[str, str]
    payload: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Message:
    """A line or a card. ``text`` is for notifications and screen readers (mrkdwn, escaped).

    Ephemeral unless ``to_channel``, which posts a *new* message that everyone in the channel sees,
    masked by `channel_mask`. ``replace_original`` replaces the message whose button was
    pressed; it has no effect in answer to a typed command, which Slack cannot replace.
    ``only_here``: it is posted to the response URL or, if that has expired, nowhere.
    ``shared_as`` is what a question about ``to_channel`` calls it ("Priya's card"). ``details`` are
    the same content for the pane beside a link preview.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    to_channel: bool = False
    replace_original: bool = False
    only_here: bool = False
    shared_as: str = "this"
    details: EntityDetails | None = field(default=None, repr=False)

    @cached_property
    def response_json(self) -> bytes:
        """The body of an ack or of a post to a ``response_url``.

        It is encoded once, however often this message is sent: a cached card, or help.
        """
        return to_json(build_response_body(self))


def build_response_body(message: Message) -> dict[str, Any]:
    """Return the message in the form of a command's ack or a post to a ``response_url``."""
    body: dict[str, Any] = {
        "response_type": "in_channel" if message.to_channel else "ephemeral",
        "text": message.text,
    }
    if message.blocks:
        body["blocks"] = list(message.blocks)
    body["replace_original"] = message.replace_original
    return body


@dataclass(frozen=True, slots=True)
class OpenForm:
    """Open ``view`` on top of what the person sees.

    ``state`` comes back with the submission; it is part of ``private_metadata``, so it must be
    small (Slack: 3,000 characters in total). ``later`` ends with the form that replaces this one,
    or with None.
    """

    view: View
    state: Mapping[str, str] = field(default_factory=dict)
    later: asyncio.Task[UpdateForm | None] | None = None


@dataclass(frozen=True, slots=True)
class UpdateForm:
    """Replace the form of the press or submission with ``view``.

    ``overwrite``: it follows the person's typing and has the same fields, so it may replace a very
    recent update. ``fallback`` is posted where the form was opened if it has been closed. In answer
    to a submission, ``later`` ends with the form that replaces this one, which may have a ``later``
    of its own, or with None; ``follow_up`` and the results of ``follow_up_task`` and ``final_task``
    are posted where the form was opened.
    """

    view: View
    state: Mapping[str, str] = field(default_factory=dict)
    overwrite: bool = False
    fallback: Message | None = None
    later: asyncio.Task[UpdateForm | None] | None = None
    follow_up: Message | None = None
    follow_up_task: asyncio.Task[Message | None] | None = None
    final_task: asyncio.Task[Message | None] | None = None


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """Show sentences under fields of the open form: ``block_id`` -> sentence."""

    errors: Mapping[str, str]


class FormProblem(Exception):
    """A field of a submitted form can't be read; ``errors`` say why under it."""

    def __init__(self, field_id: str, sentence: str) -> None:
        super().__init__(field_id)
        self.errors = FieldErrors({field_id: sentence})


@dataclass(frozen=True, slots=True)
class CloseForm:
    """Close the form.

    ``done_text``, under ``title``, is for a person whose form could not be closed, because the work
    took longer than the ack could wait. ``follow_up`` is posted where the form was opened, and so
    is the result of ``follow_up_task``, once it has one.
    """

    done_text: str
    follow_up: Message | None = None
    follow_up_task: asyncio.Task[Message | None] | None = None
    title: str = "Done"


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of an external select. ``text`` is clipped to Slack's 75 characters."""

    text: str
    value: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """The answer to an options request: at most 100 are shown."""

    options: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class PublishHome:
    """Show ``blocks`` in the person's App Home, where one person reads them."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class LinkPreview:
    """The preview of one link, ``url`` as Slack wrote it; all who see the message may read it.

    ``blocks`` are for a Slack that shows no Work Objects.
    """

    url: str
    details: EntityDetails
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Unfurl:
    """Attach previews to the message that ``target`` names in the arguments of chat.unfurl.

    ``on_refused`` gets Slack's refusal: no one waits for a sentence.
    """

    target: Mapping[str, str]
    previews: tuple[LinkPreview, ...]
    on_refused: Callable[[SlackError], None] = field(compare=False)


@dataclass(frozen=True, slots=True)
class PresentDetails:
    """Fill the pane beside a link preview, which one person reads."""

    details: EntityDetails


@dataclass(frozen=True, slots=True)
class NoReply:
    """The press needs no answer (a link button, a closed form)."""


Reply = (
    Message
    | OpenForm
    | UpdateForm
    | FieldErrors
    | CloseForm
    | PublishHome
    | Unfurl
    | PresentDetails
    | NoReply
)
