"""The command line of ``chakra-bot``: what it accepts, and what it says about the rest."""

from __future__ import annotations

import pytest

from bot.__main__ import EXIT_BAD_SETTINGS, build_parser, main


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "usage: chakra-bot"),
        ("frob", "invalid choice: 'frob' (choose from"),
        ("serve extra", "unrecognized arguments: extra"),
        ("demo --port 65536", "'65536' is not a port: choose one from 0 to 65535"),
        ("demo --port=-1", "'-1' is not a port"),
        ("demo --port ²", "'²' is not a port"),
        ("demo --log-level loud", "invalid choice: 'loud' (choose from"),
    ],
)
def test_line_that_is_not_understood_names_what_is_wrong(
    line: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exited:
        main(line.split())
    assert exited.value.code == EXIT_BAD_SETTINGS
    printed = capsys.readouterr()
    assert sentence in printed.out + printed.err


@pytest.mark.parametrize(
    ("line", "port", "is_socket", "level"),
    [
        ("demo", 8400, False, "warning"),
        ("demo --port 0 --socket --log-level debug", 0, True, "debug"),
        ("demo --port=65535 --no-socket", 65_535, False, "warning"),
    ],
)
def test_options_of_the_demo(line: str, port: int, is_socket: bool, level: str) -> None:
    parsed = build_parser().parse_args(line.split())
    assert (parsed.port, parsed.socket, parsed.log_level) == (port, is_socket, level)
