"""The verb `lienthong tail`: the records of a topic, decoded and selected, one JSON object a line."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lienthong.cli.options import Prefix, settings_for
from lienthong_infra import exit_codes

if TYPE_CHECKING:
    from lienthong.tail.rendering import Renderer
    from lienthong.tail.selection import Condition

Topic = Annotated[str, typer.Argument(help="A topic without the bus's prefix, such as sla.v1.")]
Where = Annotated[
    list[str] | None,
    typer.Option(help="FIELD=VALUE; also != < <= > >= and ~ (contains). All that are given must hold."),
]
Last = Annotated[int, typer.Option(min=0, help="Only so many of the newest that were found; 0 = all.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes; Ctrl-C ends it.")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("tail")(_tail)


def _tail(topic: Topic, where: Where = None, last: Last = 0, follow: Follow = False, prefix: Prefix = "") -> None:
    """Print the records of a topic, one JSON object a line; exit code 1 if one of them cannot be read.

    Records inside dead letters are not shown: `lienthong letters show --value` does that.
    """
    from lienthong.tail.rendering import Renderer
    from lienthong.tail.selection import conditions, unknown_fields
    from lienthong_infra.errors import WrongCallError
    from lienthong_schemas.catalogue import load_catalogue
    from lienthong_schemas.codec import SchemaBook

    chosen = conditions(where or ())
    topics = [spec.name for spec in load_catalogue().topics.values() if spec.role != "changelog" and not spec.reserved]
    if topic not in topics:
        raise WrongCallError([f"{topic}: there is no such topic to look at; topics: {', '.join(topics)}"])
    renderer = Renderer(topic, SchemaBook())
    problems = unknown_fields(chosen, renderer.fields)
    if problems:
        raise WrongCallError(problems)
    unreadable = asyncio.run(_print(topic, _Printer(renderer, chosen, last), follow=follow, prefix=prefix))
    raise typer.Exit(exit_codes.PROBLEMS_FOUND if unreadable else exit_codes.GOOD)


async def _print(topic: str, printer: "_Printer", *, follow: bool, prefix: str) -> int:
    """Print what meets the conditions; returns how many records could not be read."""
    from lienthong.tail.following import coming, ends_of, present
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.kafka.reader import KafkaReader

    settings = settings_for(prefix)
    reader = KafkaReader(bootstrap(settings), settings.prefix)
    try:
        ends = await ends_of(reader, topic)
        async for record in present(reader, ends):
            printer.take(record)
        printer.print_kept()
        if follow:
            async for record in coming(reader, ends):
                printer.take(record)
    finally:
        await reader.close()
    return printer.unreadable


class _Printer:
    """Prints records that meet all conditions, at once or, of those that are there already, only the newest."""

    def __init__(self, renderer: "Renderer", chosen: "tuple[Condition, ...]", last: int) -> None:
        self.unreadable = 0
        self._renderer = renderer
        self._chosen = chosen
        self._last = last
        self._kept: list[dict[str, Any]] = []

    def take(self, record: Any) -> None:
        """Print a record, or keep it, if it meets the conditions."""
        shown = self._renderer.render(record)
        self.unreadable += "problem" in shown
        if not all(one.holds(shown) for one in self._chosen):
            return
        if self._last:
            self._kept.append(shown)
        else:
            typer.echo(json.dumps(shown, ensure_ascii=False))

    def print_kept(self) -> None:
        """Print the newest of those that were kept, oldest first; from then on nothing is kept."""
        newest = sorted(self._kept, key=lambda one: (one["timestamp"] or "", one["partition"], one["offset"]))
        for shown in newest[-self._last :] if self._last else ():
            typer.echo(json.dumps(shown, ensure_ascii=False))
        self._last = 0
        self._kept.clear()
