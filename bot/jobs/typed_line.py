"""A typed line about one job: its ID, where it is watched, and the words left over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.errors import SuggestedLine, UsageError
from bot.jobs.ids import find_job_ids, parse_job_id
from bot.slack.blocks import clip
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.tokens import ChannelMention, Link, Token
from bot.slack.commands.unused_words import MAX_WORD_LENGTH, find_unused

HERE: Final = "here"
_PRIVATELY: Final = frozenset({"me", "privately", "private", "dm", "dms", "myself"})
_UNDERSTOOD: Final = frozenset(
    {"job", "jobs", "the", "in", "on", "to", "at", "for", "of", "id", "until", "when", "is", "it",
     "its", "done", "finished", "finishes", "ends", "completes", "complete", "status", "channel",
     "my", "this", "with", "and", "#", HERE, *_PRIVATELY}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobLine:
    """``channels`` are those that Slack knows, ``unknown_channels`` words such as ``#nosuch``."""

    job_id: str
    channels: tuple[ChannelMention, ...] = ()
    unknown_channels: tuple[str, ...] = ()
    is_here: bool = False
    is_private: bool = False
    unused: tuple[str, ...] = ()

    @property
    def all_unused(self) -> tuple[str, ...]:
        """The words that a command without a channel doesn't use."""
        return (*(channel.text for channel in self.channels), *self.unknown_channels, *self.unused)


def parse_job_line(arguments: Arguments, example: str) -> JobLine:
    """Raise ``UsageError`` if the line has no job ID, or several."""
    job_id = parse_job_id(arguments, example)
    words = [word for word in arguments.tokens if job_id not in find_job_ids(_get_text(word))]
    texts = {word.text.casefold().strip(",.!?") for word in words}
    plain = [word for word in words if not isinstance(word, ChannelMention)]
    channel_like = [word for word in plain if word.text.startswith("#") and len(word.text) > 1]
    others = [word for word in plain if word not in channel_like]
    return JobLine(
        job_id,
        channels=tuple(word for word in words if isinstance(word, ChannelMention)),
        unknown_channels=tuple(word.text for word in channel_like),
        is_here=HERE in texts,
        is_private=not texts.isdisjoint(_PRIVATELY),
        unused=find_unused(others, _UNDERSTOOD),
    )


def require_clear_place(line: JobLine, understood: SuggestedLine) -> None:
    """Raise ``UsageError`` for a channel that is or may be unknown: nothing is posted elsewhere.

    ``understood`` is the line without that channel, for a button.
    """
    if line.unknown_channels:
        name = clip(line.unknown_channels[0], MAX_WORD_LENGTH)
        raise UsageError(
            f"There is no channel {name} that I can see.", suggested_lines=(understood,)
        )
    if line.unused:
        word = clip(line.unused[0], MAX_WORD_LENGTH)
        raise UsageError(
            f'I don\'t know what "{word}" means here. Write a channel as #{word.lstrip("#")}.',
            suggested_lines=(understood,),
        )


def _get_text(word: Token) -> str:
    return word.url if isinstance(word, Link) else word.text
