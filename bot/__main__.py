"""The console script ``chakra-bot``: serve, demo, doctor."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any

import typer
import uvloop

from bot import logs
from bot.aio.clock import SystemClock
from bot.settings import settings
from bot.settings.settings import Settings, SettingsError

EXIT_BAD_SETTINGS = 2
EXIT_FAILURE = 1


class LogLevel(StrEnum):
    """The choices of ``--log-level``."""

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
    """Run the app: in Socket Mode if SLACK_APP_TOKEN is set, else over HTTP."""
    gc.disable()  # imports leave hardly any garbage: a fifth of the start. `run` enables it again.
    from bot.cli.serve import StartupError, run
    from commands import COMMANDS

    loaded = _load_settings()
    logs.configure(loaded.log_level, loaded.log_format, sys.stderr, secrets=loaded.secrets())
    try:
        _run(run(loaded, COMMANDS, SystemClock()))
    except StartupError as problem:
        _fail(str(problem), EXIT_FAILURE)


@cli.command()
def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the page; 0 picks any free one.")
    ] = 8400,
    socket: Annotated[bool, typer.Option(help="Use Socket Mode instead of HTTP.")] = False,
    log_level: Annotated[LogLevel, typer.Option(help="What to log.")] = LogLevel.warning,
) -> None:
    """Run the app with an embedded Slack and an embedded Chakra: nothing to sign up for."""
    from bot.cli.demo import PortInUse, run
    from bot.sandbox.skipping_clock import SkippingClock
    from commands import COMMANDS

    logs.configure(log_level.value, "console", sys.stderr, secrets=())
    try:
        _run(run(COMMANDS, SkippingClock(), port=port, socket_mode=socket, print_line=typer.echo))
    except PortInUse as problem:
        _fail(str(problem), EXIT_FAILURE)


@cli.command()
def doctor() -> None:
    """Check settings, tokens, scopes, clock, Chakra and database; exit with 1 if one is wrong."""
    loaded = _load_settings()
    logs.configure("error", "console", sys.stderr, secrets=loaded.secrets())
    if not _run(_run_doctor(loaded)):
        raise typer.Exit(EXIT_FAILURE)


async def _run_doctor(loaded: Settings) -> bool:
    from bot.cli.doctor import run_checks

    all_ok = True
    async for result in run_checks(loaded, SystemClock()):
        typer.echo(str(result))
        all_ok = all_ok and result.is_ok
    return all_ok


def _load_settings() -> Settings:
    try:
        return settings.load()
    except SettingsError as problem:
        _fail(
            f"The settings are incomplete. Correct these and start again:\n{problem}",
            EXIT_BAD_SETTINGS,
        )
        raise


def _fail(sentence: str, code: int) -> None:
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)


def main() -> None:
    cli()


if __name__ == "__main__":
    main()
