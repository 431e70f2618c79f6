"""Permissions: roles rise, the smallest role that would do is named, and handlers can ask again."""

from __future__ import annotations

import pytest

from bot.errors import NotAllowed
from bot.slack.commands.permissions import (
    AccessDecision,
    Permission,
    Role,
    find_required_role,
)


def test_each_role_has_the_permissions_of_the_one_below_and_more() -> None:
    guest, member, sender = (role.permissions for role in Role)
    assert guest < member < sender
    assert sender == frozenset(Permission)


@pytest.mark.parametrize("permission", list(Permission))
def test_the_required_role_is_the_smallest_that_has_the_permission(permission: Permission) -> None:
    roles = list(Role)
    role = find_required_role(permission)
    assert permission in role.permissions
    for smaller in roles[: roles.index(role)]:
        assert permission not in smaller.permissions


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_authorize_raises_unless_the_decision_allows_it(role: Role, permission: Permission) -> None:
    decision = AccessDecision(role.permissions, reason="Because.")
    if decision.allows(permission):
        decision.authorize(permission)
        return
    with pytest.raises(NotAllowed) as refusal:
        decision.authorize(permission)
    assert refusal.value.required_role == find_required_role(permission).value
    assert refusal.value.message == "Because."
    assert not refusal.value.is_unverified


def test_a_handler_may_give_its_own_reason() -> None:
    decision = AccessDecision(Role.MEMBER.permissions, reason="Because.")
    with pytest.raises(NotAllowed, match=r"Not yours\."):
        decision.authorize(Permission.MANAGE_WATCHES, reason="Not yours.")


def test_a_refusal_of_an_unverified_person_says_so() -> None:
    with pytest.raises(NotAllowed) as refusal:
        AccessDecision(Role.GUEST.permissions, is_unverified=True).authorize(Permission.LOOK)
    assert refusal.value.is_unverified
