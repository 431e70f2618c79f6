"""The account's templates and sender numbers, read through the cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from cachetools import LRUCache

from bot.cache import Cache, Cached, CacheKind
from bot.chakra.client import Chakra
from bot.chakra.meta_errors import concerns_template
from bot.chakra.models import PhoneNumber
from bot.chakra.template import Template
from bot.chakra.templates import NewTemplate, TemplateSubmission
from bot.errors import (
    AuthenticationError,
    BotError,
    ChakraError,
    InvalidResponse,
    NotConfigured,
    NotFound,
    Rejected,
    UsageError,
)
from bot.templates.send_blockers import describe_blocker
from bot.templates.template_changes import TemplateChange, apply_changes, read_change
from bot.text.normalize import join_words, tokenize
from bot.text.similarity import find_similar
from bot.webhooks.events import TemplateEvent

TEMPLATES_CACHE_KIND = CacheKind("templates", fresh_seconds=600)
SENDERS_CACHE_KIND = CacheKind("senders", fresh_seconds=600)
CACHE_KEY = "all"
WABA_ID_SETTING = "CHAKRA_WABA_ID"
SENDER_ID_SETTING = "CHAKRA_WHATSAPP_PHONE_NUMBER_ID"

MIN_REFRESH_AGE_SECONDS = 30.0
"""Seconds: a younger list isn't loaded again for a template that is missing or was refused."""
CURRENT_SECONDS = 10.0
"""Seconds for which the list counts as current for a message that is about to be sent."""
CLOCK_TOLERANCE_SECONDS = 60.0
"""Seconds by which Meta's clock may be behind this one, which dates the list."""
MIN_NAME_SIMILARITY = 70
"""rapidfuzz ratio (0-100) from which a name is suggested for a misspelled one."""
MAX_NAME_SUGGESTIONS = 3
MAX_NOTED_EVENTS = 200
"""Events whose previous template the catalog remembers."""


@dataclass(frozen=True)
class TemplateIndex:
    """All templates.

    ``texts`` has the normalized words of name, texts and buttons by ID, and ``name_texts`` those of
    the name by name, see `join_words`; ``joined_names`` maps a name without its underscores to the
    name.
    """

    templates: tuple[Template, ...]
    by_id: Mapping[str, Template]
    by_name: Mapping[str, tuple[Template, ...]]
    texts: Mapping[str, str]
    name_texts: Mapping[str, str]
    joined_names: Mapping[str, str]

    @classmethod
    def build(cls, templates: Iterable[Template]) -> TemplateIndex:
        """Return the index: sorted by name, then with the account's most used languages first."""
        listed = list(templates)
        usual = Counter(_base_language(template) for template in listed)
        ordered = tuple(sorted(listed, key=lambda template: _build_sort_key(template, usual)))
        names: dict[str, tuple[Template, ...]] = {}
        for template in ordered:
            names[template.name] = (*names.get(template.name, ()), template)
        return cls(
            ordered,
            {template.id: template for template in ordered},
            names,
            {template.id: _build_searchable_text(template) for template in ordered},
            {name: join_words(tokenize(name)) for name in names},
            {"".join(tokenize(name)): name for name in reversed(names)},
        )

    @cached_property
    def blocker_labels(self) -> Mapping[str, str]:
        """Why a template can't be sent from Slack now, by its ID; see `describe_blocker`."""
        return {template.id: describe_blocker(template) for template in self.templates}

    @property
    def sendable(self) -> tuple[Template, ...]:
        """The templates that can be sent from Slack now."""
        return tuple(item for item in self.templates if not self.blocker_labels[item.id])

    def find_by_name(self, name: str, language: str = "") -> tuple[Template, ...]:
        """Return a name's templates in every language, ignoring case and spaces in ``name``.

        With a ``language`` ("en_US", "en") return that one, else its variants.
        """
        found = self.by_name.get("_".join(name.strip().lower().split()), ())
        if not language:
            return found
        normalized_language = language.replace("-", "_").lower()
        exact = tuple(
            template for template in found if template.language.lower() == normalized_language
        )
        return exact or tuple(
            template for template in found if matches_language(template, normalized_language)
        )

    def suggest_names(self, typed: str) -> tuple[str, ...]:
        """Return similar names, the most similar first."""
        normalized_name = "_".join(typed.strip().lower().split())
        similar = find_similar(
            normalized_name,
            list(self.by_name),
            min_score=MIN_NAME_SIMILARITY,
            limit=MAX_NAME_SUGGESTIONS,
        )
        return tuple(found.word for found in similar)


class TemplateCatalog:
    """Read and write templates.

    Methods raise the client's ``ChakraError``s, and ``NotConfigured`` if the account can't be
    determined: it is ``waba_id``, else that of the number ``sender_id``, else the only account.
    ``plugin_id`` limits the numbers to those of one plugin.
    """

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
        self._before_events: LRUCache[tuple[str, float], Template] = LRUCache(MAX_NOTED_EVENTS)

    async def get_index(self, *, refresh: bool = False) -> Cached[TemplateIndex]:
        return await self._cache.get(
            TEMPLATES_CACHE_KIND, CACHE_KEY, self._load_index, refresh=refresh
        )

    async def get_newer_index(self) -> Cached[TemplateIndex] | None:
        """Load the list again for a missing template; None if it is recent or can't be loaded.

        A template may have been created or changed since the list was loaded.
        """
        try:
            if (await self.get_index()).age_seconds < MIN_REFRESH_AGE_SECONDS:
                return None
            newer = await self.get_index(refresh=True)
        except BotError:
            return None
        return None if newer.stale else newer

    async def get_template(self, template_id: str, *, refresh: bool = False) -> Cached[Template]:
        """Return the template. Raise ``NotFound`` if it no longer exists."""
        index = await self.get_index(refresh=refresh)
        if template_id not in index.value.by_id:
            index = await self.get_newer_index() or index
        return index.with_value(_find(index.value, template_id))

    async def get_current(self, template_id: str) -> Template:
        """Return the template from a list that is at most `CURRENT_SECONDS` old.

        During an outage it is the last known. Raise ``NotFound``.
        """
        index: Cached[TemplateIndex] = await self._cache.get(
            TEMPLATES_CACHE_KIND, CACHE_KEY, self._load_index, max_age_seconds=CURRENT_SECONDS
        )
        return _find(index.value, template_id)

    async def get_last_known(self, template_id: str) -> Template:
        """Return the cached template, however old, or load it. Raise ``NotFound``."""
        index = self.get_cached_index()
        cached = index.by_id.get(template_id) if index else None
        return cached or (await self.get_template(template_id)).value

    def get_cached_index(self) -> TemplateIndex | None:
        """Return the cached index, however old, for a form that can't wait."""
        cached = self._cache.peek(TEMPLATES_CACHE_KIND, CACHE_KEY)
        return cached.value if cached is not None else None

    async def get_senders(self, *, refresh: bool = False) -> Cached[tuple[PhoneNumber, ...]]:
        """Return the connected numbers, the one from the settings first."""
        numbers = await self.get_numbers(refresh=refresh)
        return numbers.with_value(self._filter_connected(numbers.value))

    def _filter_connected(self, numbers: tuple[PhoneNumber, ...]) -> tuple[PhoneNumber, ...]:
        found = (number for number in numbers if number.is_connected)
        return tuple(sorted(found, key=lambda number: number.id != self._sender_id))

    def get_cached_senders(self) -> tuple[PhoneNumber, ...]:
        """Return the cached connected numbers, however old."""
        cached = self._cache.peek(SENDERS_CACHE_KIND, CACHE_KEY)
        return self._filter_connected(cached.value) if cached is not None else ()

    async def get_default_sender_id(self) -> str:
        """Return Meta's ID of the number that sends unless another one is chosen.

        Raise ``UsageError`` if there are several, ``NotConfigured`` if there is none.
        """
        if self._sender_id:
            return self._sender_id
        try:
            found = (await self.get_senders()).value
        except ChakraError as error:
            if not _is_listing_unsupported(error):
                raise
            found = ()
        if not found:
            raise NotConfigured(
                SENDER_ID_SETTING, "Chakra doesn't say which number messages are sent from."
            )
        if len(found) > 1:
            raise UsageError("Choose a number to send from.")
        return found[0].id

    async def handle_events(
        self, _connection: object, events: Sequence[TemplateEvent], _now: float
    ) -> Callable[[], None]:
        """Return what applies the events once they are committed; see `EventHandler`."""
        return partial(self._apply_events, events)

    def _apply_events(self, events: Sequence[TemplateEvent]) -> None:
        for event in events:
            if before := self._find_cached_before(event):
                self._before_events[event.template_id, event.occurred_at] = before
        self.apply_changes([read_change(event) for event in events])

    def _find_cached_before(self, event: TemplateEvent) -> Template | None:
        cached = self._cache.peek(TEMPLATES_CACHE_KIND, CACHE_KEY)
        if cached is None or 0 < event.occurred_at < cached.loaded_at - CLOCK_TOLERANCE_SECONDS:
            return None
        found: Template | None = cached.value.by_id.get(event.template_id)
        return found

    def get_before(self, event: TemplateEvent) -> Template | None:
        """Return the template as it was listed before an event; None if that isn't known."""
        noted = self._before_events.get((event.template_id, event.occurred_at))
        return noted or self._find_cached_before(event)

    def apply_changes(self, changes: Sequence[TemplateChange]) -> None:
        """Apply Meta's reports to the cached list, and load it again before its next use.

        Changes from before it was loaded are already in it.
        """
        cached = self._cache.peek(TEMPLATES_CACHE_KIND, CACHE_KEY)
        if cached is None:
            return
        oldest = cached.loaded_at - CLOCK_TOLERANCE_SECONDS
        news = [change for change in changes if not 0 < change.occurred_at < oldest]
        if news:
            self._cache.mark_outdated(
                TEMPLATES_CACHE_KIND,
                CACHE_KEY,
                lambda index: TemplateIndex.build(apply_changes(index.templates, news)),
            )

    def note_failure(self, error: BotError) -> None:
        """Load the list again before its next use if WhatsApp's reason concerns the template."""
        cached = self._cache.peek(TEMPLATES_CACHE_KIND, CACHE_KEY)
        is_old = cached is not None and cached.age_seconds >= MIN_REFRESH_AGE_SECONDS
        if is_old and concerns_template(error):
            self._cache.mark_outdated(TEMPLATES_CACHE_KIND, CACHE_KEY)

    async def create(self, waba_id: str, template: NewTemplate) -> TemplateSubmission:
        """Create a template. The cache is invalidated even on error: it may have been created."""
        try:
            return await self._chakra.templates.create(waba_id, template)
        finally:
            self._cache.invalidate(TEMPLATES_CACHE_KIND)

    async def update(self, template_id: str, changes: Mapping[str, Any]) -> None:
        try:
            await self._chakra.templates.update(template_id, changes)
        finally:
            self._cache.invalidate(TEMPLATES_CACHE_KIND)

    async def _load_index(self) -> TemplateIndex:
        return TemplateIndex.build(await self._chakra.templates.list(await self.find_waba_id()))

    async def get_numbers(self, *, refresh: bool = False) -> Cached[tuple[PhoneNumber, ...]]:
        async def load() -> tuple[PhoneNumber, ...]:
            return await self._chakra.numbers.list(self._plugin_id)

        return await self._cache.get(SENDERS_CACHE_KIND, CACHE_KEY, load, refresh=refresh)

    async def find_waba_id(self) -> str:
        """Return the ID of the WhatsApp Business Account. Raise ``NotConfigured``."""
        if self._waba_id:
            return self._waba_id
        try:
            numbers = (await self.get_numbers()).value
        except ChakraError as error:
            if _is_listing_unsupported(error):
                raise NotConfigured(
                    WABA_ID_SETTING,
                    "Chakra doesn't say which WhatsApp Business Account the templates belong to.",
                ) from error
            raise
        of_sender = {
            number.waba for number in numbers if number.id == self._sender_id and number.waba
        }
        found = of_sender or {number.waba for number in numbers if number.waba}
        if len(found) != 1:
            raise NotConfigured(WABA_ID_SETTING, _format_account_count(len(found)))
        return found.pop()


def _find(index: TemplateIndex, template_id: str) -> Template:
    found = index.by_id.get(template_id)
    if found is None:
        hint = "It may have been deleted. See all with /chakra templates."
        raise NotFound("template", template_id, hint=hint)
    return found


def matches_language(template: Template, language: str) -> bool:
    """Return whether the template is in ``language``; ``en`` includes ``en_US`` and ``en_GB``."""
    code = template.language.lower()
    return code == language or code.startswith(f"{language}_")


def _base_language(template: Template) -> str:
    """Return ``en`` for ``en_US``."""
    return template.language.partition("_")[0].lower()


def _build_sort_key(template: Template, usual: Counter[str]) -> tuple[str, int, str]:
    return template.name, -usual[_base_language(template)], template.language


def _build_searchable_text(template: Template) -> str:
    parts = [template.name]
    for holder in (template, *template.cards):
        parts += [button.text for button in holder.buttons]
        parts += [part.text for part in (holder.header, holder.body) if part]
    parts += [part.text for part in (template.footer, template.offer) if part]
    return join_words({word for part in parts for word in tokenize(part)})


def _is_listing_unsupported(error: ChakraError) -> bool:
    """Return whether the error means that this endpoint is missing or not allowed.

    The list of numbers isn't documented.
    """
    if isinstance(error, AuthenticationError):
        return error.status == 403
    return isinstance(error, Rejected | InvalidResponse)


def _format_account_count(count: int) -> str:
    if not count:
        return "Chakra lists no WhatsApp Business Account, so templates can't be loaded."
    return f"Chakra lists {count} WhatsApp Business Accounts. Set which one to use."
