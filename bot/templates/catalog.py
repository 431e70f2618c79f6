"""The templates of the account and the numbers that send them, read through the cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process

from bot.cache import Cache, Cached
from bot.chakra.client import Chakra
from bot.chakra.models import PhoneNumber
from bot.chakra.template import Template
from bot.chakra.templates import NewTemplate, Submitted
from bot.errors import (
    ChakraError,
    KeyRefused,
    NotFound,
    NotSetUp,
    Rejected,
    Unreadable,
    UsageError,
)
from bot.templates.send_blockers import unsendable
from bot.text.normalize import tokens

TEMPLATES, SENDERS = "templates", "senders"
ALL = "all"
WABA = "CHAKRA_WABA_ID"
SENDER = "CHAKRA_WHATSAPP_PHONE_NUMBER_ID"

NEAR = 70
"""rapidfuzz's ratio (0-100) from which a name is near to a misspelt one."""
MOST_NEAR = 3


@dataclass(frozen=True)
class Shelf:
    """All templates by name and language, indexed once. ``words`` holds, by id, the folded words
    of the name, the texts and the buttons."""

    templates: tuple[Template, ...]
    by_id: Mapping[str, Template]
    by_name: Mapping[str, tuple[Template, ...]]
    words: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, found: Iterable[Template]) -> Shelf:
        """In the order of their names; of one name those in the account's usual languages first."""
        listed = list(found)
        usual = Counter(_tongue(one) for one in listed)
        every = tuple(
            sorted(listed, key=lambda one: (one.name, -usual[_tongue(one)], one.language))
        )
        names: dict[str, tuple[Template, ...]] = {}
        for one in every:
            names[one.name] = (*names.get(one.name, ()), one)
        return cls(
            every, {one.id: one for one in every}, names, {one.id: _in(one) for one in every}
        )

    @property
    def usable(self) -> tuple[Template, ...]:
        """What can be sent from here, now."""
        return tuple(one for one in self.templates if not unsendable(one))

    def named(self, typed: str, language: str = "") -> tuple[Template, ...]:
        """Every language of a name; spaces and capitals are forgiven. With a ``language`` ("en_US",
        "en") the very one, else its variants."""
        found = self.by_name.get("_".join(typed.strip().lower().split()), ())
        if not language:
            return found
        sought = language.replace("-", "_").lower()
        exact = tuple(one for one in found if one.language.lower() == sought)
        return exact or tuple(one for one in found if in_language(one, sought))

    def near(self, typed: str) -> tuple[str, ...]:
        """Names that a misspelt one may have meant, the likeliest first."""
        sought = "_".join(typed.strip().lower().split())
        found = process.extract(
            sought, list(self.by_name), scorer=fuzz.ratio, score_cutoff=NEAR, limit=MOST_NEAR
        )
        return tuple(name for name, _, _ in found)

    def in_several_languages(self, name: str) -> bool:
        return len(self.by_name.get(name, ())) > 1


class Library:
    """Raises the ``ChakraError``s of the client, and ``NotSetUp`` where the account of the
    templates cannot be found: it is ``waba_id``, else that of the number ``sender_id``, else the
    only one there is. ``plugin_id`` narrows the listing of numbers to those of one plugin."""

    def __init__(
        self,
        chakra: Chakra,
        cache: Cache,
        *,
        waba_id: str | None = None,
        plugin_id: str | None = None,
        sender_id: str | None = None,
    ) -> None:
        self._chakra = chakra
        self._cache = cache
        self._waba_id = waba_id
        self._plugin_id = plugin_id or ""
        self._sender_id = sender_id

    async def shelf(self, *, refresh: bool = False) -> Cached[Shelf]:
        return await self._cache.get(TEMPLATES, ALL, self._load, refresh=refresh)

    async def template(self, template_id: str, *, refresh: bool = False) -> Cached[Template]:
        """Raises ``NotFound`` for one that is no more."""
        shelf = await self.shelf(refresh=refresh)
        found = shelf.value.by_id.get(template_id)
        if found is None:
            hint = "It is not in the account any more. /chakra templates shows what there is."
            raise NotFound("template", template_id, hint=hint)
        return Cached(found, shelf.age_seconds, shelf.stale, shelf.reason)

    async def as_seen(self, template_id: str) -> Template:
        """As it is remembered, however old that is; asked for where this process has not seen it.
        Raises ``NotFound``."""
        shelf = self.remembered()
        seen = shelf.by_id.get(template_id) if shelf else None
        return seen or (await self.template(template_id)).value

    def remembered(self) -> Shelf | None:
        """What is known without asking, however old: for a form that must open at once."""
        held = self._cache.peek(TEMPLATES, ALL)
        return held.value if held is not None else None

    async def senders(self, *, refresh: bool = False) -> Cached[tuple[PhoneNumber, ...]]:
        """The numbers that are connected, the one of the settings first."""
        listed = await self._numbers(refresh=refresh)
        return Cached(
            self._connected(listed.value), listed.age_seconds, listed.stale, listed.reason
        )

    def _connected(self, listed: tuple[PhoneNumber, ...]) -> tuple[PhoneNumber, ...]:
        found = (one for one in listed if one.connected)
        return tuple(sorted(found, key=lambda one: one.id != self._sender_id))

    def remembered_senders(self) -> tuple[PhoneNumber, ...]:
        """As ``remembered``, of the numbers that are connected."""
        held = self._cache.peek(SENDERS, ALL)
        return self._connected(held.value) if held is not None else ()

    async def sender(self) -> str:
        """Meta's id of the number that sends where nobody chose one. Raises ``UsageError`` where
        somebody must, ``NotSetUp`` where there is none."""
        if self._sender_id:
            return self._sender_id
        try:
            found = (await self.senders()).value
        except ChakraError as refused:
            if not _cannot_be_listed(refused):
                raise
            found = ()
        if not found:
            raise NotSetUp(SENDER, "Chakra does not tell which number messages are sent from.")
        if len(found) > 1:
            raise UsageError("Choose the number that it is sent from.")
        return found[0].id

    async def create(self, template: NewTemplate) -> Submitted:
        """Whatever comes of it, the next look asks anew: the outcome of a write may be unknown."""
        account = await self._account()
        try:
            return await self._chakra.templates.create(account, template)
        finally:
            self._cache.invalidate(TEMPLATES)

    async def update(self, template_id: str, changes: Mapping[str, Any]) -> None:
        try:
            await self._chakra.templates.update(template_id, changes)
        finally:
            self._cache.invalidate(TEMPLATES)

    async def _load(self) -> Shelf:
        return Shelf.of(await self._chakra.templates.list(await self._account()))

    async def _numbers(self, *, refresh: bool = False) -> Cached[tuple[PhoneNumber, ...]]:
        async def load() -> tuple[PhoneNumber, ...]:
            return await self._chakra.numbers.list(self._plugin_id)

        return await self._cache.get(SENDERS, ALL, load, refresh=refresh)

    async def _account(self) -> str:
        if self._waba_id:
            return self._waba_id
        try:
            numbers = (await self._numbers()).value
        except ChakraError as refused:
            if _cannot_be_listed(refused):
                raise NotSetUp(
                    WABA,
                    "Chakra does not tell which WhatsApp Business Account the templates are in.",
                ) from refused
            raise
        mine = {one.waba for one in numbers if one.id == self._sender_id and one.waba}
        found = mine or {one.waba for one in numbers if one.waba}
        if len(found) != 1:
            raise NotSetUp(WABA, _none_or_several(len(found)))
        return found.pop()


def in_language(template: Template, sought: str) -> bool:
    """``en`` means ``en_US`` and ``en_GB`` too."""
    code = template.language.lower()
    return code == sought or code.startswith(f"{sought}_")


def _tongue(template: Template) -> str:
    """``en`` of ``en_US``."""
    return template.language.partition("_")[0].lower()


def _in(template: Template) -> frozenset[str]:
    parts = [template.name, *(button.text for button in template.buttons)]
    parts += [one.text for one in (template.header, template.body, template.footer) if one]
    return frozenset(word for part in parts for word in tokens(part))


def _cannot_be_listed(refused: ChakraError) -> bool:
    """The listing is not documented: a Chakra may not have it, or not for this key."""
    if isinstance(refused, KeyRefused):
        return refused.status == 403
    return isinstance(refused, Rejected | Unreadable)


def _none_or_several(count: int) -> str:
    if not count:
        return "Chakra lists no WhatsApp Business Account, so its templates cannot be found."
    return f"Chakra lists {count} WhatsApp Business Accounts, and it is not set which one to use."
