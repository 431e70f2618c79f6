"""The message templates of a WhatsApp Business Account (contract section 2.1 to 2.3).

Chakra passes these on to Meta and back: the shapes are Meta's own, usually not in `_data`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.chakra.meta_errors import ParametersRejected
from bot.chakra.models import Id
from bot.chakra.template import Template, Upper
from bot.chakra.transport.envelope import Envelope, read
from bot.chakra.transport.http import Http
from bot.errors import Rejected

ALL = "/v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{wabaId}/message_templates"
ONE = "/v1/ext/plugin/whatsapp/api/{whatsappApiVersion}/{whatsappMessageTemplateId}"

PAGE = 100
MOST_PAGES = 100
FIELDS = (
    "id,name,language,status,category,components,parameter_format,quality_score,rejected_reason,"
    "previous_category,sub_category"
)
"""More than Meta gives unasked: quality and the reason of a refusal are not among those."""


@dataclass(frozen=True)
class NewTemplate:
    """`components` in Meta's shape; a BODY with variables needs an `example`."""

    name: str
    language: str
    category: str
    components: Sequence[Mapping[str, Any]]
    parameter_format: str = ""
    allow_category_change: bool | None = None

    def body(self) -> dict[str, object]:
        made: dict[str, object] = {
            "name": self.name,
            "language": self.language,
            "category": self.category,
            "components": list(self.components),
        }
        if self.parameter_format:
            made["parameter_format"] = self.parameter_format
        if self.allow_category_change is not None:
            made["allow_category_change"] = self.allow_category_change
        return made


class Submitted(BaseModel):
    """What Meta says of a new template at once. Most are PENDING; `category` may differ from what
    was asked for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Id
    status: Upper = ""
    category: Upper = ""


class Templates:
    """Raises the `ChakraError`s of `Http.get` and `Http.write`. `version` is Meta's: "v24.0"."""

    def __init__(self, http: Http, version: str) -> None:
        self._http = http
        self._version = version

    async def list(self, waba_id: str) -> tuple[Template, ...]:
        """All, in all languages and states. Whether Chakra forwards filters is UNKNOWN, so none is
        offered.

        Its path and body are INFERRED, and so is that `limit` and `after` are forwarded.
        """
        try:
            return await self._every(waba_id, {"fields": FIELDS})
        except ParametersRejected:
            # An older version of Meta's API may not know a field. What it gives unasked will do.
            return await self._every(waba_id, {})

    async def create(self, waba_id: str, template: NewTemplate) -> Submitted:
        """The path is CONFIRMED, the answer INFERRED. Never repeated once it may have arrived."""
        answer = await self._http.write("POST", ALL, self._at(wabaId=waba_id), body=template.body())
        return read(answer).metas(Submitted)

    async def update(self, template_id: str, changes: Mapping[str, Any]) -> None:
        """`changes` in Meta's shape: `components`, `category`. Meta looks at it anew afterwards.

        The path is CONFIRMED, the answer (`success`) INFERRED: any 2xx without a refusal is taken
        for one.
        """
        place = self._at(whatsappMessageTemplateId=template_id)
        answer = await self._http.write("POST", ONE, place, body=dict(changes))
        if answer.status == 204:
            return
        envelope = read(answer)
        said = envelope.unwrapped
        if isinstance(said, Mapping) and said.get("success") is False:
            raise Rejected(
                "The template was not changed, and no reason was given.",
                endpoint=ONE,
                status=answer.status,
                request_id=answer.request_id,
            )

    def _at(self, **parameters: str) -> dict[str, str]:
        return {"whatsappApiVersion": self._version, **parameters}

    async def _every(self, waba_id: str, query: Mapping[str, str]) -> tuple[Template, ...]:
        """Ends at a page that brings nothing new, so that a server which ignores `after` cannot
        keep us going."""
        found: dict[str, Template] = {}
        after: str | None = ""
        for _ in range(MOST_PAGES):
            asked = {**query, "limit": str(PAGE), **({"after": after} if after else {})}
            envelope = read(await self._http.get(ALL, self._at(wabaId=waba_id), query=asked))
            page = {template.id: template for template in _page(envelope)}
            new = page.keys() - found.keys()
            found |= page
            after = _following(envelope)
            if after is None or not new:
                break
        return tuple(found.values())


def _page(envelope: Envelope) -> tuple[Template, ...]:
    """`data` at the top level, as Meta has it and integrations read it; `_data` is tolerated."""
    items = envelope.body.get("data")
    if items is None:
        items = envelope.body.get("_data")
    if isinstance(items, Mapping):
        items = items.get("data")
    if not isinstance(items, list):
        raise envelope.unfit("data", "An array of templates was expected.")
    return tuple(envelope.fit(Template, item, f"data[{i}]") for i, item in enumerate(items))


def _following(envelope: Envelope) -> str | None:
    """The cursor of the next page, if there is one: Meta names a cursor on the last page too, but
    no `next`. The address in `next` is Meta's own and never asked: our token is not for Meta."""
    paging = envelope.body.get("paging")
    if paging is None and isinstance(envelope.unwrapped, Mapping):
        paging = envelope.unwrapped.get("paging")
    if not isinstance(paging, Mapping) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return after if isinstance(after, str) and after else None
