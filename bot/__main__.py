"""The console script ``chakra-bot``: serve, demo, doctor."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any

import typer
import uvloop

from bot import logs
from bot.aio.clock import SystemClock
from bot.settings import settings
from bot.settings.settings import Settings, SettingsProblem
from commands import COMMANDS

WRONG_SETTINGS = 2
FAILED = 1


class Level(StrEnum):
    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Chakra for Slack: one command, /chakra, for a team's ChakraHQ account.",
)


@cli.command()
def serve() -> None:
    """Run the bot: Socket Mode when SLACK_APP_TOKEN is set, else HTTP."""
    from bot.cli.serve import CannotStart, run

    loaded = _settings()
    logs.configure(loaded.log_level, loaded.log_format, sys.stderr, secrets=loaded.secrets())
    try:
        _run(run(loaded, COMMANDS, SystemClock()))
    except CannotStart as problem:
        _fail(str(problem), FAILED)


@cli.command()
def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the page; 0 takes any free one.")
    ] = 8400,
    socket: Annotated[bool, typer.Option(help="Use Socket Mode instead of HTTP.")] = False,
    log_level: Annotated[Level, typer.Option(help="What to log.")] = Level.warning,
) -> None:
    """Run the whole bot with an embedded Slack and an embedded Chakra: nothing to sign up for."""
    from bot.sandbox.world import PortTaken, run

    logs.configure(log_level.value, "console", sys.stderr, secrets=())
    try:
        _run(run(COMMANDS, SystemClock(), port=port, socket_mode=socket, say=typer.echo))
    except PortTaken as problem:
        _fail(str(problem), FAILED)


@cli.command()
def doctor() -> None:
    """Check settings, tokens, scopes, clock, Chakra and database; exit 1 when one is wrong."""
    loaded = _settings()
    logs.configure("error", "console", sys.stderr, secrets=loaded.secrets())
    if not _run(_examined(loaded)):
        raise typer.Exit(FAILED)


async def _examined(loaded: Settings) -> bool:
    from bot.cli.doctor import examine

    well = True
    async for finding in examine(loaded, SystemClock()):
        typer.echo(str(finding))
        well = well and finding.well
    return well


def _settings() -> Settings:
    try:
        return settings.load()
    except SettingsProblem as problem:
        _fail(
            f"The settings are not complete. Put these right and start again:\n{problem}",
            WRONG_SETTINGS,
        )
        raise


def _fail(sentence: str, code: int) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def main() -> None:
    cli()


if __name__ == "__main__":
    main()
