"""What the worker process says about itself: metrics, remarks beside offsets, exit codes."""

from __future__ import annotations

import socket

import pytest
from prometheus_client import CollectorRegistry

from lienthong_infra import exit_codes
from lienthong_infra.errors import ConfigurationError, Fenced, PositionLost, UnavailableError, UnknownTopic
from lienthong_infra.ports import TopicPartition
from lienthong_streams.host_metrics import HostMetrics
from lienthong_streams.position import Position, encode_position
from lienthong_streams.runtime.ports import Advance
from lienthong_streams.worker import exit_code_of, remark_of, serve_metrics

HERE = TopicPartition("dossier.v1", 3)
LABELS = {"bus": "h27", "topic": "dossier.v1", "partition": "3"}


def test_a_step_is_counted_where_it_belongs() -> None:
    """Records, runs, outputs by topic, jumps, holes; position and horizon as they stand."""
    registry = CollectorRegistry()
    metrics = HostMetrics("h27", registry)
    metrics.taken_over(HERE, 7)
    step = Advance(taken=3, outputs=("sla.v1", "sla.v1", "dossier-dead-letter.v1"), committed=True, hole=2)
    metrics.advanced(HERE, step, 12, encode_position(Position(12, 5, 90_000_000)))
    metrics.advanced(HERE, Advance(jumped=True, seek_to=12), 12, b"")
    values = {
        name: registry.get_sample_value(f"lienthong_stream_{name}", LABELS)
        for name in (
            "records_total", "runs_total", "jumps_total", "hole_offsets_total", "set_aside_total", "position_offset",
            "horizon_timestamp_seconds",
        )
    }  # fmt: skip
    assert values == {
        "records_total": 3,
        "runs_total": 1,
        "jumps_total": 1,
        "hole_offsets_total": 2,
        "set_aside_total": None,
        "position_offset": 12,
        "horizon_timestamp_seconds": 90,
    }
    letters = {"bus": "h27", "topic": "dossier-dead-letter.v1"}
    assert registry.get_sample_value("lienthong_stream_outputs_total", letters) == 1
    assert registry.get_sample_value("process_start_time_seconds") is not None


def test_a_partition_that_went_is_no_longer_told_about() -> None:
    """Its next owner does; two positions of one partition would contradict each other."""
    registry = CollectorRegistry()
    metrics = HostMetrics("h27", registry)
    metrics.taken_over(HERE, 7)
    metrics.released(HERE)
    assert registry.get_sample_value("lienthong_stream_position_offset", LABELS) is None


def test_a_metrics_port_in_use_is_a_wrong_setting() -> None:
    """It names the setting and the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"LIENTHONG_METRICS_PORT: cannot listen on {port}"):
            serve_metrics(port, CollectorRegistry())


def test_the_remark_beside_an_offset_tells_tick_and_horizon() -> None:
    """For those who look at the group with any tool."""
    assert remark_of(encode_position(Position(12, 41, 1_000_000))) == "tick=41;horizon=1970-01-01T00:00:01Z"
    assert remark_of(b"") == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnavailableError("no broker"), exit_codes.UNAVAILABLE),
        (Fenced("a zombie"), exit_codes.TEMPORARY_FAILURE),
        (TimeoutError(), exit_codes.TEMPORARY_FAILURE),
        (KeyError("a bug"), exit_codes.TEMPORARY_FAILURE),
        (UnknownTopic("h27.dossier.v1"), exit_codes.CONFIGURATION_WRONG),
        (PositionLost("dossier.v1", 0, position=9, end=3), exit_codes.CONFIGURATION_WRONG),
    ],
)
def test_the_exit_code_tells_whether_a_new_start_helps(error: BaseException, code: int) -> None:
    """What nobody foresaw may be healed by a new start."""
    assert exit_code_of(error) == code
