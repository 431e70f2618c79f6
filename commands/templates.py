"""``/chakra templates``: list WhatsApp templates, show, create, edit and share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from bot.chakra.template import Template
from bot.chakra.templates import TemplateSubmission
from bot.context import Context
from bot.errors import BotError, UsageError
from bot.messages.form_values import SendForm
from bot.slack import blocks
from bot.slack.blocks import code, markup
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.command import (
    Action,
    ActionRequest,
    Command,
    CommandRequest,
    Form,
    Offer,
    Request,
    SubmitRequest,
)
from bot.slack.commands.permissions import Permission
from bot.slack.commands.reply import CloseForm, FieldErrors, Message, OpenForm, UpdateForm
from bot.slack.paging import parse_filters
from bot.slack.slow_form import open_when_ready
from bot.slack.viewer import Viewer, require_shareable
from bot.templates import card, editor, pages, vocabulary
from bot.templates.draft import (
    TemplateDraft,
    explain_edit_blocker,
    has_media_sample,
    validate_draft,
)
from bot.templates.list_query import TemplateFilter, find_families, parse_filter_value
from bot.templates.pages import EXAMPLE, TemplateListQuery
from bot.templates.phrases import (
    TEMPLATE_PHRASES,
    asks_for_new,
    find_template_within,
    may_be_template,
)
from bot.writes.ledger import DuplicateWrite, WriteIntent
from bot.writes.notices import ask_again, read_confirmed_id

SUBMITTED = "Submitted for review. Reviews usually take minutes, sometimes a day. Refresh to check."
EDIT_SUBMITTED = (
    "Change submitted for review. It can't be sent from Slack until WhatsApp approves the change. "
    "Refresh to check."
)


# --- the typed line ------------------------------------------------------------------------------


async def run(request: CommandRequest, context: Context) -> Message | OpenForm:
    if asks_for_new(request.arguments):
        request.access.authorize(Permission.EDIT)
        return OpenForm(editor.render_new_form())
    query = _parse_query(request.arguments)
    if query.words and (named := await _find_named(context, query)):
        return await _render_card(request, context, card.pick_preferred(named).id)
    return await _render_page(request, context, query)


async def _find_named(context: Context, query: TemplateListQuery) -> Sequence[Template]:
    """Return the templates with this name. One that is unknown here may be new at Meta."""
    index = (await context.templates.get_index()).value
    meaning = pages.read_words(query, index)
    if meaning.status or meaning.category or meaning.unused:
        return ()
    named = _filter_languages(index.find_by_name(meaning.words), meaning.languages)
    if named or not meaning.words or find_families(index, TemplateFilter(words=meaning.words)):
        return named
    newer = await context.templates.get_newer_index()
    found = newer.value.find_by_name(meaning.words) if newer else ()
    return _filter_languages(found, meaning.languages)


def _filter_languages(named: Sequence[Template], codes: Sequence[str]) -> Sequence[Template]:
    return [template for template in named if not codes or template.language in codes]


def _parse_query(arguments: Arguments) -> TemplateListQuery:
    words, named = parse_filters(arguments, example=EXAMPLE)
    return TemplateListQuery(
        words=words,
        status=parse_filter_value(named.get("status", "")),
        category=parse_filter_value(named.get("category", "")),
        language=parse_filter_value(named.get("language", "")),
    )


# --- the buttons ---------------------------------------------------------------------------------


async def change_page(request: ActionRequest, context: Context) -> Message:
    return replace(
        await _render_page(request, context, TemplateListQuery.from_value(request.value)),
        replace_original=True,
    )


async def reload(request: ActionRequest, context: Context) -> Message:
    query = TemplateListQuery.from_value(request.value)
    return replace(await _render_page(request, context, query, refresh=True), replace_original=True)


async def show(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value)


async def change_language(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value, replace_original=True)


async def refresh(request: ActionRequest, context: Context) -> Message:
    return await _render_card(request, context, request.value, refresh=True, replace_original=True)


async def share(request: ActionRequest, context: Context) -> Message:
    require_shareable(request.channel)
    template = (await context.templates.get_template(request.value)).value
    return card.render_public(template, await _load_variants(context, template), request.actor.id)


async def _render_page(
    request: Request, context: Context, query: TemplateListQuery, *, refresh: bool = False
) -> Message:
    index = await context.templates.get_index(refresh=refresh)
    return pages.render_page(query, index, may_write=request.access.allows(Permission.EDIT))


async def _render_card(
    request: Request,
    context: Context,
    template_id: str,
    *,
    note: str = "",
    refresh: bool = False,
    replace_original: bool = False,
) -> Message:
    template = await context.templates.get_template(template_id, refresh=refresh)
    family = await _load_variants(context, template.value)
    viewer = Viewer.from_request(request)
    return card.render_private(
        template, family, viewer, note=note, replace_original=replace_original
    )


async def _load_variants(context: Context, template: Template) -> Sequence[Template]:
    return (await context.templates.get_index()).value.by_name.get(template.name, (template,))


# --- the form ------------------------------------------------------------------------------------


async def open_new(_: ActionRequest, context: Context) -> OpenForm:  # noqa: ARG001 - as every action
    return OpenForm(editor.render_new_form())


async def open_edit(request: ActionRequest, context: Context) -> OpenForm:
    """Open the form with the last known template; after a restart Chakra is asked for it."""

    async def build() -> OpenForm:
        template = await context.templates.get_last_known(request.value)
        if blocker := explain_edit_blocker(template):
            raise UsageError(blocker)
        return OpenForm(editor.render_edit_form(template), state={"template": template.id})

    return await open_when_ready(context.clock, build(), "Edit template")


async def open_send_form(request: ActionRequest, context: Context) -> OpenForm:
    context.send_service.require_configured()

    async def build() -> OpenForm:
        template = await context.templates.get_last_known(request.value)
        return context.send_forms.open_form(SendForm(template=template.id), template)

    return await open_when_ready(context.clock, build(), "Send WhatsApp")


def check_new(request: SubmitRequest) -> FieldErrors | None:
    return _to_field_errors(validate_draft(TemplateDraft.from_values(request.values)))


def check_edit(request: SubmitRequest) -> FieldErrors | None:
    return _to_field_errors(validate_draft(TemplateDraft.from_values(request.values), is_new=False))


def _to_field_errors(errors: dict[str, str]) -> FieldErrors | None:
    return FieldErrors(errors) if errors else None


async def create(request: SubmitRequest, context: Context) -> CloseForm | UpdateForm:
    draft = TemplateDraft.from_values(request.values)
    waba_id = await context.templates.find_waba_id()

    async def perform() -> str:
        submitted = await context.templates.create(waba_id, draft.to_new_template())
        return submitted.model_dump_json()

    subject = f"template:{draft.name}:{draft.language}"
    write = await context.writes.run(
        _build_intent(request, "template.create", subject, draft), perform
    )
    if isinstance(write, DuplicateWrite):
        return ask_again(editor.render_new_form(), request, write.write)
    submitted = TemplateSubmission.model_validate_json(write.result)
    note = _render_submission_note(submitted, draft)
    return CloseForm(
        note, follow_up=await _render_card_after_saving(request, context, submitted.id, note)
    )


async def edit(request: SubmitRequest, context: Context) -> CloseForm | UpdateForm:
    template = (await context.templates.get_template(request.state.get("template", ""))).value
    draft = TemplateDraft.from_values(request.values)
    intent = _build_intent(request, "template.update", f"template:{template.id}", draft)
    changes = _compare_with_draft(template, draft)
    if "components" in changes and has_media_sample(template):
        raise UsageError(explain_edit_blocker(template))
    if not changes and await context.writes.find_done(intent) is None:
        return CloseForm("Nothing was changed.")

    async def perform() -> str:
        await context.templates.update(template.id, changes)
        return ""

    write = await context.writes.run(intent, perform)
    if isinstance(write, DuplicateWrite):
        return ask_again(editor.render_edit_form(template), request, write.write)
    note = EDIT_SUBMITTED
    return CloseForm(
        note, follow_up=await _render_card_after_saving(request, context, template.id, note)
    )


def _build_intent(
    request: SubmitRequest, verb: str, subject: str, draft: TemplateDraft
) -> WriteIntent:
    return WriteIntent(
        key=request.interaction_key,
        member=request.actor.id,
        verb=verb,
        subject=subject,
        content=asdict(draft),
        confirmed_id=read_confirmed_id(request.state),
    )


def _compare_with_draft(template: Template, draft: TemplateDraft) -> dict[str, Any]:
    components = draft.to_components(template)
    current = [dict(part.definition) for part in template.components]
    changes: dict[str, Any] = {}
    if draft.category and draft.category != template.category:
        changes["category"] = draft.category
    if components != current:
        changes["components"] = components
    return changes


def _render_submission_note(submitted: TemplateSubmission, draft: TemplateDraft) -> str:
    text = {
        "APPROVED": "Approved. It can be sent now.",
        "REJECTED": "WhatsApp rejected this template.",
    }.get(
        submitted.status,
        SUBMITTED,
    )
    if submitted.category and submitted.category != draft.category:
        category = vocabulary.format_category_name(submitted.category)
        text += f" WhatsApp changed its category to {category}."
    return text


async def _render_card_after_saving(
    request: SubmitRequest, context: Context, template_id: str, note: str
) -> Message:
    """Return the current card. If it can't be loaded, still say that the template is submitted."""
    try:
        return await _render_card(request, context, template_id, note=note)
    except BotError:
        text = markup(note, " ", code("/chakra templates"), " lists it once Chakra does.")
        return Message(text=text, blocks=(blocks.section(text),))


TEMPLATES: Command[Context] = Command(
    name="templates",
    aliases=("template",),
    phrases=TEMPLATE_PHRASES,
    offer=Offer("Search templates", may_be_template),
    find_within=find_template_within,
    summary="browse WhatsApp templates: status, quality and text",
    usage="templates [words] [status:…] [category:…] [language:…]",
    example=EXAMPLE,
    argument_names=("status", "category", "language"),
    details=(
        "A full name shows that template. Other words match status, category, language or text.",
        f"status: {', '.join(status.lower() for status in vocabulary.STATUSES)}.",
        "language: takes names and codes. en and English find every English one.",
    ),
    run=run,
    actions=(
        Action(pages.PAGE, change_page),
        Action(pages.RELOAD, reload),
        Action(card.SHOW, show),
        Action(card.CHOOSE, change_language),
        Action(card.REFRESH, refresh),
        Action(card.SHARE, share, needs=Permission.SHARE),
        Action(editor.CREATE, open_new, needs=Permission.EDIT, only_looks=True),
        Action(editor.EDIT, open_edit, needs=Permission.EDIT, only_looks=True),
        Action(card.SEND, open_send_form, needs=Permission.SEND, only_looks=True),
    ),
    forms=(
        Form(editor.CREATE, create, check_new, needs=Permission.EDIT),
        Form(editor.EDIT, edit, check_edit, needs=Permission.EDIT),
    ),
)
