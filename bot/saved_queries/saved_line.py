"""Lines of ``/chakra process`` about saved queries: their verbs, a name, and the rest. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.errors import UsageError
from bot.processes.list_message import to_line
from bot.processes.typed_line import CREATE_WORDS, LIST_WORDS, SHOW_WORDS
from bot.saved_queries.saved_query import MAX_NAME_LENGTH
from bot.saved_queries.schedule_line import EXAMPLE
from bot.slack.commands.tokens import ChannelMention, Mention, Token

SAVE, SAVED, RUN = "save", "saved", "run"
SCHEDULE, UNSCHEDULE = "schedule", "unschedule"
RENAME, DELETE = "rename", "delete"
VERBS: Final = {
    SAVE: SAVE,
    SAVED: SAVED,
    RUN: RUN,
    SCHEDULE: SCHEDULE,
    UNSCHEDULE: UNSCHEDULE,
    "scheduled": SAVED,
    "schedules": SAVED,
}
LISTED_VERBS: Final = {
    **VERBS,
    RENAME: RENAME,
    DELETE: DELETE,
    "remove": DELETE,
    "forget": DELETE,
    "list": SAVED,
    "stop": UNSCHEDULE,
    "new": SAVE,
    "add": SAVE,
    "open": RUN,
    "show": RUN,
}
"""The words that may follow "saved"."""
RESERVED: Final = (
    frozenset(VERBS)
    | LIST_WORDS
    | SHOW_WORDS
    | CREATE_WORDS
    | {"edit", "change", "update", "delete", "remove", "assign", "take", "export", "csv", "bulk",
       "task", "tasks", "send", "photo", "photos", "chat", "help", "config", "upload", "import",
       "download", "share", "sort", "sorted", "order", "rename", "forget", "stop", "cancel",
       "notify", "watch", "status", "name", "key", "id", "queries", "query"}
)  # fmt: skip
"""Words that begin a line that means something else, now or in the future."""
STOP_WORDS: Final = frozenset({"off", "never", "stop", "none", "no", "cancel", "pause", "end"})
_SHARED: Final = frozenset({"everyone", "everybody", "all", "team", "us", "shared", "public"})
_OWN: Final = frozenset({"me", "myself", "private"})
_NAME_STARTS: Final = frozenset({"as", "query", "it", "this", "called", "named"})
_PLACE_WORDS: Final = frozenset({"here", "me", "myself", "dm", "dms"})


@dataclass(frozen=True, slots=True)
class SavedLine:
    """A line about saved queries: its verb, and the words after it.

    ``is_listed``: the verb follows the word "saved".
    """

    verb: str
    words: tuple[Token, ...]
    is_listed: bool = False


@dataclass(frozen=True, slots=True)
class SaveLine:
    """A query to save; ``words`` are its type and query.

    ``is_shared`` is None if the line doesn't say, ``is_mention`` is set if the name is a member
    or a channel.
    """

    name: str
    words: tuple[Token, ...]
    is_shared: bool | None = None
    is_mention: bool = False


@dataclass(frozen=True, slots=True)
class PlacedWords:
    """The words of a schedule without its channel; ``is_own``: the person's own DM."""

    text: str
    channel: ChannelMention | None = None
    is_own: bool = False


def read_saved_line(tokens: Sequence[Token]) -> SavedLine | None:
    """Return the request about saved queries in a line, None if it is about something else."""
    verb = VERBS.get(_get_word(tokens, 0), "")
    if not verb:
        return None
    rest = tuple(tokens[1:])
    if verb == SAVED and rest and (_get_word(rest, 0) in ("queries", "query", "searches", "lists")):
        rest = rest[1:]
    if verb == SAVED and rest:
        listed = LISTED_VERBS.get(_get_word(rest, 0), "")
        return SavedLine(listed, rest[1:], is_listed=True) if listed else SavedLine(RUN, rest)
    return SavedLine(verb, rest)


def may_be_name(tokens: Sequence[Token]) -> bool:
    """Return whether a line could be the name of a saved query and nothing else."""
    text = read_name(tokens)
    has_mention = any(isinstance(token, Mention | ChannelMention) for token in tokens)
    if not text or len(text) > MAX_NAME_LENGTH or has_mention:
        return False
    return tokens[0].quoted or _get_word(tokens, 0) not in RESERVED


def read_name(tokens: Sequence[Token]) -> str:
    return " ".join(token.text for token in tokens)


def read_save_line(words: Sequence[Token]) -> SaveLine:
    """Return the name, which is the first word or quoted, and the query after it."""
    rest = list(words)
    while len(rest) > 1 and not rest[0].quoted and _get_word(rest, 0) in _NAME_STARTS:
        rest.pop(0)
    if not rest:
        return SaveLine("", ())
    first = rest.pop(0)
    is_mention = isinstance(first, Mention | ChannelMention)
    is_shared: bool | None = None
    for audience, words_of in ((True, _SHARED), (False, _OWN)):
        if _get_word(rest, 0) == "for" and _get_word(rest, 1) in words_of:
            rest, is_shared = rest[2:], audience
        elif _get_word(rest, -2) == "for" and _get_word(rest, -1) in words_of:
            rest, is_shared = rest[:-2], audience
    if _get_word(rest, 0) in ("as", "query", "queries") and len(rest) > 1:
        rest.pop(0)
    return SaveLine(first.text, tuple(rest), is_shared, is_mention)


def split_place(words: Sequence[Token]) -> PlacedWords:
    """Return the words of a schedule, and where it is posted.

    Raise ``UsageError`` for two channels, or for one that isn't a link.
    """
    channel: ChannelMention | None = None
    is_own = False
    rest: list[Token] = []
    for word in words:
        text = word.text.casefold().strip(".,!")
        if isinstance(word, ChannelMention):
            if channel is not None and channel.id != word.id:
                raise UsageError("A query is posted to one channel.", example=EXAMPLE)
            channel = word
        elif isinstance(word, Mention):
            raise UsageError(
                "A query is posted to a channel, or to your own messages with `me`.",
                example=EXAMPLE,
            )
        elif text.startswith("#"):
            raise UsageError(
                f'There\'s no channel "{word.text}" here. Choose it from the list that Slack shows '
                "after #.",
                example=EXAMPLE,
            )
        elif text in _PLACE_WORDS:
            is_own = is_own or text != "here"
        else:
            rest.append(word)
    if channel is not None and is_own:
        raise UsageError(
            "A query is posted to one place: a channel, or your own messages.", example=EXAMPLE
        )
    return PlacedWords(to_line(rest).replace('"', ""), channel, is_own)


def _get_word(tokens: Sequence[Token], index: int) -> str:
    """Return a plain word in lower case; "" if there is none, or if it is quoted."""
    if not -len(tokens) <= index < len(tokens) or tokens[index].quoted:
        return ""
    return tokens[index].text.casefold().strip(",.:!?")
