"""What a form that opens at once is made of: what is remembered, or comes within a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from bot.aio.clock import Clock, within
from bot.chakra.template import Template
from bot.errors import BotError, NotFound, NotSetUp, UsageError
from bot.messages import send_form
from bot.messages.form_values import Order
from bot.messages.service import Dispatch
from bot.messages.validation import objections
from bot.slack.commands.reply import OpenForm, View
from bot.slack.copy.explain import explain_as_text
from bot.templates.catalog import Library, Shelf

SOON = 0.15
"""Seconds that a form waits for what is not remembered: it opens within 0.3."""

T = TypeVar("T")


class Opening:
    """``usual_sender`` is Meta's id of the number in the settings, "" where they name none."""

    def __init__(
        self, library: Library, dispatch: Dispatch, clock: Clock, *, usual_sender: str = ""
    ) -> None:
        self._library = library
        self._dispatch = dispatch
        self._clock = clock
        self._usual_sender = usual_sender

    async def shelf(self) -> Shelf | None:
        """The templates, or those of before, or nothing while Chakra is silent. Raises
        ``NotSetUp``."""
        cached = await self._soon(self._library.shelf())
        return cached.value if cached is not None else self._library.remembered()

    async def shelf_and_senders(self) -> Shelf | None:
        """The same; by then the numbers that send are known as well, where they can be."""
        shelf, _ = await asyncio.gather(self.shelf(), self._soon(self._library.senders()))
        return shelf

    def template(self, template_id: str) -> Template | None:
        """One that is remembered."""
        shelf = self._library.remembered()
        return shelf.by_id.get(template_id) if shelf else None

    def with_sender(self, order: Order) -> Order:
        return order if order.sender else replace(order, sender=self._usual_sender)

    def complete(self, order: Order, template: Template) -> bool:
        """Whether a line says all that a form would ask for, and fits into a button."""
        settled = order.sender or len(self._library.remembered_senders()) == 1
        return bool(order.to and settled and order.written()) and not objections(order, template)

    def opened(self, order: Order, template: Template | None, note: str = "") -> OpenForm:
        senders = self._library.remembered_senders()
        return send_form.opened(self.with_sender(order), template, senders, note=note)

    def form(
        self,
        order: Order,
        template: Template | None,
        *,
        whom: str = "",
        note: str = "",
        tested: str = "",
    ) -> View:
        """The form as it takes the place of one that is open."""
        senders = self._library.remembered_senders()
        return send_form.form(
            self.with_sender(order), template, senders, whom=whom, note=note, tested=tested
        )

    async def drawn(
        self, order: Order, template: Template | None, *, note: str = "", tested: str = ""
    ) -> View:
        """The same, with whom it goes to, or why to nobody."""
        whom = await self._whom(order.to)
        return self.form(order, template, whom=whom, note=note, tested=tested)

    async def _whom(self, to: str) -> str:
        """A preview is no place for other troubles."""
        if not to:
            return ""
        try:
            return send_form.whom(await self._dispatch.recipient(to))
        except (UsageError, NotFound) as problem:
            return explain_as_text(problem)
        except BotError:
            return ""

    async def _soon(self, asking: Coroutine[Any, Any, T]) -> T | None:
        """Nothing where it takes longer, or fails: what waits for it must open at once."""
        try:
            return await within(self._clock, asking, SOON)
        except NotSetUp:
            raise
        except (TimeoutError, BotError):
            return None
