"""The command: ``python -m minigrad``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from . import __version__

INTERRUPTED = 130  # what a shell says of a process that Ctrl-C has ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        The words behind ``minigrad``; those of the command line if not given.
    """
    from .testing import command

    parser = argparse.ArgumentParser(prog="minigrad", description="Tools for minigrad.")
    parser.add_argument("--version", action="version", version=f"minigrad {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    command.add_to(commands)
    arguments = parser.parse_args(argv)
    if "run" not in arguments:
        parser.print_help()
        return 0
    try:
        status: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


if __name__ == "__main__":
    sys.exit(main())
