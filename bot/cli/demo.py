"""``chakra-bot demo``: run the app between an embedded Slack and an embedded Chakra."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.aio.clock import Clock
from bot.cli.serve import install_stop_signals
from bot.context import Context
from bot.sandbox.world import open_sandbox
from bot.slack.commands.command import Command


class PortInUse(Exception):
    """The port of the page is in use. The message says what to do."""


async def run(
    commands: Sequence[Command[Context]],
    clock: Clock,
    *,
    port: int,
    socket_mode: bool,
    print_line: Callable[[str], None],
) -> None:
    """Serve the demo on ``port`` until SIGTERM or SIGINT. Raises ``PortInUse``."""
    stop = install_stop_signals()
    try:
        async with open_sandbox(commands, clock, port=port, socket_mode=socket_mode) as sandbox:
            # Launched now, since a launch would use up part of the first watch's three seconds.
            await sandbox.bot.engine.launch()
            sandbox.phones.seed()
            print_line(_render_banner(sandbox.slack.base_url))
            await stop.wait()
    except OSError as failed:
        raise PortInUse(
            f"Port {port} is in use. Stop the program that uses it, or choose another port: "
            "make demo PORT=8500"
        ) from failed


def _render_banner(url: str) -> str:
    return (
        f"\n  Chakra for Slack, with an embedded Slack and an embedded Chakra.\n"
        f"  Open        {url}/\n"
        f"  Then type   /chakra user john@acme.com, /chakra send or /chakra bulk\n"
        f"  Stop with   Ctrl+C\n"
    )
