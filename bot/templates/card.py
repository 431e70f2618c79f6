"""The card of a template: private for one reader, and public for a channel."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cache import Cached
from bot.chakra.template import Template
from bot.slack import blocks
from bot.slack.age import format_freshness
from bot.slack.blocks import Markup, bold, code, escape, markup, mention
from bot.slack.commands.reply import Block, Choice, Message
from bot.slack.viewer import Viewer, render_show_me
from bot.templates import editor, vocabulary
from bot.templates.draft import is_editable
from bot.templates.preview import render_preview, render_summary_line
from bot.templates.send_blockers import explain_blocker
from bot.templates.variables import VARIABLE_PREFIX, TemplateField, list_template_fields

# IDs of the actions that every card offers; the command `templates` handles them.
CHOOSE = "templates.choose"
SHOW = "templates.show"
REFRESH = "templates.refresh"
SHARE = "templates.share"
SEND = "templates.send"

MAX_NAME_LENGTH = 150
MAX_VALUE_LENGTH = 200
MAX_EXAMPLES_LENGTH = 500
MAX_EXAMPLES = 10
MAX_LANGUAGES = 30
"""Options of the menu. Slack counts them among the 12,000 characters of a message."""
MAX_CHOICE_LENGTH = 25


def render_private(
    template: Cached[Template],
    family: Sequence[Template],
    viewer: Viewer,
    *,
    note: str = "",
    replace_original: bool = False,
) -> Message:
    """Return the card. ``family`` is the template in every language; ``note`` goes above it."""
    value = template.value
    content: list[Block] = blocks.sections(note) if note else []
    content += _render_header(value, family)
    content += [blocks.divider(), *render_preview(value), blocks.divider()]
    examples = _render_examples_line(value)
    if examples:
        content.append(blocks.context(examples))
    content.append(blocks.context(format_freshness(template), markup("ID ", code(value.id))))
    content.append(blocks.actions(*_render_actions(value, family, viewer)))
    return Message(
        text=_render_summary(value), blocks=tuple(content), replace_original=replace_original
    )


def render_public(template: Template, family: Sequence[Template], member_id: str) -> Message:
    """Return the card for a channel.

    ``member_id`` is the Slack member who shares it.
    """
    return Message(
        text=markup("WhatsApp template ", _format_name(template)),
        blocks=(
            *_render_header(template, family),
            blocks.divider(),
            *render_preview(template),
            blocks.divider(),
            blocks.context(markup("Shared by ", mention(member_id))),
            blocks.actions(render_show_me(SHOW, template.id)),
        ),
        to_channel=True,
        shared_as=f"the template {_format_name(template)}",
    )


def pick_preferred(family: Sequence[Template]) -> Template:
    """Return the first that can be sent, else the first. Raise ``IndexError`` if empty."""
    return next((template for template in family if template.is_sendable), family[0])


def _format_name(template: Template) -> str:
    return _clip_value(template.name, MAX_NAME_LENGTH)


def _render_header(template: Template, family: Sequence[Template]) -> list[Block]:
    content = [
        blocks.section(bold(_format_name(template))),
        *blocks.fields(_list_facts(template, family)),
    ]
    why = _render_blocker(template)
    if why:
        content.append(blocks.section(why))
    return content


def _list_facts(template: Template, family: Sequence[Template]) -> list[tuple[str, str]]:
    others = [variant.language for variant in family if variant.id != template.id]
    language = vocabulary.format_language_name(template.language)
    more = f"; also {', '.join(map(vocabulary.format_language_name, others))}" if others else ""
    return [
        ("Status", _clip_value(vocabulary.format_status_label(template.status))),
        ("Category", _render_category(template)),
        ("Quality", _clip_value(vocabulary.format_quality_label(template.quality))),
        ("Language", _clip_value(language + more)),
    ]


def _clip_value(text: str, max_length: int = MAX_VALUE_LENGTH) -> str:
    return blocks.clip(escape(text), max_length)


def _render_category(template: Template) -> str:
    named = vocabulary.format_category_name(template.category)
    previous = template.previous_category
    if previous and previous != template.category:
        named += f", was {vocabulary.format_category_name(previous).lower()}"
    upcoming = template.correct_category
    if upcoming and upcoming != template.category:
        named += f". WhatsApp will change it to {vocabulary.format_category_name(upcoming)}"
    return _clip_value(named)


def _render_blocker(template: Template) -> Markup | None:
    """Return why the template can't be sent."""
    if template.status == "REJECTED" and template.rejected_reason:
        reason = vocabulary.explain_rejection(blocks.clip(template.rejected_reason, 40))
        return markup(Markup(":red_circle: "), bold("Rejected."), " ", reason)
    reason = explain_blocker(template)
    return markup(Markup(":information_source: "), reason) if reason else None


def _render_examples_line(template: Template) -> str:
    """Return ``Examples: ‹1›: Mark · ‹2›: 566701``, as submitted to Meta."""
    fields = [
        field
        for field in list_template_fields(template)
        if field.example and field.key.startswith(VARIABLE_PREFIX)
    ]
    if not fields:
        return ""
    pairs: list[str] = [_render_example(field) for field in fields[:MAX_EXAMPLES]]
    if len(fields) > MAX_EXAMPLES:
        pairs.append(f"and {len(fields) - MAX_EXAMPLES} more")
    joined = Markup("  ·  ".join(pairs))
    return blocks.clip(markup("Examples: ", joined), MAX_EXAMPLES_LENGTH)


def _render_example(field: TemplateField) -> Markup:
    """Return ``‹1›: Mark``, isolated so that right-to-left text doesn't reorder its neighbors."""
    return escape(blocks.clip(f"{field.name}: {field.example}", 80))


def _render_actions(template: Template, family: Sequence[Template], viewer: Viewer) -> list[Block]:
    elements: list[Block] = []
    if len(family) > 1:
        choices = [_build_language_choice(variant) for variant in family[:MAX_LANGUAGES]]
        elements.append(blocks.select(CHOOSE, "Language", choices, initial=template.id))
    if viewer.may_edit and not explain_blocker(template):
        elements.append(blocks.button("Send", SEND, template.id, style="primary"))
    elements.append(blocks.button("Refresh", REFRESH, template.id))
    if viewer.may_share:
        elements.append(blocks.button("Share to channel", SHARE, template.id))
    if viewer.may_edit and is_editable(template):
        elements.append(blocks.button("Edit", editor.EDIT, template.id))
    return elements


def _build_language_choice(template: Template) -> Choice:
    language = blocks.clip(vocabulary.format_language_name(template.language), MAX_CHOICE_LENGTH)
    status = blocks.clip(vocabulary.format_status_name(template.status), MAX_CHOICE_LENGTH)
    return Choice(language, template.id, status)


def _render_summary(template: Template) -> Markup:
    status = vocabulary.format_status_name(template.status)
    return markup(
        _format_name(template), " · ", blocks.clip(status, 60), " · ", render_summary_line(template)
    )
