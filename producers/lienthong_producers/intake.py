"""Takes JSON lines into an outbox: good lines are accepted, bad ones reported, none is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from lienthong_producers.domain.json_lines import Line, read_lines
from lienthong_producers.outbox import Accepted, Outbox, Refused
from lienthong_schemas.models import CaseState

AT_ONCE: Final = 500
"""Lines of a file in one transaction; each transaction waits for the disk once."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a line: its receipt, or all that is wrong with it. Neither: good, but refused with the others."""

    line: Line
    accepted: Accepted | None
    problems: tuple[str, ...] = ()

    def told(self) -> list[str]:
        """The problems with the place in front: ``line 3: status: it is missing``."""
        return [f"line {self.line.number}: {problem}" for problem in self.problems]


def take_in(outbox: Outbox, lines: Iterable[bytes], *, at_once: int = AT_ONCE) -> Iterator[Taken]:
    """Accept every good line, in order; yields what became of each once that is safe on disk.

    ``at_once`` lines share a transaction; 1 answers every line at once, for a pipe. Raises OutboxFull, where the lines
    not yet yielded were not accepted.
    """
    read = read_lines(lines)
    while chunk := list(islice(read, at_once)):
        yield from _matched(chunk, outbox.accept_each(_states(chunk)))


def take_in_all(outbox: Outbox, lines: Iterable[bytes]) -> list[Taken]:
    """Accept all lines in one transaction, or none where any has a problem. Raises OutboxFull."""
    read = list(read_lines(lines))
    sound = all(line.state is not None for line in read)

    def keep_if(outcome: Sequence[Accepted | Refused]) -> bool:
        return sound and not any(isinstance(each, Refused) for each in outcome)

    outcome = outbox.accept_each(_states(read), keep_if=keep_if)
    taken = _matched(read, outcome)
    return taken if keep_if(outcome) else [Taken(each.line, None, each.problems) for each in taken]


def _states(lines: Sequence[Line]) -> list[CaseState]:
    return [line.state for line in lines if line.state is not None]


def _matched(lines: Sequence[Line], outcome: Sequence[Accepted | Refused]) -> list[Taken]:
    """Each line with what became of it; ``outcome`` is that of the readable ones."""
    results = iter(outcome)
    found = (Refused(line.problems) if line.state is None else next(results) for line in lines)
    return [
        Taken(line, None, each.problems) if isinstance(each, Refused) else Taken(line, each)
        for line, each in zip(lines, found, strict=True)
    ]
