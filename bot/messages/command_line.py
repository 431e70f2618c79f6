"""A typed line as the send form: its template, recipient and values, and what isn't understood."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from bot.chakra.models import PhoneNumber
from bot.chakra.template import Template
from bot.chakra.text import sanitize_line
from bot.messages.form_values import PHONE, SENDER, TEMPLATE, TO, SendForm
from bot.messages.line_grammar import Understanding, understand
from bot.messages.line_reading import DEFAULT_KINDS, LANGUAGE, MAX_QUOTED_LENGTH
from bot.messages.line_values import apply_values, carry_values, collect_values
from bot.messages.recipients import RecipientChoice
from bot.messages.typed_line import TypedLine
from bot.slack.blocks import Markup, bold, lines, markup
from bot.slack.commands.arguments import Arguments, parse_arguments
from bot.slack.commands.tokenizer import ANY_NAME, NUMBERED
from bot.templates import vocabulary
from bot.templates.catalog import TemplateIndex
from bot.templates.languages import explain_language, find_languages
from bot.templates.send_blockers import explain_blocker

EXAMPLE = "/chakra send order_update +91 98765 43210 1=John"
ARGUMENT_NAMES = (TEMPLATE, PHONE, TO, SENDER, LANGUAGE, NUMBERED, ANY_NAME)
STILL_LOADING = "Templates are still loading. Choose one in a moment."


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """``notes`` are sentences about what was not understood, for above the form.

    ``is_guess`` if a word became the recipient because nothing else fit. ``is_unresolved`` if
    the line names a template that isn't known, or that can't be sent. ``awaits_recipient`` if the
    lookup of the recipient hasn't finished.
    """

    form: SendForm
    template: Template | None = None
    notes: tuple[Markup, ...] = ()
    is_guess: bool = False
    is_unresolved: bool = False
    awaits_recipient: bool = False

    @property
    def note(self) -> Markup:
        """The sentences together."""
        return lines(self.notes)

    def with_choices(self, choices: Sequence[RecipientChoice], problem: str) -> ParsedLine:
        """Return the line with a choice of people instead of the words that mean several."""
        form = self.form.with_choices(choices)
        return replace(self, form=form, notes=(*self.notes, markup(problem)))

    def with_problem(self, problem: str) -> ParsedLine:
        """Return the line with the sentence on a recipient that can't be used.

        A word that was only a guess is then no longer the recipient.
        """
        if not self.is_guess or self.template is not None:
            return replace(self, notes=(*self.notes, markup(problem)))
        note = markup(
            "There is no template, colleague or lead called ",
            bold(sanitize_line(self.form.to, MAX_QUOTED_LENGTH)),
            ".",
        )
        return replace(self, form=replace(self.form, to=""), notes=(note, *self.notes))


def reparse(line: Arguments, names: Sequence[str]) -> Arguments:
    """Return the line read again with the names of a template's variables."""
    if not names:
        return line
    before = len(parse_arguments(line.raw, ARGUMENT_NAMES).tokens) - len(line.tokens)
    again = parse_arguments(line.raw, ARGUMENT_NAMES, names)
    for _ in range(before):
        again = again.skip_first()
    return again


def parse_line(
    line: TypedLine,
    index: TemplateIndex | None,
    senders: Sequence[PhoneNumber] = (),
    *,
    kinds: Collection[str] = DEFAULT_KINDS,
    is_person: Callable[[str], bool] = lambda _: False,
) -> ParsedLine:
    """Return the form of a line; see `bot.messages.line_grammar.understand`."""
    meant = understand(line, index, senders, kinds=kinds, is_person=is_person)
    template, template_notes = _choose_variant(index, meant)
    typed, value_notes = collect_values(line.named, meant.quoted, line.repeated)
    form = SendForm(
        template=template.id if template else "",
        to=meant.to,
        sender=meant.sender,
    )
    form, form_notes = (
        apply_values(form, template, typed) if template else carry_values(form, typed)
    )
    notes = [*meant.notes, *template_notes, *value_notes, *form_notes]
    if index is None:
        wanted = f" “{meant.typed_template}” isn't chosen yet." if meant.typed_template else ""
        notes.insert(0, markup(STILL_LOADING + wanted))
    elif template is None and meant.language and not meant.name:
        notes.append(markup(f"Choose a template in {sanitize_line(meant.language, 40)}."))
    elif template is None and typed and not (meant.typed_template or meant.name):
        notes.append(markup("Choose a template: your values are filled in then."))
    return ParsedLine(
        form,
        template,
        tuple(dict.fromkeys(notes)),
        is_guess=meant.is_guess,
        is_unresolved=bool(meant.typed_template or (meant.name and template is None)),
    )


def _choose_variant(
    index: TemplateIndex | None, meant: Understanding
) -> tuple[Template | None, list[Markup]]:
    """Return the template in the intended language, and a sentence if it can't be sent."""
    family = index.by_name.get(meant.name, ()) if index else ()
    if not family:
        return None, []
    codes = find_languages(meant.language, [template.language for template in family])
    wanted = [template for template in family if template.language in codes] or list(family)
    usable = [template for template in wanted if not explain_blocker(template)]
    if not usable:
        return None, [markup(explain_blocker(wanted[0]), " ", _describe_languages(family))]
    template = usable[0]
    if meant.language and not codes:
        return template, [
            markup(
                f"{template.name} isn't available in that language ({meant.language}). "
                f"This is the {vocabulary.format_language_name(template.language)} one."
            )
        ]
    notice = explain_language(template, wanted)
    return template, [markup(notice)] if notice else []


def _describe_languages(family: Sequence[Template]) -> str:
    names = [
        vocabulary.format_language_name(template.language)
        for template in family
        if not explain_blocker(template)
    ]
    return f"It can be sent in {', '.join(names)}." if names else ""
