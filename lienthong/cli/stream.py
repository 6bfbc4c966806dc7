"""The verbs `lienthong stream deadlines` and `lienthong stream totals`: run a stream worker."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from lienthong.cli.forward import GiveUp
from lienthong.cli.grouped_options import verb_of
from lienthong.cli.options import Prefix, settings_for


class Host(StrEnum):
    """What gives a worker its partitions; the results are the same."""

    PLAIN = "plain"
    FAUST = "faust"


HostChoice = Annotated[
    Host, typer.Option("--host", help="What gives the worker its partitions: the Kafka client alone, or Faust.")
]
Pace = Annotated[
    float,
    typer.Option(min=0.0, max=5.0, metavar="SECONDS", help="Let so long pass between two steps with few records."),
]
Session = Annotated[
    float,
    typer.Option(
        "--session-timeout", min=6.0, max=300.0, metavar="SECONDS", help="Silence after which others take over."
    ),
]
TickCommit = Annotated[
    float, typer.Option(min=0.0, metavar="SECONDS", help="Commit the position of an idle partition at most so often.")
]
FiguresEvery = Annotated[
    float,
    typer.Option(
        "--figures-every", min=0.0, max=3600.0, metavar="SECONDS", help="Publish changed live figures at most so often."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    host: HostChoice = Host.PLAIN
    pace: Pace = 0.05
    session_timeout: Session = 10.0
    tick_commit: TickCommit = 5.0
    figures_every: FiguresEvery = 1.0
    prefix: Prefix = ""
    give_up: GiveUp = 60.0


def register(app: typer.Typer) -> None:
    """Add the group of verbs."""
    group = typer.Typer(name="stream", help="The stream workers.", no_args_is_help=True)
    group.command("deadlines")(verb_of(_Options, _deadlines))
    group.command("totals")(_totals)
    group.callback()(_group)
    app.add_typer(group)


def _group() -> None:
    """The stream workers."""


def _deadlines(given: _Options) -> None:
    """Compute deadlines until SIGTERM or Ctrl-C; several processes share the partitions."""
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.kafka.connection import Patience
    from lienthong_infra.kafka.membership import GroupTimes
    from lienthong_infra.log_lines import log_to_stderr
    from lienthong_streams.runtime.times import HostTimes
    from lienthong_streams.worker import WorkerOptions, run_process

    log_to_stderr()
    settings = settings_for(given.prefix)
    options = WorkerOptions(
        bootstrap=bootstrap(settings),
        prefix=settings.prefix,
        metrics_port=settings.metrics_port,
        closed_days=settings.closed_days,
        figures_every_s=given.figures_every,
        times=HostTimes(pace_s=given.pace, tick_commit_s=given.tick_commit),
        group_times=GroupTimes(session_s=given.session_timeout),
        patience=Patience(limit_s=given.give_up),
    )
    if given.host is Host.FAUST:
        from lienthong_streams.faust_host.process import run_faust_process  # slow to import, so only when chosen

        run_faust_process(options)
    run_process(options)


TotalsEvery = Annotated[
    float,
    typer.Option("--every", min=0.0, max=3600.0, metavar="SECONDS", help="Write changed totals at most so often."),
]


def _totals(
    prefix: Prefix = "", every: TotalsEvery = 0.25, session_timeout: Session = 10.0, give_up: GiveUp = 60.0
) -> None:
    """Add the partial live figures up to totals.v1 until SIGTERM or Ctrl-C; a second process stands by."""
    from lienthong_infra.embedded.servers import bootstrap
    from lienthong_infra.kafka.connection import Patience
    from lienthong_infra.kafka.membership import GroupTimes
    from lienthong_infra.log_lines import log_to_stderr
    from lienthong_streams.totals_worker import TotalsOptions, run_process

    log_to_stderr()
    settings = settings_for(prefix)
    run_process(
        TotalsOptions(
            bootstrap=bootstrap(settings),
            prefix=settings.prefix,
            metrics_port=settings.metrics_port,
            every_s=every,
            group_times=GroupTimes(session_s=session_timeout),
            patience=Patience(limit_s=give_up),
        )
    )
