"""The form that creates or edits a template."""

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
"""The ``action_id`` of the button that opens the form, and the form's ``callback_id``."""

REVIEW_NOTE = (
    "WhatsApp reviews a template before it can be sent, usually within minutes, sometimes a day."
)
IN_USE_NOTE = (
    "This template is in use. It can't be sent from Slack until WhatsApp approves the change."
)


def render_new_form() -> View:
    languages = [Choice(f"{name} · {code}", code) for code, name in vocabulary.LANGUAGES.items()]
    return _build_modal(
        CREATE,
        "New template",
        [
            _render_text_field(
                "name",
                "Name",
                hint="Lowercase letters, numbers and underscores, like order_update.",
            ),
            blocks.select_field(
                "language",
                "Language",
                action="templates.in_language",
                placeholder="Choose a language",
                choices=languages,
            ),
            _render_category_field(""),
            *_render_header_fields(TemplateDraft()),
            *_render_text_fields(TemplateDraft()),
        ],
    )


def render_edit_form(template: Template) -> View:
    """Return the form for an existing template.

    By Meta's rules, name and language can't be changed, and the category only before approval. A
    location header stays as it is.
    """
    draft = TemplateDraft.from_template(template)
    language = blocks.clip(vocabulary.format_language_name(template.language), 100)
    fields = [blocks.section(markup(bold(blocks.clip(template.name, 150)), "  ", language))]
    if template.status == "APPROVED":
        fields.append(blocks.section(IN_USE_NOTE))
    if template.status != "APPROVED":
        fields.append(_render_category_field(template.category))
    if not has_non_text_header(template):
        fields += _render_header_fields(draft)
    return _build_modal(EDIT, "Edit template", [*fields, *_render_text_fields(draft)])


def _build_modal(callback_id: str, title: str, fields: Sequence[Block]) -> View:
    content = [*fields, blocks.context(REVIEW_NOTE)]
    return blocks.form_modal(callback_id, title, "Submit for review", content)


def _render_category_field(initial: str) -> Block:
    return blocks.select_field(
        "category",
        "Category",
        action="templates.in_category",
        placeholder="Choose a category",
        choices=[
            Choice(vocabulary.format_category_name(category), category) for category in CATEGORIES
        ],
        initial=initial,
        hint="Utility: about an order or request the customer made. Everything else is Marketing.",
    )


def _render_header_fields(draft: TemplateDraft) -> list[Block]:
    example = "Header example"
    return [
        _render_text_field("header", "Header", draft.header, optional=True),
        _render_text_field("header_example", example, draft.header_example, optional=True),
    ]


def _render_text_fields(draft: TemplateDraft) -> list[Block]:
    body = "Add variables as {{1}}, {{2}} or {{first_name}}."
    examples = "One line for each variable of the body, in order."
    return [
        _render_text_field("body", "Body", draft.body, hint=body, multiline=True),
        _render_text_field(
            "examples", "Examples", draft.examples, hint=examples, optional=True, multiline=True
        ),
        _render_text_field("footer", "Footer", draft.footer, optional=True),
    ]


def _render_text_field(name: str, label: str, initial: str = "", **more: Any) -> Block:
    max_length = MAX_LENGTHS.get(name, blocks.MAX_SECTION_TEXT_LENGTH)
    return blocks.text_field(
        name, label, action=f"templates.in_{name}", initial=initial, max_length=max_length, **more
    )
