"""views.*: open, push and update modals, with triggers that expire."""

from __future__ import annotations

from bot.sandbox.slack.methods.call import Call, Json, Method
from bot.sandbox.slack.rates import TIERS
from bot.sandbox.slack.refusal import Refused


def open_view(call: Call) -> Json:
    given = _judged(call)
    trigger = call.workspace.triggers.check(call.text("trigger_id"))
    view = call.workspace.views.open(trigger.person, given, trigger.channel)
    call.workspace.triggers.spend(trigger)
    return {"view": view.as_slack_shows()}


def push(call: Call) -> Json:
    given = _judged(call)
    trigger = call.workspace.triggers.check(call.text("trigger_id"))
    view = call.workspace.views.push(trigger.person, given)
    call.workspace.triggers.spend(trigger)
    return {"view": view.as_slack_shows()}


def update(call: Call) -> Json:
    """Update by ``view_id`` or ``external_id``; a ``hash`` must match the current state."""
    given = _judged(call)
    view_id, external_id = call.args.get("view_id"), call.args.get("external_id")
    if not view_id and not external_id:
        call.text("view_id")
    found = call.workspace.views.find(view_id=view_id, external_id=external_id)
    if found is None:
        raise Refused("not_found")
    view = call.workspace.views.update(found[1], given, expected_hash=call.args.get("hash"))
    return {"view": view.as_slack_shows()}


def publish(_: Call) -> Json:
    """Refuse: the manifest turns App Home off."""
    raise Refused("not_enabled")


def _view(call: Call) -> object:
    if call.args.get("view") is None:
        call.text("view")
    return call.args["view"]


def _judged(call: Call) -> Json:
    """Return the view, checked against the limits.

    A form with a file input needs the files scope. Slack's code without it is not documented, so
    this uses missing_scope.
    """
    given = call.workspace.gate.view(call.name, _view(call))
    if any(block.get("element", {}).get("type") == "file_input" for block in given["blocks"]):
        call.needs("files:read")
    return given


METHODS = (
    Method("views.open", open_view, TIERS[4]),
    Method("views.push", push, TIERS[4]),
    Method("views.update", update, TIERS[4]),
    Method("views.publish", publish, TIERS[4]),
)
