"""The template endpoints of the pass-through: list, create and update, in Meta's format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.aio.clock import Clock
from bot.sandbox.chakra import cursors, envelope, template_review, template_rules
from bot.sandbox.chakra.account import WhatsAppAccount
from bot.sandbox.chakra.meta import INVALID_PARAMETER, MetaApiError
from bot.sandbox.chakra.template import FIRST_ID, EmbeddedTemplate
from bot.sandbox.chakra.timers import TimerGroup

API_PATH = "/v1/ext/plugin/whatsapp/api/{whatsappApiVersion}"
EDIT_INTERVAL_SECONDS = 86_400
EDITABLE_STATUSES = ("APPROVED", "REJECTED", "PAUSED")

DUPLICATE_SUBCODE = 2388024
NOT_EDITABLE_SUBCODE = 2388003
"""Meta's subcodes, as integrations report them."""

ChangeHandler = Callable[[EmbeddedTemplate, EmbeddedTemplate], None]
"""Called with a template before and after its change, for the pass-through webhook."""


class TemplatesResource:
    """The templates by ID, in list order: new ones first."""

    def __init__(
        self,
        templates: tuple[EmbeddedTemplate, ...],
        account: WhatsAppAccount,
        clock: Clock,
        on_change: ChangeHandler,
    ) -> None:
        self.templates = {template.id: template for template in templates}
        self._next_id = FIRST_ID + len(templates)
        self._account = account
        self._clock = clock
        self._on_change = on_change
        self._timers = TimerGroup(clock)

    def build_routes(self) -> list[Route]:
        templates = API_PATH + "/{wabaId}/message_templates"
        return [
            Route(templates, self._list, methods=["GET"]),
            Route(templates, self._create, methods=["POST"]),
            Route(API_PATH + "/{whatsappMessageTemplateId}", self._update, methods=["POST"]),
        ]

    def find_by_name(self, name: str, language: str | None = None) -> tuple[EmbeddedTemplate, ...]:
        """Return the templates with this name, in all languages or in one."""
        return tuple(
            template
            for template in self.templates.values()
            if template.name == name and language in (None, template.language)
        )

    def apply_changes(self, template: EmbeddedTemplate, **changes: Any) -> EmbeddedTemplate:
        """Change a template as Meta would, and send an event for each kind of change."""
        changed = template.with_changes(**changes)
        self.templates[template.id] = changed
        self._on_change(template, changed)
        return changed

    def apply_correct_category(self, template_id: str) -> None:
        """Make the announced category the template's, unless it was changed or deleted before."""
        template = self.templates.get(template_id)
        if template is not None and template.correct_category not in ("", template.category):
            self.apply_changes(
                template,
                category=template.correct_category,
                previous_category=template.category,
                correct_category="",
            )

    def create(self, **fields: Any) -> EmbeddedTemplate:
        """Create an approved template, as an admin would in WhatsApp Manager."""
        template = EmbeddedTemplate.model_validate({"id": str(self._next_id), **fields})
        self._next_id += 1
        self.templates = {template.id: template, **self.templates}
        return template

    def delete(self, template: EmbeddedTemplate) -> None:
        """Delete a template, as an admin would in WhatsApp Manager."""
        del self.templates[template.id]
        self._on_change(template, template.with_changes(status="DELETED"))

    def close(self) -> None:
        """Cancel pending reviews."""
        self._timers.cancel_all()

    async def _list(self, request: Request) -> Response:
        """List a page; ``limit``, ``after``, ``before`` and ``fields`` reach Meta (INFERRED).

        Whether filters do is UNKNOWN: they have no effect here.
        """
        path = self._account.find_object_path(request)
        ask = cursors.parse_page_request(request.query_params)
        fields = tuple(filter(None, request.query_params.get("fields", "").split(",")))
        chosen, paging = cursors.paginate(
            list(self.templates.values()), ask, lambda one: one.id, f"{path}/message_templates"
        )
        body: dict[str, Any] = {
            "data": [_build_template_body(template, fields) for template in chosen]
        }
        return JSONResponse(body | ({"paging": paging} if paging else {}))

    async def _create(self, request: Request) -> Response:
        self._account.find_object_path(request)
        body = await envelope.read_json_object(request)
        template_rules.check_create(body)
        if self.find_by_name(body["name"], body["language"]):
            raise _build_duplicate_error(body["language"])
        template = EmbeddedTemplate(
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
        self._submit_for_review(template)
        made = {"id": template.id, "status": template.status, "category": template.category}
        return JSONResponse(made)

    async def _update(self, request: Request) -> Response:
        self._account.check_version(request)
        template_id = request.path_params["whatsappMessageTemplateId"]
        template = self.templates.get(template_id)
        if template is None:
            raise self._account.build_not_found(template_id)
        changes = _parse_changes(await envelope.read_json_object(request), template)
        self._check_editable(template)
        now = self._clock.time()
        edited = template.with_changes(
            **changes, status="PENDING", rejected_reason="NONE", edited_at=now
        )
        self.templates[template.id] = edited
        self._submit_for_review(edited)
        return JSONResponse({"success": True})

    def _check_editable(self, template: EmbeddedTemplate) -> None:
        """Raise ``MetaApiError`` for an approved template's second edit within a day."""
        if template.status not in EDITABLE_STATUSES:
            raise _build_not_editable_error(
                "Message templates can only be edited if they have been rejected."
            )
        edited = template.edited_at
        today = edited is not None and self._clock.time() - edited < EDIT_INTERVAL_SECONDS
        if template.status == "APPROVED" and today:
            raise _build_not_editable_error("An approved template can be edited once in 24 hours.")

    def _submit_for_review(self, template: EmbeddedTemplate) -> None:
        self._timers.call_later(
            template_review.REVIEW_SECONDS, lambda: self._finish_review(template.id)
        )

    def _finish_review(self, template_id: str) -> None:
        """Finish the review, unless the template was changed or deleted before."""
        template = self.templates.get(template_id)
        if template is not None and template.status == "PENDING":
            found = template_review.review_template(template)
            self.apply_changes(template, status=found.status, rejected_reason=found.reason)


def _build_template_body(template: EmbeddedTemplate, fields: tuple[str, ...]) -> dict[str, Any]:
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
        "correct_category": template.correct_category,
        "quality_score": {"score": template.quality, "date": 1704067200},
        "id": template.id,
    }
    if fields:
        return {key: shown[key] for key in shown if key in (*fields, "id") and shown[key]}
    hidden = {"previous_category", "correct_category", "quality_score"}
    if template.status != "REJECTED":
        hidden.add("rejected_reason")
    return {key: value for key, value in shown.items() if key not in hidden and value}


def _parse_changes(body: Mapping[str, Any], template: EmbeddedTemplate) -> dict[str, Any]:
    """Return the changes. An approved template keeps its category. Raise ``MetaApiError``."""
    category = template_rules.parse_category(body.get("category", template.category))
    if category != template.category and template.status == "APPROVED":
        raise _build_not_editable_error("The category of an approved template cannot be changed.")
    components = body.get("components", list(template.components))
    if not body.keys() & {"category", "components"}:
        raise MetaApiError(INVALID_PARAMETER, "There is nothing to change")
    template_rules.check_components(components, category, template.parameter_format)
    return {"category": category, "components": tuple(components)}


def _build_duplicate_error(language: str) -> MetaApiError:
    return MetaApiError(
        INVALID_PARAMETER,
        subcode=DUPLICATE_SUBCODE,
        user_title="Content in This Language Already Exists",
        user_message=f"There is already {language} content for this template. You can create a new "
        "template and try again.",
    )


def _build_not_editable_error(message: str) -> MetaApiError:
    return MetaApiError(
        INVALID_PARAMETER,
        subcode=NOT_EDITABLE_SUBCODE,
        user_title="Message Template Cannot Be Edited",
        user_message=message,
    )
