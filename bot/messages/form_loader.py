"""Load what the send form needs from the cache, or within the time a modal has to open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bot.aio.clock import Clock, done_within, wait_for
from bot.chakra.template import Template
from bot.errors import BotError, NotConfigured, NotFound, UsageError, UserError
from bot.messages import check_view, command_line, send_form
from bot.messages.check_view import CheckView
from bot.messages.error_copy import EXPLAINER
from bot.messages.form_values import SendForm
from bot.messages.line_reader import LineReader
from bot.messages.service import CheckedSend, SendService
from bot.messages.validation import validation_errors
from bot.slack.commands.arguments import Arguments
from bot.slack.commands.reply import OpenForm, UpdateForm, View
from bot.templates.catalog import TemplateCatalog, TemplateIndex
from bot.templates.menu import rank_templates

MODAL_LOAD_TIMEOUT_SECONDS = 0.15
"""Seconds that the form waits for uncached data; it opens within 0.3 seconds."""

T = TypeVar("T")


class SendFormLoader:
    """``default_sender_id`` is Meta's ID of the number in the settings, "" if there is none.

    ``takes_files`` returns whether the app may read files; else its forms take links only.
    """

    def __init__(
        self,
        catalog: TemplateCatalog,
        send_service: SendService,
        clock: Clock,
        *,
        default_sender_id: str = "",
        takes_files: Callable[[], bool] = lambda: True,
    ) -> None:
        self._catalog = catalog
        self._send_service = send_service
        self._clock = clock
        self._default_sender_id = default_sender_id
        self._takes_files = takes_files

    async def load_templates(self) -> TemplateIndex | None:
        """Return the templates, possibly stale; None if Chakra does not respond in time.

        Raise ``NotConfigured``.
        """
        cached = await self._within_modal_deadline(self._catalog.get_index())
        return cached.value if cached is not None else self._catalog.get_cached_index()

    async def load_templates_and_senders(self) -> TemplateIndex | None:
        """Return the templates, and try to cache the sending numbers in the same time."""
        index, _ = await asyncio.gather(
            self.load_templates(), self._within_modal_deadline(self._catalog.get_senders())
        )
        return index

    async def parse_line(
        self, line: Arguments, index: TemplateIndex, reader: LineReader
    ) -> tuple[SendForm, Template | None]:
        """Return the form and the template of a typed line.

        A template that is unknown or cannot be sent here may be new or changed at Meta. Raise
        ``UserError``.
        """
        try:
            form, template = await self._parse_line(line, index, reader)
        except UserError:
            newer = await self._catalog.get_newer_index()
            if newer is None:
                raise
            return await self._parse_line(line, newer.value, reader)
        if template is None and command_line.may_name_template(line):
            newer = await self._catalog.get_newer_index()
            if newer is not None:
                return await self._parse_line(line, newer.value, reader)
        return form, template

    async def _parse_line(
        self, line: Arguments, index: TemplateIndex, reader: LineReader
    ) -> tuple[SendForm, Template | None]:
        rest, template = command_line.choose_template(line, index)
        command_line.check_names(rest)
        runs, named = await reader.read_words(rest), await reader.read_named(rest)
        senders = self._catalog.get_cached_senders()
        return command_line.fill_form(runs, named, template, index, senders), template

    async def find_templates(
        self, query: str, last_used: Sequence[tuple[str, str]], locale: str
    ) -> tuple[Template, ...] | None:
        """Return the templates for a menu, see `rank_templates`; None while they load."""
        index = await self.load_templates()
        if index is None:
            return None
        found = rank_templates(index, query, last_used, locale)
        if not found and (newer := await self._catalog.get_newer_index()):
            found = rank_templates(newer.value, query, last_used, locale)
        return found

    def get_cached_template(self, template_id: str) -> Template | None:
        """Return a cached template."""
        index = self._catalog.get_cached_index()
        return index.by_id.get(template_id) if index else None

    def with_default_sender(self, form: SendForm) -> SendForm:
        return form if form.sender else replace(form, sender=self._default_sender_id)

    def is_complete(self, form: SendForm, template: Template) -> bool:
        """Return whether a typed line has everything that the form asks for."""
        has_sender = form.sender or len(self._catalog.get_cached_senders()) == 1
        return bool(form.to and has_sender) and not validation_errors(
            form, template, self._clock.time()
        )

    async def check(
        self, form: SendForm, template: Template, *, test_result: str = ""
    ) -> CheckView:
        """Return "Check and send". Raise what ``SendService.check`` does."""
        checked = await self._send_service.check(self.with_default_sender(form), template)
        return self.render_check(form, checked, test_result=test_result)

    def render_check(
        self, form: SendForm, checked: CheckedSend, *, note: str = "", test_result: str = ""
    ) -> CheckView:
        return check_view.render_check(
            self.with_default_sender(form),
            checked,
            self._catalog.get_cached_senders(),
            self._clock.time(),
            note=note,
            test_result=test_result,
        )

    async def open_check(self, form: SendForm, template: Template) -> OpenForm:
        """Open "Check and send"; a view says "Checking…" first if looking it up takes long.

        Raise what ``check`` does, unless that view is open.
        """
        checking = asyncio.ensure_future(self.check(form, template))
        if await done_within(self._clock, checking, MODAL_LOAD_TIMEOUT_SECONDS):
            checked = checking.result()
            return OpenForm(checked.view, checked.state)

        async def show() -> UpdateForm:
            return (await checking).update()

        return OpenForm(check_view.checking_view(), later=asyncio.ensure_future(show()))

    def open_form(self, form: SendForm, template: Template | None, note: str = "") -> OpenForm:
        view = self.render(form, template, note=note)
        return OpenForm(view, state=self.with_default_sender(form).to_state())

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
        return send_form.render_form(
            self.with_default_sender(form),
            template,
            senders,
            recipient_text=recipient_text,
            note=note,
            test_result=test_result,
            takes_files=self._takes_files(),
        )

    async def render_with_recipient(
        self, form: SendForm, template: Template | None, *, note: str = "", test_result: str = ""
    ) -> View:
        """Return the form with the resolved recipient, or the reason why there is none."""
        recipient_text = await self._recipient_text(form.to)
        return self.render(
            form, template, recipient_text=recipient_text, note=note, test_result=test_result
        )

    async def _recipient_text(self, to: str) -> str:
        """Return the recipient or the problem with it; "" for other errors."""
        if not to:
            return ""
        try:
            return send_form.describe_recipient(await self._send_service.recipients.resolve(to))
        except (UsageError, NotFound) as problem:
            return EXPLAINER.explain_as_text(problem)
        except BotError:
            return ""

    async def _within_modal_deadline(self, load: Coroutine[Any, Any, T]) -> T | None:
        """Return the result, None if it takes too long or fails: the form must open in time."""
        try:
            return await wait_for(self._clock, load, MODAL_LOAD_TIMEOUT_SECONDS)
        except NotConfigured:
            raise
        except (TimeoutError, BotError):
            return None
