"""Exit codes of every command and worker, after sysexits.h where it has a code for the case."""

from typing import Final

GOOD: Final = 0
PROBLEMS_FOUND: Final = 1
"""The command did its work and found differences or problems."""
WRONG_CALL: Final = 2
BAD_INPUT: Final = 65
"""The data handed in is wrong (EX_DATAERR)."""
UNAVAILABLE: Final = 69
"""A broker or a database cannot be reached or started (EX_UNAVAILABLE)."""
TEMPORARY_FAILURE: Final = 75
"""A supervisor may start the process again (EX_TEMPFAIL)."""
CONFIGURATION_WRONG: Final = 78
"""A setting is wrong; starting again does not help (EX_CONFIG)."""
