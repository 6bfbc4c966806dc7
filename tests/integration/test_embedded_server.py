"""What all embedded servers share, shown with the smallest one."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lienthong_infra.embedded import ports
from lienthong_infra.errors import EmbeddedServerError
from tests.support.tiny_server import FAILS, NEVER_READY, TinyServer
from tests.support.waiting import wait_until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TinyServer]:
    """A server that is ended after the test."""
    tiny = TinyServer(tmp_path / "tiny")
    yield tiny
    tiny.reset()


def test_a_started_server_is_seen_by_others(server: TinyServer) -> None:
    """Another object on the same folder, as another command would have, sees the same process."""
    address = server.start()
    status = TinyServer(server.folder).status()
    assert (status.running, status.address) == (True, address)


def test_a_running_server_is_not_started_again(server: TinyServer) -> None:
    """The second start returns the first one's address and process."""
    first = (server.start(), server.status().pid)
    other = TinyServer(server.folder)
    assert (other.start(), other.status().pid) == first


def test_a_stopped_server_does_not_run(server: TinyServer) -> None:
    """Its process is gone when stop returns."""
    server.start()
    pid = server.status().pid
    assert (server.stop(), server.status().running, psutil.pid_exists(pid)) == (True, False, False)


def test_stopping_what_does_not_run_says_so(server: TinyServer) -> None:
    """No error: the wanted state is reached."""
    assert server.stop() is False


def test_the_port_is_kept_between_starts(server: TinyServer) -> None:
    """Clients configured once go on working."""
    first = server.start()
    server.stop()
    assert server.start() == first


def test_a_killed_server_starts_again(server: TinyServer) -> None:
    """A stale process id is no obstacle."""
    first = server.start()
    os.kill(server.status().pid, signal.SIGKILL)
    wait_until(lambda: not server.status().running, what="the end of the killed server")
    assert server.start() == first


def test_a_taken_port_is_a_clear_error(server: TinyServer) -> None:
    """The error names the port and how to choose another."""
    with socket.create_server((ports.LOOPBACK, ports.choose_port(1))) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmbeddedServerError, match=rf"port {port} .* taken .*lienthong tiny start --port"):
            server.start(port=port)


def test_a_server_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """The reason is in the error; nobody has to look for the log."""
    with pytest.raises(EmbeddedServerError, match=r"(?s)ended while starting.*the disk is on fire"):
        TinyServer(tmp_path / "tiny", FAILS).start()


@pytest.mark.parametrize("tied", [False, True])
def test_a_server_that_never_gets_ready_is_ended(tmp_path: Path, tied: bool) -> None:
    """After the time-out nothing is left running, and the error shows the log."""
    server = TinyServer(tmp_path / "tiny", NEVER_READY)
    with pytest.raises(EmbeddedServerError, match=r"(?s)did not get ready in time.*still thinking"):
        server.start(tied=tied, timeout_s=0.5)
    assert server.status().running is False


def test_a_reset_server_leaves_nothing(server: TinyServer) -> None:
    """Data, port and log are gone."""
    server.start()
    server.reset()
    assert (server.folder.exists(), server.status().address) == (False, "")


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    """The error names the setting to change."""
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(EmbeddedServerError, match="set LIENTHONG_HOME"):
        TinyServer(tmp_path / "file" / "tiny").start()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_tied_server_ends_with_its_parent(tmp_path: Path, sent: signal.Signals) -> None:
    """Also when the parent has no chance to say goodbye."""
    order = [sys.executable, "-m", "tests.support.tied_parent", "tiny", str(tmp_path), str(tmp_path)]
    with subprocess.Popen(
        order, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": os.pathsep.join(sys.path)}
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.send_signal(sent)
    wait_until(lambda: not psutil.pid_exists(pid), what="the end of the tied server")


def test_a_tied_server_ends_when_its_guardian_is_killed(server: TinyServer) -> None:
    """Nobody would end it afterwards, so the kernel does."""
    server.start(tied=True)
    process = psutil.Process(server.status().pid)
    guardian = process.parent()
    assert guardian is not None
    guardian.kill()
    wait_until(lambda: not server.status().running, what="the end of the tied server")
