"""The values of the send form: read from the form, and stored in buttons."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar

from bot.errors import UsageError
from bot.messages.send import build_conversation_key
from bot.slack.button_state import ButtonState, ValueTooLong
from bot.slack.commands.command import UploadedFile, UploadedFiles
from bot.templates.variables import FILE, MEDIA, is_file_key

TEMPLATE, PHONE, TO, SENDER, LANGUAGE = "template", "phone", "to", "sender", "language"
CANDIDATES = "found"
"""Names of values besides those of the template.

``CANDIDATES`` exists if a message names several people: one of them, or `OTHER` for a typed
recipient. ``LANGUAGE`` exists if a template has several: the ID of the template in one of them.
"""
OTHER = "other"
PACKED = "packed"
MAX_STATE_LENGTH = 2_500
"""Characters: this leaves room for other things in the 3,000 of a view's metadata."""
MAX_UNPACKED_BYTES = 200_000
TOO_LONG_MESSAGE = (
    "Together these values are longer than a Slack form can carry. Shorten one, such as a link."
)


class SendButton(ButtonState):
    """The state of a preview's buttons.

    Previews are valid for a week: add fields at the end only.
    """

    command: ClassVar[str] = "/chakra send"

    template: str
    to: str
    sender: str
    values: dict[str, str]
    confirmed_duplicate_of: str
    conversation: str = ""


@dataclass(frozen=True, slots=True)
class SendForm:
    """The form as filled in so far.

    ``template`` and ``sender`` are Meta's IDs; ``values`` are by the keys of
    ``bot.templates.variables``. ``to`` is the recipient as typed or selected.
    ``confirmed_duplicate_of`` is the send that the person was asked about and wants to repeat,
    ``test_send_id`` that of a test to themselves. ``candidates`` are the recipients to choose from
    and ``selected`` is the chosen one, or `OTHER`. ``files`` are those chosen in the form, by the
    key of their field; the first name of each field is among the values. Buttons have no files.
    ``earlier_files`` were chosen before the person came back to the form, which can't show them.
    ``retry_of`` is the failed send of the same view.
    ``candidate_names`` are lines that the choice shows instead of the candidates. ``typed_values``
    are the JSON of pairs of name and value that were typed before a template is chosen, and
    ``filled`` is that of `bot.messages.prefill`. ``is_language_chosen`` if the menu of languages
    has just chosen the template, so the menu of templates shows another one. ``conversation`` is
    the ID of the one in which the form was opened, if any.
    """

    template: str = ""
    to: str = field(default="", repr=False)
    sender: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    confirmed_duplicate_of: str = ""
    files: UploadedFiles = field(default_factory=dict)
    candidates: tuple[str, ...] = field(default=(), repr=False)
    selected: str = field(default="", repr=False)
    test_send_id: str = ""
    earlier_files: UploadedFiles = field(default_factory=dict)
    retry_of: str = ""
    candidate_names: str = field(default="", repr=False)
    typed_values: str = field(default="", repr=False)
    filled: str = field(default="", repr=False)
    is_language_chosen: bool = False
    conversation: str = ""

    @property
    def filled_keys(self) -> frozenset[str]:
        """The fields that still have the value that was filled in from the recipient's record."""
        filled = json.loads(self.filled)["values"] if self.filled else {}
        return frozenset(key for key, value in filled.items() if self.values.get(key) == value)

    def build_action_id(self, key: str, action: str) -> str:
        """Return the ``action_id`` of a field, a new one each time that a record sets its value.

        Slack preserves the entry of an open field unless its ``action_id`` changes; an
        ``initial_value`` doesn't replace it (docs.slack.dev/surfaces/modals).
        """
        state = json.loads(self.filled) if self.filled else {"keys": ()}
        return f"{action}:{state['set']}" if key in state["keys"] else action

    @classmethod
    def from_values(
        cls,
        entered: Mapping[str, str],
        state: Mapping[str, str] | None = None,
        uploads: UploadedFiles | None = None,
    ) -> SendForm:
        """Return the form of its fields, which may be missing, and of its metadata."""
        carried = _unpack_state(state or {})
        own = (TEMPLATE, PHONE, CANDIDATES, SENDER, LANGUAGE)
        picked = entered.get(CANDIDATES, "")
        typed = entered.get(PHONE, "").strip()
        earlier = _parse_files(carried.get("files", ""))
        values = {
            key: value
            for key, value in entered.items()
            if key not in own and value and not is_file_key(key)
        }
        chosen = {
            key: files for key, files in (uploads or {}).items() if files and is_file_key(key)
        }
        for key, files in earlier.items():
            if key not in chosen and not values.get(key.replace(FILE, MEDIA), "").strip():
                chosen[key] = files
        values |= {key: files[0].name.strip() or files[0].id for key, files in chosen.items()}
        language = entered.get(LANGUAGE, "")
        is_language_chosen = language not in ("", carried.get("shown", language))
        return cls(
            template=language if is_language_chosen else entered.get(TEMPLATE, ""),
            to=typed if picked in ("", OTHER) else picked,
            sender=entered.get(SENDER, ""),
            values=values,
            confirmed_duplicate_of=carried.get("asked", ""),
            files=chosen,
            candidates=tuple(carried.get("found", "").split()),
            selected=picked,
            test_send_id=carried.get("tested", ""),
            earlier_files=earlier,
            retry_of=carried.get("retry", ""),
            candidate_names=carried.get("names", ""),
            typed_values=carried.get("typed", ""),
            filled=carried.get("filled", ""),
            is_language_chosen=is_language_chosen,
            conversation=carried.get("conversation", ""),
        )

    @classmethod
    def to_candidates(cls, candidates: tuple[str, ...]) -> SendForm:
        """Return a form addressed to the first candidate; several are offered as a choice."""
        first = next(iter(candidates), "")
        return (
            cls(to=first, candidates=candidates, selected=first)
            if len(candidates) > 1
            else cls(to=first)
        )

    def with_choices(self, choices: Iterable[tuple[str, str]]) -> SendForm:
        """Return the form with a choice of people, given as value and label, and none chosen."""
        values, labels = zip(*choices, strict=True)
        return replace(
            self, to="", selected="", candidates=values, candidate_names="\n".join(labels)
        )

    def to_state(self) -> dict[str, str]:
        """Return what the form stores in its metadata, compressed if it is long.

        Raise ``UsageError`` if it is longer than a view can carry.
        """
        state = {
            "asked": self.confirmed_duplicate_of,
            "found": " ".join(self.candidates),
            "tested": self.test_send_id,
            "files": json.dumps(pack_files(self.earlier_files)),
            "retry": self.retry_of,
            "names": self.candidate_names,
            "typed": self.typed_values,
            "filled": self.filled,
            "shown": self.template,
            "conversation": self.conversation,
        }
        if _measure_length(state) <= MAX_STATE_LENGTH:
            return state
        packed = {PACKED: pack(json.dumps(state, ensure_ascii=False))}
        if _measure_length(packed) > MAX_STATE_LENGTH:
            raise UsageError(TOO_LONG_MESSAGE)
        return packed

    def to_value(self) -> str:
        """Return a button's value; "" if it is longer than a button's value may be."""
        state = SendButton(
            template=self.template,
            to=self.to,
            sender=self.sender,
            values={key: value for key, value in self.values.items() if not is_file_key(key)},
            confirmed_duplicate_of=self.confirmed_duplicate_of,
            conversation=self.conversation,
        )
        try:
            return state.to_value()
        except ValueTooLong:
            return ""

    @classmethod
    def from_value(cls, value: str) -> SendForm:
        """Return the form of a button's value. Raise ``OutdatedButton``."""
        state = SendButton.from_value(value)
        values = {key: item for key, item in state.values.items() if not is_file_key(key)}
        return cls(
            state.template,
            state.to,
            state.sender,
            values,
            state.confirmed_duplicate_of,
            conversation=state.conversation,
        )

    def build_interaction_key(self, view_key: str) -> str:
        """Return the key of the send, which identifies this attempt even if repeated."""
        attempt = f"{view_key}:{self.retry_of}".rstrip(":")
        if not self.conversation.isdecimal():
            return attempt
        return build_conversation_key(int(self.conversation), attempt)

    def with_confirmed_duplicate(self, send_id: int | None) -> SendForm:
        """Return the form as confirmed by a person who was asked about this send, if any."""
        return replace(self, confirmed_duplicate_of="" if send_id is None else str(send_id))

    def reset_for_change(self) -> SendForm:
        """Return the form for a person who returns to change it."""
        return replace(self, confirmed_duplicate_of="", earlier_files=self.files)

    def as_retry_of(self, send_id: int) -> SendForm:
        """Return the form for another attempt in the view whose send has failed."""
        return replace(self, retry_of=str(send_id), confirmed_duplicate_of="")


def pack(text: str) -> str:
    """Return the text compressed, in characters that JSON does not escape."""
    return base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode()


def unpack(packed: str) -> str:
    """Return the text of `pack`. Raise ``ValueError`` or ``zlib.error`` for others."""
    data = base64.urlsafe_b64decode(packed)
    return zlib.decompressobj().decompress(data, MAX_UNPACKED_BYTES).decode()


def _measure_length(state: Mapping[str, str]) -> int:
    return len(json.dumps(state, ensure_ascii=False))


def _unpack_state(state: Mapping[str, str]) -> Mapping[str, str]:
    if PACKED not in state:
        return state
    try:
        return dict(json.loads(unpack(state[PACKED])))
    except (ValueError, TypeError, zlib.error):
        return {}


def pack_files(files: UploadedFiles) -> dict[str, list[dict[str, object]]]:
    """Return the files as JSON."""
    return {key: [asdict(file) for file in chosen] for key, chosen in files.items()}


def unpack_files(packed: Mapping[str, list[dict[str, Any]]]) -> UploadedFiles:
    """Return the files of `pack_files`. Raise ``TypeError`` or ``AttributeError`` for others."""
    return {key: tuple(UploadedFile(**file) for file in chosen) for key, chosen in packed.items()}


def _parse_files(text: str) -> UploadedFiles:
    try:
        return unpack_files(json.loads(text or "{}"))
    except (ValueError, TypeError, AttributeError):
        return {}
