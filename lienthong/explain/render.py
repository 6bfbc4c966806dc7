"""An explanation for people, at 80 columns and more; plain where the output is no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from lienthong.explain.document import ClockPart, Document, ReasonPart, VersionPart
from lienthong.explain.texts import Language
from lienthong.explain.wording import Wording

GOOD, BAD, QUIET, HEAD = "green", "bold red", "dim", "bold"
_INDENT: Final = 2


class Telling:
    """Tells one document on a console."""

    def __init__(self, console: Console, document: Document, language: Language) -> None:
        self._console = console
        self._document = document
        self._wording = Wording(document, language)
        self._say = self._wording.texts.say
        self._sources: list[str] = []

    def tell(self) -> None:
        """All of it: the case, each clock, what was announced, what is wrong, the events, the sources."""
        self._head()
        for clock in self._document.clocks:
            self._clock(clock)
        if not self._document.clocks:
            self._below(Text(self._say("no-clock"), style=BAD), 0)
        self._announcements()
        self._findings()
        self._events()
        if self._sources:
            self._title("title.sources")
            self._rows((f"[{number}]", text) for number, text in enumerate(self._sources, start=1))

    def _head(self) -> None:
        document, say, moment = self._document, self._say, self._wording.moment
        kind = say(f"kind.{document.kind}")
        self._console.print(Text.assemble((f"{kind} {document.case_id.split(':', 1)[1]}", HEAD)), soft_wrap=True)
        parts = [
            say("selector", selector=document.selector) if document.selector else "",
            say("holder", office=document.office),
            say("status", status=document.status, label=document.label),
        ]
        self._console.print(" · ".join(filter(None, parts)))
        source = say(f"source.{document.source}")
        told = say("as-of", at=moment(document.as_of), zone=document.time_zone, source=source)
        self._console.print(Text(told, style=QUIET))

    def _clock(self, clock: ClockPart) -> None:
        wording = self._wording
        verdict = Text(wording.verdict(clock), style=BAD if clock.breached else GOOD)
        self._console.print()
        self._console.print(Text.assemble((wording.clock(clock.name, clock.episode), HEAD), ": ", verdict))
        self._rows(self._facts(clock))
        if clock.reasons:
            self._title("title.reasons", _INDENT)
            self._rows(self._reasons(clock.reasons), 2 * _INDENT)
        if clock.by_policy:
            self._title("title.by-policy", _INDENT)
            self._rows(self._reasons(clock.by_policy), 2 * _INDENT)
        self._title("title.intervals", _INDENT)
        self._table(("from", "to", "clock", "time", "office", "why"), self._intervals(clock), 2 * _INDENT)

    def _facts(self, clock: ClockPart) -> Iterator[tuple[str, str]]:
        say, wording = self._say, self._wording
        yield say("label.started"), wording.moment(clock.started_at)
        yield say("label.ended"), say("label.still") if clock.ended_at is None else wording.moment(clock.ended_at)
        if clock.due_at is not None:
            to_the_end = clock.last_in_time is not None and clock.last_in_time > clock.due_at
            day = f" ({say('label.day')})" if to_the_end else ""
            yield say("label.due"), wording.moment(clock.due_at) + day
        if clock.span:
            yield say("label.span"), wording.texts.span(clock.span)
        yield say("label.used"), wording.duration(clock.used_seconds, clock)
        if clock.paused_seconds:
            yield say("label.paused"), wording.duration(clock.paused_seconds, clock)
        if len(clock.shares) > 1:
            shares = [f"{one.office} {wording.duration(one.seconds, clock)}" for one in clock.shares]
            yield say("label.shares"), "; ".join(shares)
        for label, version in (("policy", clock.policy), ("calendar", clock.calendar)):
            if version is not None:
                yield say(f"label.{label}"), self._version(version)

    def _version(self, version: VersionPart) -> str:
        told = self._say("version", record=version.record, valid_from=self._wording.moment(version.valid_from))
        name = f" ({version.name})" if version.name else ""
        return f"{told}{name} {self._footnote(version.source)}"

    def _reasons(self, reasons: Sequence[ReasonPart]) -> Iterator[tuple[str, str]]:
        for reason in reasons:
            cause = f" ({reason.cause})" if reason.cause else ""
            told = f"{self._wording.reason(reason)}{cause} {self._footnote(reason.source)}"
            yield self._wording.moment(reason.at), told

    def _footnote(self, source: str) -> str:
        """The number of a source in the list at the end."""
        if not source:
            return ""
        if source not in self._sources:
            self._sources.append(source)
        return f"[{self._sources.index(source) + 1}]"

    def _intervals(self, clock: ClockPart) -> Iterator[tuple[str | Text, ...]]:
        wording = self._wording
        for each in clock.intervals:
            style = GOOD if each.state == "running" else QUIET
            yield (
                wording.moment(each.since),
                wording.moment(each.until),
                Text(self._say(each.state), style=style),
                wording.texts.duration(each.seconds, working=False),
                each.office,
                wording.why(each),
            )

    def _announcements(self) -> None:
        announced = self._document.announcements
        self._title("title.announcements")
        if not announced:
            self._below(Text(self._say("nothing"), style=QUIET), _INDENT)
            return
        wording = self._wording
        rows = (
            (
                wording.moment(one.announced_at),
                wording.clock(one.clock, one.episode),
                Text(wording.said(one), style=BAD if one.kind == "breached" and one.withdrawn_by is None else ""),
                wording.said_why(one),
            )
            for one in announced
        )
        self._table(("at", "clock", "said", "why"), rows, _INDENT)

    def _findings(self) -> None:
        self._title("title.findings")
        if not self._document.findings:
            self._below(Text(self._say("nothing"), style=QUIET), _INDENT)
        for one in self._document.findings:
            told = Text.assemble(self._say(f"finding.{one.code}"), (f" {one.cause}, {one.office}: {one.detail}", QUIET))
            self._below(told, _INDENT)

    def _events(self) -> None:
        self._title("title.events")
        wording = self._wording
        rows = (
            (
                each.cause,
                wording.moment(each.occurred_at),
                each.office,
                " ".join(filter(None, (each.status, each.label, each.step))),
                "" if each.due_at is None else wording.moment(each.due_at),
                wording.moment(each.known_at),
                self._say(f"standing.{each.standing}"),
            )
            for each in self._document.events
        )
        heads = ("event", "at", "office", "state", "due", "known", "")
        self._table(heads, rows, _INDENT)
        for hole in self._document.holes:
            self._below(Text(self._say("hole", **hole.model_dump()), style=BAD), _INDENT)

    def _title(self, key: str, indent: int = 0) -> None:
        if not indent:
            self._console.print()
        self._below(Text(self._say(key), style=HEAD if not indent else "underline"), indent)

    def _below(self, text: Text, indent: int) -> None:
        self._console.print(Padding(text, (0, 0, 0, indent)))

    def _rows(self, rows: Iterable[tuple[str, str]], indent: int = _INDENT) -> None:
        table = Table(Column(no_wrap=True, style=QUIET), Column(overflow="fold"), box=None, show_header=False)
        table.pad_edge = False
        for first, second in rows:
            table.add_row(first, Text(second))
        self._console.print(Padding(table, (0, 0, 0, indent)))

    def _table(self, heads: Sequence[str], rows: Iterable[tuple[str | Text, ...]], indent: int) -> None:
        columns = [Column(self._say(f"column.{head}") if head else "", overflow="fold") for head in heads]
        table = Table(*columns, box=None, header_style=QUIET, pad_edge=False)
        for row in rows:
            table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
        self._console.print(Padding(table, (0, 0, 0, indent)))
