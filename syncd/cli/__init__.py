"""The command line: a module per group of commands. Exit codes: 0 done; 1 done, and something needs a person; 2 wrong call or
wrong configuration; 3 a foreign system failed.
"""

from syncd.cli.app import main

__all__ = ["main"]
