"""The template endpoints of a WhatsApp Business Account (API.md, Templates).

Chakra passes these calls on to Meta: the bodies are in Meta's shape, usually not in ``_data``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.chakra.meta_errors import ParametersRejected
from bot.chakra.models import Id
from bot.chakra.template import Template, UpperText
from bot.chakra.transport.envelope import Envelope, parse_envelope
from bot.chakra.transport.http import Http
from bot.errors import Rejected

TEMPLATES_PATH = "/v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
TEMPLATE_PATH = "/v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{whatsappMessageTemplateId}"

PAGE_SIZE = 100
MAX_PAGES = 100
REQUESTED_FIELDS = (
    "id,name,language,status,category,components,parameter_format,quality_score,rejected_reason,"
    "previous_category,correct_category,sub_category"
)
"""Meta's default omits the quality and the reason of a rejection."""


@dataclass(frozen=True)
class NewTemplate:
    """A template to create, in Meta's shape; a BODY with variables needs an ``example``."""

    name: str
    language: str
    category: str
    components: Sequence[Mapping[str, Any]]
    parameter_format: str = ""
    allow_category_change: bool | None = None

    def to_body(self) -> dict[str, object]:
        """Return the JSON body."""
        payload: dict[str, object] = {
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "components": list(self.components),
        }
        if self.parameter_format:
            payload["parameter_format"] = self.parameter_format
        if self.allow_category_change is not None:
            payload["allow_category_change"] = self.allow_category_change
        return payload


class TemplateSubmission(BaseModel):
    """Meta's response to a new template.

    Most are PENDING; ``category`` may differ from the requested one.
    """

    model_config = ConfigDict(frozen=True, defer_build=True, extra="ignore")

    id: Id
    status: UpperText = ""
    category: UpperText = ""


class TemplatesApi:
    """The template endpoints. Methods raise the errors of ``Http.get`` and ``Http.write``.

    ``api_version`` is the version of Meta's API, such as "v24.0".
    """

    def __init__(self, http: Http, api_version: str) -> None:
        self._http = http
        self._api_version = api_version

    async def list(self, waba_id: str) -> tuple[Template, ...]:
        """Return all templates, in all languages and states.

        Path and body are INFERRED, and so is that ``limit`` and ``after`` are passed on. Whether
        filters are passed on is UNKNOWN, so there are none.
        """
        try:
            return await self._fetch_all_pages(waba_id, {"fields": REQUESTED_FIELDS})
        except ParametersRejected:
            # An older version of Meta's API may not have a field: request the default ones.
            return await self._fetch_all_pages(waba_id, {})

    async def create(self, waba_id: str, template: NewTemplate) -> TemplateSubmission:
        """Create a template. The path is CONFIRMED, the response INFERRED.

        The write is not retried once it may have arrived.
        """
        response = await self._http.write(
            "POST",
            TEMPLATES_PATH,
            self._build_path_parameters(wabaId=waba_id),
            body=template.to_body(),
        )
        return parse_envelope(response).parse_unwrapped(TemplateSubmission)

    async def update(self, template_id: str, changes: Mapping[str, Any]) -> None:
        """Update a template with ``components`` or ``category`` in Meta's shape.

        Meta reviews it again afterwards. The path is CONFIRMED, the response (``success``)
        INFERRED: any 2xx without an error counts as a success.
        """
        path_parameters = self._build_path_parameters(whatsappMessageTemplateId=template_id)
        response = await self._http.write(
            "POST", TEMPLATE_PATH, path_parameters, body=dict(changes)
        )
        if response.status == 204:
            return
        envelope = parse_envelope(response)
        result = envelope.unwrapped
        if isinstance(result, Mapping) and result.get("success") is False:
            raise Rejected(
                "The template was not changed, and no reason was given.",
                endpoint=TEMPLATE_PATH,
                status=response.status,
                request_id=response.request_id,
            )

    def _build_path_parameters(self, **parameters: str) -> dict[str, str]:
        return {"whatsappApiVersion": self._api_version, **parameters}

    async def _fetch_all_pages(
        self, waba_id: str, query: Mapping[str, str]
    ) -> tuple[Template, ...]:
        """Return the templates of all pages.

        Stop at a page without new ones, so that a server that ignores ``after`` causes no loop.
        """
        templates: dict[str, Template] = {}
        after: str | None = ""
        for _ in range(MAX_PAGES):
            page_query = {**query, "limit": str(PAGE_SIZE), **({"after": after} if after else {})}
            envelope = parse_envelope(
                await self._http.get(
                    TEMPLATES_PATH, self._build_path_parameters(wabaId=waba_id), query=page_query
                )
            )
            page = {template.id: template for template in _parse_page(envelope)}
            new = page.keys() - templates.keys()
            templates |= page
            after = _parse_next_cursor(envelope)
            if after is None or not new:
                break
        return tuple(templates.values())


def _parse_page(envelope: Envelope) -> tuple[Template, ...]:
    """Return the templates in ``data`` at the top level, as Meta has it, or in ``_data``."""
    items = envelope.body.get("data")
    if items is None:
        items = envelope.body.get("_data")
    if isinstance(items, Mapping):
        items = items.get("data")
    if not isinstance(items, list):
        raise envelope.build_error("data", "An array of templates was expected.")
    return tuple(envelope.parse(Template, item, f"data[{i}]") for i, item in enumerate(items))


def _parse_next_cursor(envelope: Envelope) -> str | None:
    """Return the cursor of the next page; ``None`` on the last, which has a cursor but no ``next``.

    The URL in ``next`` is Meta's and is never requested: our token must not go there.
    """
    paging = envelope.body.get("paging")
    if paging is None and isinstance(envelope.unwrapped, Mapping):
        paging = envelope.unwrapped.get("paging")
    if not isinstance(paging, Mapping) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return after if isinstance(after, str) and after else None
