"""What the doctor says about Python, packages, folders, ports and the parts of the embedded servers."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from lienthong.doctor.database import step_finding
from lienthong.doctor.embedded import jars_finding, server_finding
from lienthong.doctor.machine import BYTES_NEEDED, BYTES_TIGHT, metrics_port_finding, space, writable
from lienthong.doctor.packages import package_findings, python_finding
from lienthong_infra.embedded.jars import Jar
from lienthong_infra.embedded.ports import LOOPBACK, choose_port
from lienthong_infra.embedded.server import ServerStatus

REQUIRES = ["aiokafka==0.14.0", "fastavro<2,>=1.13", "rich>=15; extra == 'demo'"]
INSTALLED = {"aiokafka": "0.14.0", "fastavro": "1.13.5", "rich": "15.0.1"}
CONTENT = b"jar"
JAR = Jar("org.example", "thing", "1.0", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
SERVER = ServerStatus("embedded broker", running=False, address="", pid=0, folder="data")


def test_a_python_that_is_too_old_is_bad() -> None:
    """And the lowest one that is meant is good."""
    assert [python_finding(version).level for version in ((3, 10, 9), (3, 11, 0))] == ["bad", "good"]


def test_packages_that_fit_are_one_line() -> None:
    """Nothing to do needs no list."""
    (finding,) = package_findings(REQUIRES, INSTALLED.get)
    assert (finding.level, finding.what) == ("good", "3 packages are as asked for")


def test_the_pinned_client_of_another_version_is_bad() -> None:
    """Two undocumented methods of it are used, so another version may break."""
    (finding,) = package_findings(REQUIRES, {**INSTALLED, "aiokafka": "0.15.0"}.get)
    assert finding[:3] == ("bad", "aiokafka", "0.15.0 is installed, ==0.14.0 is asked for")


def test_a_package_that_is_missing_is_bad_and_one_of_an_extra_is_noted() -> None:
    """The base install is no fault."""
    found = package_findings(REQUIRES, {"aiokafka": "0.14.0"}.get)
    assert [(each.subject, each.level) for each in found] == [("fastavro", "bad"), ("rich", "note")]
    assert found[1].advice == "needed for: pip install 'lienthong[demo]'"


def test_this_very_environment_is_sound() -> None:
    """What `make setup` installs is what the distribution asks for."""
    assert [each.level for each in package_findings()] == ["good"]


def test_a_folder_that_others_can_write_to_is_bad(tmp_path: Path) -> None:
    """Whoever can write there can put jars of his own into the broker."""
    tmp_path.chmod(0o777)
    finding = writable("LIENTHONG_CACHE", tmp_path)
    assert (finding.level, finding.advice) == ("bad", f"chmod go-w {tmp_path}")


def test_a_folder_that_is_not_there_yet_is_good_where_it_can_be_made(tmp_path: Path) -> None:
    """The embedded servers make it."""
    finding = writable("LIENTHONG_HOME", tmp_path / "new" / "home")
    assert (finding.level, finding.what) == ("good", f"{tmp_path}/new/home (will be made)")


def test_a_file_in_the_place_of_a_folder_is_bad(tmp_path: Path) -> None:
    """It is named."""
    (tmp_path / "home").write_text("", encoding="utf-8")
    assert writable("LIENTHONG_HOME", tmp_path / "home").what == f"{tmp_path}/home is no folder"


@pytest.mark.parametrize(("free", "level"), [(BYTES_NEEDED - 1, "bad"), (BYTES_NEEDED, "note"), (BYTES_TIGHT, "good")])
def test_a_full_disk_is_told_before_it_stops_a_server(free: int, level: str, tmp_path: Path) -> None:
    """First as a note."""
    assert space("LIENTHONG_HOME", tmp_path, lambda _: free).level == level


@pytest.mark.parametrize(("port", "taken", "level"), [(0, False, "note"), (9000, False, "good"), (9000, True, "note")])
def test_the_metrics_port(port: int, taken: bool, level: str) -> None:
    """None is no fault, and a taken one may be a worker that runs."""
    assert metrics_port_finding(port, taken=lambda _: taken).level == level


def test_jars_are_verified_byte_by_byte(tmp_path: Path) -> None:
    """A file of the right name and length with other bytes is damaged."""
    place = tmp_path / JAR.cached_name
    levels = [jars_finding([JAR], tmp_path).level]
    for content in (CONTENT, b"raj"):
        place.write_bytes(content)
        levels.append(jars_finding([JAR], tmp_path).level)
    assert levels == ["note", "good", "bad"]


def test_a_server_that_runs_is_good_and_one_that_never_ran_is_noted() -> None:
    """The note says how to start it."""
    running = replace(SERVER, running=True, address="127.0.0.1:25000", pid=7)
    assert server_finding(running, "broker").what == "runs at 127.0.0.1:25000 (process 7)"
    assert server_finding(SERVER, "broker").advice == "`lienthong broker start`"


def test_a_port_that_somebody_else_has_taken_is_bad() -> None:
    """The server could not start again where its clients look for it."""
    port = choose_port(1)
    stopped = replace(SERVER, address=f"postgresql://ledger@{LOOPBACK}:{port}/ledger")
    with socket.socket() as other:
        other.bind((LOOPBACK, port))
        other.listen(1)
        assert server_finding(stopped, "ledger-db").what == f"does not run, and its port {port} is taken"
    assert server_finding(stopped, "ledger-db").level == "note"


@pytest.mark.parametrize(("current", "level"), [("0002", "good"), ("", "bad"), ("0001", "bad"), ("0003", "bad")])
def test_tables_of_another_step_are_bad(current: str, level: str) -> None:
    """Older, newer or none at all."""
    assert step_finding(current, "0002").level == level
