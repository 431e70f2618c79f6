"""The form in which a template is written: a new one, or a change of one that there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.chakra.template import Template
from bot.slack import blocks
from bot.slack.blocks import bold, markup
from bot.slack.commands.reply import Block, Choice, View
from bot.templates import vocabulary
from bot.templates.draft import CATEGORIES, MAX_LENGTHS, TemplateDraft, has_non_text_header

CREATE = "templates.create"
EDIT = "templates.edit"
"""``action_id`` of the button that opens a form, and the form's ``callback_id``."""

REVIEW_NOTE = "WhatsApp looks at it before it can be sent: usually for minutes, at times for a day."


def render_new_form() -> View:
    languages = [Choice(f"{name} · {code}", code) for code, name in vocabulary.LANGUAGES.items()]
    return _build_modal(
        CREATE,
        "New template",
        [
            _text_field(
                "name", "Name", hint="Small letters, digits and underscores, as order_update."
            ),
            blocks.select_field(
                "language",
                "Language",
                action="templates.in_language",
                placeholder="Choose a language",
                choices=languages,
            ),
            _category_field(""),
            *_header_fields(TemplateDraft()),
            *_text_fields(TemplateDraft()),
        ],
    )


def render_edit_form(template: Template) -> View:
    """Name and language cannot be changed, the category only before the approval: Meta's rules. A
    header that is a file or a place stays as it is."""
    draft = TemplateDraft.from_template(template)
    language = blocks.clip(vocabulary.language_name(template.language), 100)
    fields = [blocks.section(markup(bold(blocks.clip(template.name, 150)), "  ", language))]
    if template.status != "APPROVED":
        fields.append(_category_field(template.category))
    if not has_non_text_header(template):
        fields += _header_fields(draft)
    return _build_modal(EDIT, "Edit template", [*fields, *_text_fields(draft)])


def _build_modal(callback_id: str, title: str, fields: Sequence[Block]) -> View:
    return blocks.form_modal(callback_id, title, "Hand in", [*fields, blocks.context(REVIEW_NOTE)])


def _category_field(initial: str) -> Block:
    return blocks.select_field(
        "category",
        "Category",
        action="templates.in_category",
        placeholder="Choose a category",
        choices=[Choice(vocabulary.category_name(category), category) for category in CATEGORIES],
        initial=initial,
        hint="Utility is about something that the person asked for or bought. All else is "
        "marketing.",
    )


def _header_fields(draft: TemplateDraft) -> list[Block]:
    example = "Example for the heading’s variable"
    return [
        _text_field("header", "Heading", draft.header, optional=True),
        _text_field("header_example", example, draft.header_example, optional=True),
    ]


def _text_fields(draft: TemplateDraft) -> list[Block]:
    body = "For what differs from person to person write {{1}}, {{2}} … or {{first_name}}."
    examples = "One line for each variable of the text, in their order."
    return [
        _text_field("body", "Text", draft.body, hint=body, multiline=True),
        _text_field(
            "examples", "Examples", draft.examples, hint=examples, optional=True, multiline=True
        ),
        _text_field("footer", "Small print below", draft.footer, optional=True),
    ]


def _text_field(name: str, label: str, initial: str = "", **more: Any) -> Block:
    max_length = MAX_LENGTHS.get(name, blocks.MAX_SECTION_TEXT_LENGTH)
    return blocks.text_field(
        name, label, action=f"templates.in_{name}", initial=initial, max_length=max_length, **more
    )
