"""The console script ``chakra-bot``: serve, demo, doctor."""

from __future__ import annotations

import asyncio
import gc
import sys
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NoReturn

import uvloop

from bot import logs
from bot.aio.clock import SystemClock
from bot.settings import settings
from bot.settings.settings import Settings, SettingsError

EXIT_BAD_SETTINGS = 2
EXIT_FAILURE = 1
MAX_PORT = 65_535
LOG_LEVELS = ("debug", "info", "warning", "error")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the command line names."""
    parser = build_parser()
    parsed = parser.parse_args(arguments)
    if parsed.run is None:
        parser.print_help()
        sys.exit(EXIT_BAD_SETTINGS)
    parsed.run(parsed)


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(
        prog="chakra-bot",
        description="Chakra for Slack: one command, /chakra, for a team's ChakraHQ account.",
    )
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(run: Callable[[Namespace], None]) -> ArgumentParser:
        sentence = run.__doc__ or ""
        command = commands.add_parser(run.__name__, help=sentence, description=sentence)
        command.set_defaults(run=run)
        return command

    add(serve)
    options = add(demo)
    options.add_argument(
        "--port", type=_parse_port, default=8400, help="Port of the page; 0 picks any unused one."
    )
    options.add_argument(
        "--socket",
        action=BooleanOptionalAction,
        default=False,
        help="Use Socket Mode instead of HTTP.",
    )
    options.add_argument("--log-level", choices=LOG_LEVELS, default="warning", help="What to log.")
    add(doctor)
    return parser


def _parse_port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= MAX_PORT:
        raise ArgumentTypeError(f"{text!r} is not a port: choose one from 0 to {MAX_PORT}")
    return port


def serve(_: Namespace) -> None:
    """Run the app: in Socket Mode if SLACK_APP_TOKEN is set, else over HTTP."""
    gc.disable()  # Imports leave little garbage: a fifth of the start. `run` enables it again.
    from bot.cli.serve import StartupError, run
    from commands import COMMANDS

    loaded = _load_settings()
    logs.configure(loaded.log_level, loaded.log_format, sys.stderr, secrets=loaded.list_secrets())
    try:
        _run(run(loaded, COMMANDS, SystemClock()))
    except StartupError as problem:
        _fail(str(problem), EXIT_FAILURE)


def demo(options: Namespace) -> None:
    """Run the app with an embedded Slack and an embedded Chakra: nothing to sign up for."""
    from bot.cli.demo import PortInUse, run
    from bot.sandbox.skipping_clock import SkippingClock
    from commands import COMMANDS

    logs.configure(options.log_level, "console", sys.stderr, secrets=())
    clock = SkippingClock()
    try:
        _run(
            run(
                COMMANDS,
                clock,
                port=options.port,
                socket_mode=options.socket,
                print_line=_print_line,
            )
        )
    except PortInUse as problem:
        _fail(str(problem), EXIT_FAILURE)


def doctor(_: Namespace) -> None:
    """Check settings, tokens, scopes, clock, Chakra and database; exit with 1 if one is wrong."""
    loaded = _load_settings()
    logs.configure("error", "console", sys.stderr, secrets=loaded.list_secrets())
    if not _run(_run_doctor(loaded)):
        sys.exit(EXIT_FAILURE)


async def _run_doctor(loaded: Settings) -> bool:
    from bot.cli.doctor import run_checks

    all_ok = True
    async for result in run_checks(loaded, SystemClock()):
        _print_line(str(result))
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


def _print_line(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - for the person who started it


def _fail(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)  # noqa: T201 - as above
    sys.exit(code)


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)


if __name__ == "__main__":
    main()
