"""views.*: open, push and update modals, with triggers that expire; publish Home tabs."""

from __future__ import annotations

from bot.sandbox.slack.errors import WebApiError
from bot.sandbox.slack.limits import PayloadFinding
from bot.sandbox.slack.methods.call import Json, Method, MethodCall
from bot.sandbox.slack.rate_limiter import TIERS


def open_view(call: MethodCall) -> Json:
    given = _validate_view(call)
    trigger = call.workspace.triggers.check(call.require_text("trigger_id"))
    view = call.workspace.views.open(trigger.person, given, trigger.channel)
    call.workspace.triggers.mark_used(trigger)
    return {"view": view.to_json()}


def push_view(call: MethodCall) -> Json:
    given = _validate_view(call)
    trigger = call.workspace.triggers.check(call.require_text("trigger_id"))
    view = call.workspace.views.push(trigger.person, given)
    call.workspace.triggers.mark_used(trigger)
    return {"view": view.to_json()}


def update_view(call: MethodCall) -> Json:
    """Update by ``view_id`` or ``external_id``; a ``hash`` must match the current state."""
    given = _validate_view(call)
    view_id, external_id = call.args.get("view_id"), call.args.get("external_id")
    if not view_id and not external_id:
        call.require_text("view_id")
    found = call.workspace.views.find(view_id=view_id, external_id=external_id)
    if found is None:
        raise WebApiError("not_found")
    view = call.workspace.views.update(found[1], given, expected_hash=call.args.get("hash"))
    return {"view": view.to_json()}


def publish_view(call: MethodCall) -> Json:
    """Publish a person's Home tab; people from other workspaces have none with the app."""
    given = call.workspace.validator.validate_view(call.name, _read_view_argument(call), "home")
    person = call.require_text("user_id")
    if not call.manifest.home_tab_enabled:
        raise WebApiError("not_enabled")
    if call.workspace.find_direct_messages(person) is None:
        unknown = PayloadFinding("shape", "/user_id", "invalid user id")
        raise WebApiError("invalid_arguments", [unknown])
    view = call.workspace.views.publish(person, given, expected_hash=call.args.get("hash"))
    return {"view": view.to_json()}


def _read_view_argument(call: MethodCall) -> object:
    if call.args.get("view") is None:
        call.require_text("view")
    return call.args["view"]


def _validate_view(call: MethodCall) -> Json:
    """Return the view, checked against the limits.

    A form with a file input needs the files scope. Slack's code without it is not documented, so
    this uses missing_scope.
    """
    given = call.workspace.validator.validate_view(call.name, _read_view_argument(call))
    if any(block.get("element", {}).get("type") == "file_input" for block in given["blocks"]):
        call.require_scope("files:read")
    return given


METHODS = (
    Method("views.open", open_view, TIERS[4]),
    Method("views.push", push_view, TIERS[4]),
    Method("views.update", update_view, TIERS[4]),
    Method("views.publish", publish_view, TIERS[4]),
)
