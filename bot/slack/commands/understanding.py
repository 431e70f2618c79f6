"""What a person means by a line that they typed. Pure: no call, only the registry of commands.

A command's name or alias wins, then a phrase ("who is maria"), a misspelled name, and last a line
that a command recognizes as its own. Nothing that acts, or is seen by others, starts from a guess:
the line becomes a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.errors import SuggestedLine
from bot.slack.commands.arguments import parse_arguments
from bot.slack.commands.command import Command, ContextT
from bot.slack.commands.help import NAME as HELP
from bot.slack.commands.phrases import ELLIPSIS, TypedWord, split_words
from bot.slack.commands.registry import CommandRegistry
from bot.slack.commands.small_talk import is_small_talk

HELP_WORDS: Final = frozenset({HELP, "?", "??", "-h", "--help", "-help", "/?", "/h", "h", "hilfe",
    "ayuda", "aide", "ajuda"})  # fmt: skip
HELP_PHRASES: Final = frozenset({"commands", "all commands", "menu", "options", "usage", "manual",
    "what can you do", "what can i do", "what do you do", "what is this", "how does this work",
    "how do i use this", "how do you work", "i need help", "need help", "get help", "tutorial",
    "what are the commands", "show commands", "list commands", "getting started", "start",
    "get started", "begin"})  # fmt: skip
HOW_TO: Final = ("how do i", "how to", "how can i", "how does", "how do you", "explain",
    "what is a", "what is an", "what's a", "what's an")  # fmt: skip
LOOK_VERBS: Final = ("show me", "give me", "find me", "get me", "show", "list", "get", "find",
    "search for",
    "search", "see", "view", "open", "display", "look up", "look for", "check", "fetch", "lookup",
    "where are", "where is", "what are", "what is", "what's", "go to", "take me to", "zeige",
    "zeig mir", "zeige mir", "muestra", "muéstrame", "mostrar")  # fmt: skip
_POLITE_STARTS: Final = ("can you", "could you", "would you", "will you", "can i", "could i",
    "may i", "can we", "i want to", "i want", "i'd like to", "i would like to", "i need to",
    "i need", "i wanna", "we need to", "let me", "let's", "lets", "help me to", "help me", "please",
    "pls", "plz", "kindly", "bitte", "por favor", "hey", "hi", "hello", "hiya", "ok", "okay", "so",
    "just", "quickly",
    "chakra", "/chakra", "and", "also", "now", "good morning", "try to", "go", "i am looking for",
    "i'm looking for", "im looking for", "looking for", "do you know",
    "hi there", "hello there", "hey there")  # fmt: skip
_ABOUT_WORDS: Final = frozenset({"with", "for", "on", "about", "zu", "mit", "sobre", "con"})
_AROUND_TOPICS: Final = _ABOUT_WORDS | {"how", "to", "do", "i", "can", "the", "a", "an", "use"}
_AUXILIARIES: Final = frozenset({"did", "has", "have", "was", "is", "does", "do", "what", "when",
    "why", "hasn't", "haven't", "didn't", "doesn't", "isn't"})  # fmt: skip
"""Words that begin a question."""
_OPENING_QUOTES: Final = "\"'“‘"
_ARTICLES: Final = frozenset({"the", "a", "an", "my", "our", "all", "some", "any", "every"})
_POLITE_ENDS: Final = re.compile(
    r"(?:[\s,]+(?:please|pls|plz|bitte|por favor|thanks|thank you|thx|for me|right now|asap|dikhao"
    r"|batao))*"
    r"[\s?!.,…]*$",
    re.IGNORECASE,
)
_POLITE_ENDS_OF_COMMANDS: Final = re.compile(
    r"(?:[\s,]+(?:please|pls|plz))*\s*(?<![=:])[?!.]*\s*$", re.IGNORECASE
)
_QUOTES: Final = {'"': '"', "“": "”", "‘": "’", "«": "»", "`": "`", "*": "*", "_": "_", "'": "'"}
_EMOJI: Final = r"(?::[a-z][a-z0-9_+-]*:|[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f\u200d])"
_EMOJI_AT_ENDS: Final = re.compile(rf"^(?:{_EMOJI}\s*)+|(?<=\s){_EMOJI}(?:\s*{_EMOJI})*$")
MAX_WORDS: Final = 60
"""Words of a line that are searched for phrases."""


class Kind(Enum):
    WELCOME = "welcome"
    HELP = "help"
    """``line`` is the command, "" for all."""
    COMMAND = "command"
    """``line`` is run."""
    GUESS = "guess"
    """``line`` is run; if it finds nothing, ``suggestions`` may help."""
    SUGGESTION = "suggestion"
    NOT_YET = "not yet"
    """``line`` is the sentence."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Interpretation:
    kind: Kind
    line: str = ""
    suggestions: tuple[SuggestedLine, ...] = ()


def understand(text: str, registry: CommandRegistry[ContextT]) -> Interpretation:
    """Return what a line means. ``text`` is as Slack sends it, without ``/chakra``."""
    bare = text if "=" in text else _EMOJI_AT_ENDS.sub("", text.strip())
    line = _unwrap(bare.strip())
    if not line:
        return Interpretation(Kind.WELCOME)
    words = split_words(line)
    if is_small_talk([word.text for word in words if word.text]):
        return Interpretation(Kind.WELCOME)
    if asked := _find_help(line, registry):
        return asked
    if named := _find_name(line, words, registry):
        return named
    if words and words[0].text in registry.by_name:
        line = _POLITE_ENDS_OF_COMMANDS.sub("", line)
        return _match(line, registry) or Interpretation(Kind.UNKNOWN)
    plain = _undress(line)
    if not plain:
        return Interpretation(Kind.WELCOME)
    return (
        _find_help(plain, registry)
        or _find_subject(plain, registry)
        or _match(plain, registry)
        or _find_slip(plain, registry, certain=True)
        or _find_within(plain, registry, with_subject=True)
        or _guess(plain, registry)
        or _find_slip(plain, registry, certain=False)
        or _find_within(plain, registry, with_subject=False)
        or Interpretation(Kind.UNKNOWN)
    )


# --- quotes and polite words
# ------------------------------------------------------------------------------------


def _unwrap(line: str) -> str:
    """Return a line without quotes or marks around all of it."""
    while len(line) > 2 and _QUOTES.get(line[0]) == line[-1]:
        inner = line[1:-1]
        if line[0] in inner or line[-1] in inner:
            break
        line = inner.strip()
    return line


def _undress(line: str) -> str:
    """Return a line without polite words around it."""
    line = _POLITE_ENDS.sub("", f" {line}").strip()
    while True:
        words = split_words(line)
        if not words:
            return ""
        length = _count_polite_words([word.text for word in words])
        if not length:
            return line[words[0].start :]
        line = line[words[length - 1].end :]


def _count_polite_words(words: Sequence[str]) -> int:
    if words[0] in {"", "-", "–"}:
        return 1
    for length in (4, 3, 2, 1):
        if length <= len(words) and " ".join(words[:length]) in _POLITE_STARTS:
            return length
    return 0


def _join(words: Sequence[TypedWord]) -> str:
    return " ".join(word.text for word in words if word.text)


# --- help ----------------------------------------------------------------------------------------


def _find_help(line: str, registry: CommandRegistry[ContextT]) -> Interpretation | None:
    words = split_words(line)
    texts = [word.text for word in words]
    if not texts:
        return None
    if _join(words) in HELP_PHRASES:
        return Interpretation(Kind.HELP)
    if len(texts) == 2 and texts[1] in HELP_WORDS and _match(texts[0], registry):
        return _open_help_on(line[: words[0].end], registry)
    if texts[0] in HELP_WORDS:
        is_request = texts[1:2] == ["me"] and len(texts) > 2 and texts[2] not in _ABOUT_WORDS
        return None if is_request else _open_help_on(line[words[0].end :], registry)
    for start in HOW_TO:
        length = len(start.split())
        if " ".join(texts[:length]) == start and len(texts) > length:
            found = _open_help_on(line[words[length - 1].end :], registry)
            return found if found.kind is not Kind.UNKNOWN else Interpretation(Kind.HELP)
    return None


def _open_help_on(topic: str, registry: CommandRegistry[ContextT]) -> Interpretation:
    topic = _undress(topic)
    words = [word for word in split_words(topic) if word.text not in _AROUND_TOPICS]
    if len(words) > 1 and words[0].text == "me":
        words = words[1:]
    if not words or words[0].text in {"me", *HELP_WORDS}:
        line = HELP if words and words[0].text in HELP_WORDS else ""
        return Interpretation(Kind.HELP, line)
    topic = topic[words[0].start :]
    matched = _match(topic, registry, may_fit=False)
    if matched is not None and matched.kind is Kind.NOT_YET:
        return matched
    if matched is not None:
        line = matched.suggestions[0].line if matched.suggestions else matched.line
        return Interpretation(Kind.HELP, line.partition(" ")[0])
    slip = registry.find_nearest(words[0].text)
    if slip is None:
        return Interpretation(Kind.UNKNOWN)
    line = HELP if slip[0] == HELP else f"{HELP} {slip[0]}"
    return Interpretation(Kind.SUGGESTION, "", (SuggestedLine(line),))


# --- names and phrases ---------------------------------------------------------------------------


def _match(
    line: str, registry: CommandRegistry[ContextT], *, may_fit: bool = True
) -> Interpretation | None:
    """Return the command that a line names, by a name or a phrase; the longer one wins."""
    words = split_words(line)[:MAX_WORDS]
    if not words:
        return None
    first, rest = words[0].text, line[words[0].end :]
    if found := _match_opening(line, words, registry, may_fit=may_fit):
        return found
    if first in registry.by_name:
        return _run(registry.by_name[first], rest)
    if first in registry.not_yet:
        return _suggest_instead(first, rest.strip(), registry)
    return _match_after_verb(line, words, registry) or _match_closing(line, words, registry)


def _find_name(
    line: str, words: Sequence[TypedWord], registry: CommandRegistry[ContextT]
) -> Interpretation | None:
    """Return a guess for a person whose name begins like a command: Status Quo, Job Smith.

    Only if the command takes no words, and each word of the line is written like a name.
    """
    command = registry.by_name.get(words[0].text) if len(words) > 1 else None
    if command is None or not command.takes_no_words:
        return None
    rest = line[words[0].end :]
    if not line.istitle() or _match(rest, registry) or rest.strip().casefold() in HELP_WORDS:
        return None
    guess = _guess(rest, registry)
    if guess is None or guess.kind is not Kind.GUESS:
        return None
    suggestions = (SuggestedLine(f"{command.name}{rest}"),)
    return Interpretation(Kind.GUESS, f"{guess.line.partition(' ')[0]} {line}", suggestions)


def _find_subject(line: str, registry: CommandRegistry[ContextT]) -> Interpretation | None:
    """Return the command that shows a line's subject; a suggestion if the line asks for more."""
    for command in registry.commands:
        subject, is_all = command.find_subject(line) if command.find_subject else ("", False)
        if subject:
            shown = f"{command.name} {subject}"
            if is_all:
                return Interpretation(Kind.COMMAND, shown)
            return Interpretation(Kind.SUGGESTION, "", (SuggestedLine(shown),))
    return None


def _find_within(
    line: str, registry: CommandRegistry[ContextT], *, with_subject: bool
) -> Interpretation | None:
    """Return suggestions for what is somewhere in the line: a key, a name, a template."""
    suggestions = tuple(
        SuggestedLine(f"{command.name} {arguments}")
        for command in registry.commands
        if command.find_within is not None and with_subject is (command.find_subject is not None)
        if (arguments := command.find_within(line))
    )
    return Interpretation(Kind.SUGGESTION, "", suggestions) if suggestions else None


def _match_opening(
    line: str,
    words: Sequence[TypedWord],
    registry: CommandRegistry[ContextT],
    *,
    may_fit: bool,
) -> Interpretation | None:
    for phrase in registry.phrases.find_opening([word.text for word in words]):
        rest = line[words[len(phrase.words) - 1].end :].strip()
        if phrase.needs_fit and not (may_fit and _fits(phrase.command, rest)):
            continue
        inner = _match(rest, registry) if _is_look_verb(phrase.words) else None
        rest = f"{phrase.arguments} {_remove_articles(rest)}"
        return inner or _run(phrase.command, rest, is_guess=True)
    return None


def _match_after_verb(
    line: str, words: Sequence[TypedWord], registry: CommandRegistry[ContextT]
) -> Interpretation | None:
    """Return the command after a verb such as "show", or after an article."""
    for length in range(min(3, len(words) - 1), 0, -1):
        if _is_look_verb([word.text for word in words[:length]]):
            return _match(line[words[length - 1].end :], registry)
    without = _remove_articles(line)
    return _match(without, registry) if len(without) < len(line.strip()) else None


def _match_closing(
    line: str, words: Sequence[TypedWord], registry: CommandRegistry[ContextT]
) -> Interpretation | None:
    closing = registry.phrases.find_closing([word.text for word in words])
    if closing is None:
        return None
    rest = _remove_articles(line[: words[-len(closing.words)].start])
    kept = next((word for word in split_words(rest) if word.text not in _AUXILIARIES), None)
    rest = rest[kept.start :].strip() if kept else ""
    return _run(closing.command, f"{rest} {closing.arguments}", is_guess=True)


def _is_look_verb(words: Sequence[str]) -> bool:
    return " ".join(words) in LOOK_VERBS


def _remove_articles(line: str) -> str:
    words = split_words(line)
    for word in words:
        if word.text not in _ARTICLES or line[word.start] in _OPENING_QUOTES:
            return line[word.start :]
    return ""


def _run(command: Command[ContextT], rest: str, *, is_guess: bool = False) -> Interpretation:
    line = f"{command.name} {rest.strip()}".strip()
    words = split_words(rest)
    is_public = bool(words) and words[-1].text in command.public_words
    acts = command.acts or (bool(words) and words[0].text in command.acting_words)
    if is_guess and (acts or is_public):
        return Interpretation(Kind.SUGGESTION, "", (SuggestedLine(line),))
    return Interpretation(Kind.COMMAND, line)


def _suggest_instead(word: str, rest: str, registry: CommandRegistry[ContextT]) -> Interpretation:
    found = registry.not_yet[word]
    line = found.line.replace(ELLIPSIS, rest).strip()
    suggestions = (SuggestedLine(line),) if line else ()
    return Interpretation(Kind.NOT_YET, found.sentence, suggestions)


def _fits(command: Command[ContextT], rest: str) -> bool:
    return command.offer is not None and command.offer.fits(parse_arguments(rest))


# --- guesses -------------------------------------------------------------------------------------


def _find_slip(
    line: str, registry: CommandRegistry[ContextT], *, certain: bool
) -> Interpretation | None:
    suggested = _correct(line, registry, certain=certain)
    return Interpretation(Kind.SUGGESTION, "", suggested) if suggested else None


def _correct(
    line: str, registry: CommandRegistry[ContextT], *, certain: bool
) -> tuple[SuggestedLine, ...]:
    words = split_words(line)
    slip = registry.find_nearest(words[0].text)
    if slip is None or (certain and not slip[1]):
        return ()
    corrected = f"{slip[0]}{line[words[0].end :]}"
    matched = _match(corrected, registry)
    if matched is None or not (matched.line or matched.suggestions):
        return (SuggestedLine(corrected),)
    return matched.suggestions or (SuggestedLine(matched.line),)


def _guess(line: str, registry: CommandRegistry[ContextT]) -> Interpretation | None:
    """Return the command that recognizes a line without a command as its own."""
    line = _remove_articles(line) or line
    words = parse_arguments(line)
    command = next((c for c in registry.commands if c.fallback and c.fallback(words)), None)
    offered = [
        (SuggestedLine(f"{other.name} {line}", other.offer.label), other.offer.is_certain)
        for other in registry.commands
        if other.offer is not None and other.offer.label and other.offer.fits(words)
    ]
    if command is None:
        certain = tuple(suggestion for suggestion, is_certain in offered if is_certain)
        return Interpretation(Kind.SUGGESTION, "", certain) if certain else None
    run = _run(command, line, is_guess=True)
    offers = [suggestion for suggestion, _ in offered]
    suggestions = (*_correct(line, registry, certain=False), *offers)
    return Interpretation(Kind.GUESS, run.line, suggestions) if run.line else run
