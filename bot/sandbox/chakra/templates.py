"""The template endpoints of the pass-through: list, create and update, in Meta's format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import cursors, envelope, review, template_rules
from bot.sandbox.chakra.account import Account
from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaRefused
from bot.sandbox.chakra.template import FIRST_ID, Template
from bot.sandbox.chakra.timers import Timers

API = "/v1/ext/plugin/whatsapp/api/{whatsappApiVersion}"
DAY_SECONDS = 86_400
EDITABLE = ("APPROVED", "REJECTED", "PAUSED")

DUPLICATE = 2388024
NOT_EDITABLE = 2388003
"""Meta's subcodes, as integrations report them."""

Told = Callable[[Template], None]
"""Called with each new status, for the pass-through webhook."""


class TemplatesResource:
    """The templates by ID, in list order: new ones first."""

    def __init__(
        self, templates: tuple[Template, ...], account: Account, clock: Clock, told: Told
    ) -> None:
        self.templates = {template.id: template for template in templates}
        self._next_id = FIRST_ID + len(templates)
        self._account = account
        self._clock = clock
        self._told = told
        self._timers = Timers(clock)

    def routes(self) -> list[Route]:
        templates = API + "/{wabaId}/message_templates"
        return [
            Route(templates, self._list, methods=["GET"]),
            Route(templates, self._create, methods=["POST"]),
            Route(API + "/{whatsappMessageTemplateId}", self._update, methods=["POST"]),
        ]

    def named(self, name: str, language: str | None = None) -> tuple[Template, ...]:
        """Return the templates with this name, in all languages or in one."""
        return tuple(
            one
            for one in self.templates.values()
            if one.name == name and language in (None, one.language)
        )

    def change(self, template: Template, **changes: Any) -> Template:
        """Change a template as Meta would, and send an event if its status differs."""
        changed = template.changed(**changes)
        self.templates[template.id] = changed
        if changed.status != template.status:
            self._told(changed)
        return changed

    def close(self) -> None:
        """Cancel pending reviews."""
        self._timers.close()

    async def _list(self, request: Request) -> Response:
        """List a page; ``limit``, ``after``, ``before`` and ``fields`` reach Meta (INFERRED).

        Whether filters do is UNKNOWN: they have no effect here.
        """
        path = self._account.object_path(request)
        ask = cursors.asking(request.query_params)
        fields = tuple(filter(None, request.query_params.get("fields", "").split(",")))
        chosen, paging = cursors.page(
            list(self.templates.values()), ask, lambda one: one.id, f"{path}/message_templates"
        )
        body: dict[str, Any] = {"data": [_listed(one, fields) for one in chosen]}
        return JSONResponse(body | ({"paging": paging} if paging else {}))

    async def _create(self, request: Request) -> Response:
        self._account.object_path(request)
        body = await envelope.json_object(request)
        template_rules.check_new(body)
        if self.named(body["name"], body["language"]):
            raise _duplicate(body["language"])
        template = Template(
            id=str(self._next_id),
            name=body["name"],
            language=body["language"],
            category=body["category"],
            components=tuple(body["components"]),
            parameter_format=body.get("parameter_format") or "POSITIONAL",
            status="PENDING",
        )
        self._next_id += 1
        self.templates = {template.id: template, **self.templates}
        self._hand_in(template)
        made = {"id": template.id, "status": template.status, "category": template.category}
        return JSONResponse(made)

    async def _update(self, request: Request) -> Response:
        self._account.check_version(request)
        template_id = request.path_params["whatsappMessageTemplateId"]
        template = self.templates.get(template_id)
        if template is None:
            raise self._account.no_object(template_id)
        changes = _changes(await envelope.json_object(request), template)
        self._check_editable(template)
        now = self._clock.time()
        edited = template.changed(
            **changes, status="PENDING", rejected_reason="NONE", edited_at=now
        )
        self.templates[template.id] = edited
        self._hand_in(edited)
        return JSONResponse({"success": True})

    def _check_editable(self, template: Template) -> None:
        """Raise ``MetaRefused`` for an approved template's second edit within a day."""
        if template.status not in EDITABLE:
            raise _locked("Message templates can only be edited if they have been rejected.")
        edited = template.edited_at
        today = edited is not None and self._clock.time() - edited < DAY_SECONDS
        if template.status == "APPROVED" and today:
            raise _locked("An approved template can be edited once in 24 hours.")

    def _hand_in(self, template: Template) -> None:
        self._timers.later(review.SECONDS, lambda: self._reviewed(template.id))

    def _reviewed(self, template_id: str) -> None:
        """Finish the review, unless the template was changed or deleted before."""
        template = self.templates.get(template_id)
        if template is not None and template.status == "PENDING":
            found = review.verdict(template)
            self.change(template, status=found.status, rejected_reason=found.reason)


def _listed(template: Template, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return Meta's default fields; with ``fields``, those and the ID."""
    shown: dict[str, Any] = {
        "name": template.name,
        "parameter_format": template.parameter_format,
        "components": list(template.components),
        "language": template.language,
        "status": template.status,
        "rejected_reason": template.rejected_reason,
        "category": template.category,
        "sub_category": template.sub_category,
        "previous_category": template.previous_category,
        "quality_score": {"score": template.quality, "date": 1704067200},
        "id": template.id,
    }
    if fields:
        return {key: shown[key] for key in shown if key in (*fields, "id") and shown[key]}
    hidden = {"previous_category", "quality_score"}
    if template.status != "REJECTED":
        hidden.add("rejected_reason")
    return {key: value for key, value in shown.items() if key not in hidden and value}


def _changes(body: Mapping[str, Any], template: Template) -> dict[str, Any]:
    """Return the changes. An approved template keeps its category. Raise ``MetaRefused``."""
    category = template_rules.checked_category(body.get("category", template.category))
    if category != template.category and template.status == "APPROVED":
        raise _locked("The category of an approved template cannot be changed.")
    components = body.get("components", list(template.components))
    if not body.keys() & {"category", "components"}:
        raise MetaRefused(INVALID_PARAMETER, "There is nothing to change")
    template_rules.check_components(components, category, template.parameter_format)
    return {"category": category, "components": tuple(components)}


def _duplicate(language: str) -> MetaRefused:
    return MetaRefused(
        INVALID_PARAMETER,
        subcode=DUPLICATE,
        user_title="Content in This Language Already Exists",
        user_words=f"There is already {language} content for this template. You can create a new "
        "template and try again.",
    )


def _locked(words: str) -> MetaRefused:
    return MetaRefused(
        INVALID_PARAMETER,
        subcode=NOT_EDITABLE,
        user_title="Message Template Cannot Be Edited",
        user_words=words,
    )
