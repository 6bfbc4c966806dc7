"""The Faust app of a host: its settings, and the one agent that runs of records reach."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lienthong_infra.kafka.membership import GroupTimes
from lienthong_infra.kafka.naming import full_name, group_name
from lienthong_infra.kafka.reader import FETCH_BYTES
from lienthong_streams.faust_host.inside import HostApp, RunSchema, make_app
from lienthong_streams.runtime.times import HostTimes

_HEARTBEATS_PER_SESSION: Final = 6
"""As many as the reference host sends."""
_REQUEST_LIMIT_S: Final = 40.0
"""Seconds for one request; Faust wants it longer than a session, and aiokafka than the 40 s it takes by itself."""


@dataclass(frozen=True, slots=True)
class AppPlan:
    """What a Faust app is made from."""

    bootstrap: str
    prefix: str
    topics: Sequence[str]
    application: str = "deadlines"
    times: HostTimes = field(default_factory=HostTimes)
    group_times: GroupTimes = field(default_factory=GroupTimes)


def build_app(plan: AppPlan) -> HostApp:
    """The app, named as the group of the reference host: both kinds of worker may share the partitions of a bus."""
    app = make_app(group_name(plan.prefix, plan.application), _settings(plan))
    app.prefix = plan.prefix
    # Without acks there is nothing that Faust would commit: positions are ours.
    topic = app.topic(
        *(full_name(plan.prefix, each) for each in plan.topics), schema=RunSchema(), acks=False, internal=False
    )

    async def pass_on(stream: Any) -> None:
        async for demand, partition, run in stream:
            demand.take(partition, run)

    app.agent(topic, name="runs")(pass_on)
    return app


def _settings(plan: AppPlan) -> dict[str, Any]:
    session_s = plan.group_times.session_s
    return {
        "broker": [f"kafka://{address}" for address in plan.bootstrap.split(",")],
        "broker_session_timeout": session_s,
        "broker_heartbeat_interval": session_s / _HEARTBEATS_PER_SESSION,
        "broker_rebalance_timeout": plan.group_times.rebalance_s,
        "broker_request_timeout": max(_REQUEST_LIMIT_S, session_s + 1),
        "broker_max_poll_records": plan.times.fetch_records,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": FETCH_BYTES,
        "datadir": str(Path(tempfile.gettempdir()) / "lienthong-faust"),  # Faust makes the folder, and leaves it empty
        "store": "memory://",
        "stream_wait_empty": False,  # the host's lock waits for the run in work
        "table_standby_replicas": 0,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "worker_redirect_stdouts": False,
    }
