"""One template as people read about it: the card for one reader, and the one for a channel."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cache import Cached
from bot.chakra.template import Template
from bot.privacy import redact
from bot.slack import blocks
from bot.slack.age import freshness
from bot.slack.blocks import Markup, bold, code, escape, markup, mention
from bot.slack.commands.reply import Block, Choice, Message
from bot.slack.viewer import Viewer
from bot.templates import editor as form
from bot.templates import vocabulary
from bot.templates.draft import editable
from bot.templates.preview import preview, summary
from bot.templates.send_blockers import unsendable
from bot.templates.variables import VARIABLE, fields

# Ids of the actions that every card offers; the command `templates` answers them.
CHOOSE = "templates.choose"
REFRESH = "templates.refresh"
SHARE = "templates.share"
SEND = "templates.send"

LONGEST_NAME = 150
LONGEST_VALUE = 200
LONGEST_EXAMPLES = 500
MOST_EXAMPLES = 10
MOST_LANGUAGES = 30
"""In the menu. Slack counts its options among the 12,000 characters of a message."""
LONGEST_CHOICE = 25


def private(
    template: Cached[Template],
    family: Sequence[Template],
    viewer: Viewer,
    *,
    note: str = "",
    replace: bool = False,
) -> Message:
    """``family``: the template in every language that there is. ``note`` stands above the card."""
    shown = template.value
    made: list[Block] = [blocks.section(note)] if note else []
    made += _head(shown, family)
    made += [blocks.divider(), *preview(shown), blocks.divider()]
    examples = _examples(shown)
    if examples:
        made.append(blocks.context(examples))
    made.append(blocks.context(freshness(template), markup("Id ", code(shown.id))))
    made.append(blocks.actions(*_elements(shown, family, viewer)))
    return Message(text=_summary(shown), blocks=tuple(made), replace_original=replace)


def public(template: Template, family: Sequence[Template], by: str) -> Message:
    """For everyone in a channel: numbers and addresses masked, no buttons. ``by`` is a Slack member
    id."""
    shown = [*_head(template, family), blocks.divider(), *preview(template), blocks.divider()]
    made = [_masked(block) for block in shown]
    return Message(
        text=markup("WhatsApp template ", redact(_name(template))),
        blocks=(*made, blocks.context(markup("Shared by ", mention(by)))),
        to_channel=True,
    )


def best(family: Sequence[Template]) -> Template:
    """The one to show first: one that can be sent, else the first. Raises ``IndexError``."""
    return next((one for one in family if one.sendable), family[0])


def _name(template: Template) -> str:
    return _value(template.name, LONGEST_NAME)


def _head(template: Template, family: Sequence[Template]) -> list[Block]:
    made = [blocks.section(bold(_name(template))), *blocks.fields(_facts(template, family))]
    why = _why(template)
    if why:
        made.append(blocks.section(why))
    return made


def _facts(template: Template, family: Sequence[Template]) -> list[tuple[str, str]]:
    others = [one.language for one in family if one.id != template.id]
    language = vocabulary.language(template.language)
    more = f"; also {', '.join(map(vocabulary.language, others))}" if others else ""
    return [
        ("State", _value(vocabulary.state(template.status))),
        ("Category", _category(template)),
        ("Quality", _value(vocabulary.quality(template.quality))),
        ("Language", _value(language + more)),
    ]


def _value(text: str, most: int = LONGEST_VALUE) -> str:
    return blocks.clip(escape(text), most)


def _category(template: Template) -> str:
    named = vocabulary.category(template.category)
    before = template.previous_category
    if before and before != template.category:
        named += f", was {vocabulary.category(before).lower()}"
    return _value(named)


def _why(template: Template) -> Markup | None:
    """What stands in the way of sending it."""
    if template.status == "REJECTED" and template.rejected_reason:
        told = vocabulary.reason(blocks.clip(template.rejected_reason, 40))
        return markup(Markup(":red_circle: "), bold("Rejected."), " ", told)
    told = unsendable(template)
    return markup(Markup(":information_source: "), told) if told else None


def _examples(template: Template) -> str:
    """``Examples: ‹1›: Mark · ‹2›: 566701``: what Meta was told the variables may hold."""
    given = [one for one in fields(template) if one.example and one.key.startswith(VARIABLE)]
    pairs = [blocks.clip(f"{one.label}: {one.example}", 80) for one in given[:MOST_EXAMPLES]]
    return _value(f"Examples: {'  ·  '.join(pairs)}", LONGEST_EXAMPLES) if pairs else ""


def _elements(template: Template, family: Sequence[Template], viewer: Viewer) -> list[Block]:
    made: list[Block] = []
    if len(family) > 1:
        choices = [_choice(one) for one in family[:MOST_LANGUAGES]]
        made.append(blocks.select(CHOOSE, "Language", choices, initial=template.id))
    if viewer.may_edit and not unsendable(template):
        made.append(blocks.button("Send", SEND, template.id, style="primary"))
    made.append(blocks.button("Refresh", REFRESH, template.id))
    if viewer.may_share:
        made.append(blocks.button("Share to channel", SHARE, template.id))
    if viewer.may_edit and editable(template):
        made.append(blocks.button("Edit", form.EDIT, template.id))
    return made


def _choice(template: Template) -> Choice:
    language, state = vocabulary.language(template.language), vocabulary.state_word(template.status)
    return Choice(
        blocks.clip(language, LONGEST_CHOICE), template.id, blocks.clip(state, LONGEST_CHOICE)
    )


def _summary(template: Template) -> Markup:
    state = vocabulary.state_word(template.status)
    return markup(_name(template), " · ", blocks.clip(state, 60), " · ", summary(template))


def _masked(block: Block) -> Block:
    """A section, its fields or a context, with what is personal in their texts hidden."""
    made = dict(block)
    if "text" in block:
        made["text"] = _hidden(block["text"], blocks.MAX_SECTION_TEXT_LENGTH)
    for name in ("fields", "elements"):
        if name in block:
            made[name] = [_hidden(one, blocks.MAX_FIELD_TEXT_LENGTH) for one in block[name]]
    return made


def _hidden(text: Block, most: int) -> Block:
    return {**text, "text": blocks.clip(Markup(redact(text["text"])), most)}
