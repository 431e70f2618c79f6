"""Update modals, so that a form ends with its outcome even if an ack lands later.

The ack of a submission and a ``views.update`` reach Slack in any order, and Slack does not say
which came last (github.com/slackapi/bolt-js/issues/1080). But every change of a view changes its
hash: an update that is refused with ``hash_conflict`` follows the ack, and one that is accepted
precedes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from cachetools import TTLCache

from bot.aio.clock import Clock, sleep
from bot.errors import SlackError
from bot.slack.commands.reply import View

HASH_CONFLICT_CODE = "hash_conflict"
"""The code for a view that has changed since. docs.slack.dev/reference/methods/views.update."""
VIEW_CLOSED_CODE = "not_found"
"""The code for a view that the person closed. docs.slack.dev/reference/methods/views.update."""
ACK_LANDING_SECONDS = 3.0
"""Seconds after which Slack ignores an ack. docs.slack.dev/interactivity."""
CHECK_DELAYS_SECONDS = (0.15, 0.3, 0.6, 1.0, 1.2)
"""Seconds between attempts of an update that precedes the ack: in total longer than an ack
takes."""
CONFIRM_DELAYS_SECONDS = (0.6, 2.5)
"""Seconds between attempts after a conflict that may have another cause than the last ack."""
STALE_SECONDS = 5.0
"""Seconds for which updates by actions that precede a submission are dropped."""
MAX_TRACKED_VIEWS = 1_000
TRACKING_SECONDS = 120.0
"""Seconds: longer than the work of a submission."""

UpdateView = Callable[..., Coroutine[Any, Any, str]]
"""``SlackClient.update_view``."""


@dataclass(slots=True)
class _Submission:
    """The newest submission of a view: the hash that it had, and the acks that say "One moment"."""

    seen_hash: str
    at: float
    pending_acks: int = 0
    has_successor: bool = False


class ModalUpdates:
    def __init__(self, update_view: UpdateView, clock: Clock) -> None:
        self._update_view = update_view
        self._clock = clock
        self._submissions: TTLCache[str, _Submission] = TTLCache(
            MAX_TRACKED_VIEWS, TRACKING_SECONDS, timer=clock.monotonic
        )
        self._updated: TTLCache[str, bool] = TTLCache(
            MAX_TRACKED_VIEWS, STALE_SECONDS, timer=clock.monotonic
        )

    def record_ack(self, view_id: str, seen_hash: str, *, is_pending: bool) -> None:
        """Record the ack of a submission, just before it leaves."""
        known = self._submissions.get(view_id)
        if known is None or known.seen_hash != seen_hash:
            earlier = 0
            if known is not None:
                known.has_successor = True
                earlier = 0 if self._have_acks_landed(known) else known.pending_acks
            known = self._submissions[view_id] = _Submission(seen_hash, 0.0, earlier)
        known.at = self._clock.monotonic()
        known.pending_acks += is_pending

    def record_reopened(self, view_id: str) -> None:
        """Record that the form stays open as it is, with errors under its fields."""
        self._submissions.pop(view_id, None)

    async def update(
        self, view_id: str, view: View, *, seen_hash: str, overwrite: bool = False
    ) -> None:
        """Update the view for an action that saw it with ``seen_hash``.

        Unless ``overwrite``, only if it has not changed since. Raise ``SlackError``: also with
        ``hash_conflict`` if the form was submitted in the meantime.
        """
        submission = self._submissions.get(view_id)
        if submission is not None and seen_hash:
            is_recent = self._clock.monotonic() - submission.at < STALE_SECONDS
            if submission.seen_hash == seen_hash and is_recent:
                raise SlackError("views.update", HASH_CONFLICT_CODE)
            submission.has_successor |= submission.seen_hash != seen_hash
        self._updated[view_id] = True
        await self._update_view(view_id, view, view_hash="" if overwrite else seen_hash)

    async def show_outcome(self, view_id: str, view: View, *, seen_hash: str) -> None:
        """Replace the "One moment" of pending acks, whether they land before or after the update.

        ``seen_hash`` is that of the submission. Raise ``SlackError`` if no update succeeds.
        """
        submission = self._submissions.get(view_id) or _Submission(seen_hash, -math.inf)
        current_hash = seen_hash
        is_shown = has_landed = False
        delays = [*CHECK_DELAYS_SECONDS]
        while True:
            failure: SlackError | None = None
            try:
                current_hash, is_changed = await self._try_update(
                    view_id, view, current_hash, submission
                )
            except SlackError as refused:
                if is_shown and refused.code == VIEW_CLOSED_CODE:
                    return
                if not is_shown and not refused.retryable:
                    raise
                failure = refused
            else:
                is_shown = True
                if is_changed and not has_landed:
                    has_landed, delays = True, [*CONFIRM_DELAYS_SECONDS]
            if failure is None and self._is_settled(view_id, submission, landed=has_landed):
                return
            if not delays:
                break
            await sleep(self._clock, delays.pop(0))
        if failure is not None and not is_shown:
            raise failure

    def _is_settled(self, view_id: str, submission: _Submission, *, landed: bool) -> bool:
        """Return whether no ack can cover the outcome any more."""
        is_certain = submission.pending_acks <= 1 and view_id not in self._updated
        return (
            (landed and is_certain)
            or submission.has_successor
            or self._have_acks_landed(submission)
        )

    async def _try_update(
        self, view_id: str, view: View, expected_hash: str, submission: _Submission
    ) -> tuple[str, bool]:
        """Return the view's new hash, and whether it had changed, which an ack does."""
        if self._have_acks_landed(submission) or not expected_hash:
            new_hash = await self._update_view(view_id, view)
            return new_hash, self._have_acks_landed(submission)
        try:
            return await self._update_view(view_id, view, view_hash=expected_hash), False
        except SlackError as refused:
            if refused.code != HASH_CONFLICT_CODE:
                raise
        if submission.has_successor:
            return expected_hash, True
        return await self._update_view(view_id, view), True

    def _have_acks_landed(self, submission: _Submission) -> bool:
        return self._clock.monotonic() - submission.at >= ACK_LANDING_SECONDS
