"""Load what the send form needs from the cache, or within the time a modal has to open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bot.aio.clock import Clock, finishes_within, wait_for
from bot.chakra.template import Template
from bot.errors import BotError, NotConfigured, NotFound, UsageError
from bot.messages import check_view, send_form
from bot.messages.check_view import CheckView
from bot.messages.command_line import ParsedLine, parse_line, reparse
from bot.messages.error_copy import EXPLAINER
from bot.messages.form_values import SendForm
from bot.messages.line_reader import LineReader
from bot.messages.line_values import apply_carried_values, list_variable_names
from bot.messages.prefill import refill
from bot.messages.recipients import AmbiguousRecipient, Recipient
from bot.messages.service import CheckedSend, SendService
from bot.messages.validation import find_errors, find_first_error
from bot.slack.blocks import Markup, lines, markup
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.reply import Choice, Message, OpenForm, UpdateForm, View
from bot.templates.catalog import TemplateCatalog, TemplateIndex
from bot.templates.languages import list_sendable_variants
from bot.templates.menu import build_menu_choices, rank_templates
from bot.templates.send_blockers import explain_blocker
from bot.users.directory import Directory
from bot.users.phrases import ME

MODAL_LOAD_TIMEOUT_SECONDS = 0.15
"""Seconds that the form waits for uncached data; it opens within 0.3 seconds."""

CHECK_LOAD_TIMEOUT_SECONDS = 2.0
"""Seconds that "Check and send" waits for a list of templates that is current."""
SEND_LOAD_TIMEOUT_SECONDS = 0.6
"""Seconds that a press on Send waits for it: a response from Chakra takes about a second."""

T = TypeVar("T")


class SendFormLoader:
    """``default_sender_id`` is Meta's ID of the number in the settings, "" if there is none.

    ``takes_files`` returns whether the app may read files; if not, forms accept only links.
    """

    def __init__(
        self,
        catalog: TemplateCatalog,
        send_service: SendService,
        clock: Clock,
        *,
        default_sender_id: str = "",
        takes_files: Callable[[], bool] = lambda: True,
        users: Directory,
    ) -> None:
        self._catalog = catalog
        self._send_service = send_service
        self._clock = clock
        self._default_sender_id = default_sender_id
        self._takes_files = takes_files
        self._users = users

    async def load_templates(self) -> TemplateIndex | None:
        """Return the templates, possibly stale; None if Chakra does not respond in time.

        Raise ``NotConfigured``.
        """
        cached = await self._load_within_modal_deadline(self._catalog.get_index())
        return cached.value if cached is not None else self._catalog.get_cached_index()

    async def load_templates_and_senders(self) -> TemplateIndex | None:
        """Return the templates, and try to cache the sending numbers in the same time."""
        index, _ = await asyncio.gather(
            self.load_templates(), self._load_within_modal_deadline(self._catalog.get_senders())
        )
        return index

    async def parse_line(
        self,
        line: Arguments,
        index: TemplateIndex | None,
        reader: LineReader,
        *,
        own_email: str = "",
    ) -> ParsedLine:
        """Return the form of a typed line, with what is known of its recipient.

        ``own_email`` is the address of the person who typed it, who may be the recipient.
        A template that is unknown or cannot be sent here may be new or changed at Meta. Raise
        ``UserError`` for a mention that Slack says too little about.
        """
        people = (
            await self._load_within_modal_deadline(self._users.get_index()) if line.tokens else None
        )
        is_person = people.value.has_name if people else lambda _: False
        parsed = await self._parse_line(line, index, reader, is_person)
        if parsed.is_unresolved and index is not None:
            newer = await self._catalog.get_newer_index()
            if newer is not None:
                parsed = await self._parse_line(line, newer.value, reader, is_person)
        if parsed.form.to == ME and own_email:
            parsed = replace(parsed, form=replace(parsed.form, to=own_email))
        return await self._add_recipient(parsed)

    async def _parse_line(
        self,
        line: Arguments,
        index: TemplateIndex | None,
        reader: LineReader,
        is_person: Callable[[str], bool],
    ) -> ParsedLine:
        """Parse once for the template, and again with the names of its variables."""
        kinds = self._send_service.recipients.kinds
        senders = self._catalog.get_cached_senders()
        typed = await reader.read(line)
        parsed = parse_line(typed, index, senders, kinds=kinds, is_person=is_person)
        names = list_variable_names(parsed.template) if parsed.template else []
        again = reparse(line, names)
        if again == line:
            return parsed
        typed = await reader.read(again)
        return parse_line(typed, index, senders, kinds=kinds, is_person=is_person)

    async def _add_recipient(self, parsed: ParsedLine) -> ParsedLine:
        """Return the line with its recipient, with those to choose from, or with the problem.

        Within the time that a form has to open; else `open_line` looks the recipient up later.
        """
        if not parsed.form.to:
            return parsed
        resolve = self._send_service.recipients.resolve(parsed.form.to)
        try:
            found = wait_for(self._clock, resolve, MODAL_LOAD_TIMEOUT_SECONDS)
            return (await _add_found_recipient(parsed, found))[0]
        except TimeoutError:
            return replace(parsed, awaits_recipient=True)
        except BotError:
            return parsed

    async def find_options(
        self, query: str, last_used: Sequence[tuple[str, str]], locale: str
    ) -> tuple[Choice, ...] | None:
        """Return the options of a menu, see `rank_templates`; None while they load."""
        index = await self.load_templates()
        if index is None:
            return None
        found = rank_templates(index, query, last_used, locale)
        if not found and (newer := await self._catalog.get_newer_index()):
            index = newer.value
            found = rank_templates(index, query, last_used, locale)
        return build_menu_choices(index, found)

    def get_cached_template(self, template_id: str) -> Template | None:
        """Return a template if the catalog is loaded and has it; Chakra is not asked."""
        index = self._catalog.get_cached_index()
        return index.by_id.get(template_id) if index else None

    def fill_default_sender(self, form: SendForm) -> SendForm:
        return form if form.sender else replace(form, sender=self._default_sender_id)

    def is_complete(self, form: SendForm, template: Template) -> bool:
        """Return whether a typed line has everything that the form asks for."""
        has_sender = form.sender or len(self._catalog.get_cached_senders()) == 1
        return bool(form.to and has_sender) and not find_errors(form, template, self._clock.time())

    async def get_current_template(self, template_id: str, seconds: float) -> Template:
        """Return the template as Chakra has it now, or the last known one if that takes longer.

        Raise ``NotFound``.
        """
        try:
            current = self._catalog.get_current(template_id)
            return await wait_for(self._clock, current, seconds)
        except NotFound:
            raise
        except (TimeoutError, BotError):
            return await self._catalog.get_last_known(template_id)

    async def check(
        self, form: SendForm, template: Template, *, note: str = "", test_result: str = ""
    ) -> CheckView:
        """Return "Check and send". Raise what ``SendService.check`` does."""
        checked = await self._send_service.check(self.fill_default_sender(form), template)
        return self.render_check(form, checked, note=note, test_result=test_result)

    async def _check_current(self, form: SendForm, template: Template) -> CheckView:
        """Return "Check and send" for the current template.

        Also raise ``UsageError`` for values that it no longer accepts.
        """
        current = await self.get_current_template(template.id, CHECK_LOAD_TIMEOUT_SECONDS)
        if error := find_first_error(form, current, self._clock.time()):
            raise UsageError(error)
        return await self.check(form, current)

    def render_check(
        self, form: SendForm, checked: CheckedSend, *, note: str = "", test_result: str = ""
    ) -> CheckView:
        return check_view.render_check(
            self.fill_default_sender(form),
            checked,
            self._catalog.get_cached_senders(),
            self._clock.time(),
            note=note,
            test_result=test_result,
        )

    async def open_check(self, form: SendForm, template: Template) -> OpenForm:
        """Open "Check and send"; a view says "Checking…" first if looking it up takes long.

        If it can't be sent, open the form with the reason, in place of that view if it is open.
        Raise the other errors of ``check``.
        """
        checking = asyncio.ensure_future(self._check_current(form, template))

        async def show() -> UpdateForm:
            shown = form
            try:
                return (await checking).update()
            except AmbiguousRecipient as several:
                shown = form.with_choices(several.choices)
                note = EXPLAINER.explain_as_text(several)
            except BotError as error:
                note = EXPLAINER.explain_as_text(error)
            current = self.get_cached_template(template.id) or template
            view = self.render(shown, None if explain_blocker(current) else current, note=note)
            return send_form.update_form(view, shown, overwrite=True)

        if not await finishes_within(self._clock, checking, MODAL_LOAD_TIMEOUT_SECONDS):
            return OpenForm(check_view.render_checking(), later=asyncio.ensure_future(show()))
        if not isinstance(checking.exception(), UsageError):
            checking.result()
        shown = await show()
        return OpenForm(shown.view, shown.state)

    def open_line(self, line: ParsedLine, note: str) -> OpenForm:
        """Open the form of a line; once Chakra says who the recipient is, that is filled in."""
        opened = self.open_form(line.form, line.template, note)
        if not line.awaits_recipient:
            return opened
        return replace(opened, later=asyncio.ensure_future(self._fill_later(line)))

    async def _fill_later(self, line: ParsedLine) -> UpdateForm | None:
        """Return the form with the recipient, their record's values or the problem; else None."""
        resolve = self._send_service.recipients.resolve(line.form.to)
        try:
            found, recipient = await _add_found_recipient(line, resolve)
        except (TimeoutError, BotError):
            return None
        if recipient and line.template is None:
            return None
        text = send_form.describe_recipient(recipient) if recipient else ""
        view = self.render(found.form, found.template, recipient_text=text, note=found.note)
        return send_form.update_form(view, self.fill_default_sender(found.form))

    def open_form(self, form: SendForm, template: Template | None, note: str = "") -> OpenForm:
        view = self.render(form, template, note=note)
        return OpenForm(view, state=self.fill_default_sender(form).to_state())

    async def open_with_last_used(
        self, form: SendForm, last_used: Sequence[tuple[str, str]], note: str = ""
    ) -> OpenForm:
        """Open the form with the template that the person sent last, if it can be sent.

        If it asks for nothing and the form offers one number, "Check and send" opens instead.
        """
        index = self._catalog.get_cached_index()
        name, language = last_used[0] if last_used else ("", "")
        named = index.by_name.get(name, ()) if index else ()
        template = next((each for each in named if each.language == language), None)
        if template is None or explain_blocker(template):
            return self.open_form(form, None, note)
        form = self.fill_default_sender(replace(form, template=template.id))
        numbers = [each for each in form.candidates or (form.to,) if each.startswith("+")]
        if numbers == [form.to] and self.is_complete(form, template):
            return await self.open_check(form, template)
        return self.open_form(form, template, note)

    def render(
        self,
        form: SendForm,
        template: Template | None,
        *,
        recipient_text: str = "",
        note: str = "",
        test_result: str = "",
    ) -> View:
        """Return the form that replaces the open one."""
        senders = self._catalog.get_cached_senders()
        index = self._catalog.get_cached_index()
        family = index.by_name.get(template.name, ()) if index and template else ()
        return send_form.render_form(
            self.fill_default_sender(form),
            template,
            senders,
            languages=list_sendable_variants(family),
            recipient_text=recipient_text,
            note=note,
            test_result=test_result,
            takes_files=self._takes_files(),
        )

    async def update(
        self,
        form: SendForm,
        template: Template | None,
        *,
        note: str = "",
        test_result: str = "",
        fallback: Message | None = None,
    ) -> UpdateForm:
        """Return the open form with the resolved recipient, or the reason why there is none.

        Values that were typed before the template, and those of the recipient's record, are in it.
        """
        notes: list[str] = [note] if note else []
        if template is not None:
            form, problems = apply_carried_values(form, template)
            notes += problems
        recipient, recipient_text = await self._find_recipient(form.to, template)
        if template is not None and (recipient or not recipient_text):
            form = refill(form, template, recipient)
        view = self.render(
            form,
            template,
            recipient_text=recipient_text,
            note=lines(notes) if notes else "",
            test_result=test_result,
        )
        return send_form.update_form(view, form, overwrite=True, fallback=fallback)

    async def refresh_recipient(self, form: SendForm, template: Template) -> SendForm:
        """Return the form without the values of a record that is no longer the recipient's."""
        if not form.filled:
            return form
        recipient, _ = await self._find_recipient(form.to, template)
        return refill(form, template, recipient) if recipient else form

    async def _find_recipient(
        self, to: str, template: Template | None
    ) -> tuple[Recipient | None, str]:
        """Return the recipient with their description, or the problem; "" for other errors."""
        if not to:
            return None, ""
        try:
            recipient = await self._send_service.recipients.resolve(to)
        except (UsageError, NotFound) as problem:
            return None, EXPLAINER.explain_as_text(problem)
        except (BotError, TimeoutError):
            return None, ""
        text = send_form.describe_recipient(recipient)
        opt_out = await self._send_service.describe_opt_out(recipient, template)
        return recipient, markup(text, Markup(" · :no_entry: "), opt_out) if opt_out else text

    async def _load_within_modal_deadline(self, load: Coroutine[Any, Any, T]) -> T | None:
        """Return the result, None if it takes too long or fails: the form must open in time."""
        try:
            return await wait_for(self._clock, load, MODAL_LOAD_TIMEOUT_SECONDS)
        except NotConfigured:
            raise
        except (TimeoutError, BotError):
            return None


async def _add_found_recipient(
    line: ParsedLine, resolve: Coroutine[Any, Any, Recipient]
) -> tuple[ParsedLine, Recipient | None]:
    """Return the line with its recipient, with those to choose from, or with the problem."""
    try:
        recipient = await resolve
    except AmbiguousRecipient as several:
        return line.with_choices(several.choices, EXPLAINER.explain_as_text(several)), None
    except (UsageError, NotFound) as problem:
        return line.with_problem(EXPLAINER.explain_as_text(problem)), None
    return replace(line, form=refill(line.form, line.template, recipient)), recipient
