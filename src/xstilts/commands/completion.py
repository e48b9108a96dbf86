"""`xstilts completion SHELL`: the script with which a shell completes commands and options."""

import argparse

import shtab


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("shell", choices=shtab.SUPPORTED_SHELLS)


def run(asked: argparse.Namespace) -> int:
    """Print the script."""
    from xstilts.commands.main import COMMANDS, parser

    print(shtab.complete(parser(COMMANDS), asked.shell))  # noqa: T201
    return 0
