"""What the embedded servers share: one folder, a remembered port, start, stop, status and reset."""

import shutil
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from lienthong_infra.embedded import ports, process
from lienthong_infra.embedded.process import Launch, Spawned
from lienthong_infra.embedded.state import ServerState, exclusive, load_state, save_state
from lienthong_infra.errors import EmbeddedServerError

START_TIMEOUT_S = 60.0
_POLL_S = 0.02
_LOG_KEPT_BYTES = 5_000_000
"""A log larger than this is moved aside at the next start."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What one can see of an embedded server from outside. `address` is empty while it has never run."""

    name: str
    running: bool
    address: str
    pid: int
    folder: str


class EmbeddedServer(ABC):
    """A server on loopback whose data stays in one folder between starts.

    Use one object for as long as you need the server: a tied server ends with the process that started it.
    """

    name: str
    verb: str
    """The command that handles this server, for the texts of errors."""
    port_width: int = 1
    """How many neighbouring ports it needs."""
    stop_signal: int
    folder_mode: int = 0o700

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self._state_file = folder / "state.json"
        self._spawned: Spawned | None = None

    @abstractmethod
    def address(self, port: int) -> str:
        """Return what a client connects to, without secrets."""

    @abstractmethod
    def prepare(self, port: int) -> Launch:
        """Make everything the start needs (programs, configuration, empty data) and say how to start."""

    @abstractmethod
    def ready(self, port: int, pid: int, log_from: int) -> bool:
        """Tell whether the process serves; `log_from` is the size in bytes that the log had before this start."""

    def start(self, *, port: int | None = None, tied: bool = False, timeout_s: float = START_TIMEOUT_S) -> str:
        """Start the server if it does not run yet; return its address.

        `port` replaces the remembered one. A server that runs already is left as it is. Raises `EmbeddedServerError`.
        """
        self._make_folder()
        with exclusive(self.folder / "lock"):
            state = load_state(self._state_file)
            if state is not None and state.alive():
                return self.address(state.port)
            self._let_go()
            if state is not None:
                # A server that was just killed keeps its entry, and so its data's lock, until its parent takes note.
                process.wait_until_gone(state.pid)
            chosen = self._choose_port(port, state)
            launch = self.prepare(chosen)
            self._trim_log()
            self._launch(launch, chosen, tied=tied, deadline=time.monotonic() + timeout_s)
            return self.address(chosen)

    def stop(self) -> bool:
        """End the server and wait until it is gone; return whether it ran."""
        state = load_state(self._state_file)
        running = state is not None and state.alive()
        if state is not None and running:
            process.end(state.pid, self.stop_signal)
        self._let_go()
        return running

    def status(self) -> ServerStatus:
        """Look at the server without changing anything."""
        state = load_state(self._state_file)
        running = state is not None and state.alive()
        return ServerStatus(
            name=self.name,
            running=running,
            address=self.address(state.port) if state else "",
            pid=state.pid if state and running else 0,
            folder=str(self.folder),
        )

    def reset(self) -> None:
        """End the server and delete all its data, its port and its log."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make_folder(self) -> None:
        missing = [each for each in self.folder.parents if not each.exists()]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for each in missing:
                # Whatever the umask: another account's server must be able to pass through.
                each.chmod(0o711)
            self.folder.chmod(self.folder_mode)
        except OSError as error:
            raise EmbeddedServerError(
                f"the {self.name} cannot keep its data in {self.folder}: {error.strerror}; set LIENTHONG_HOME"
            ) from error

    def _choose_port(self, wanted: int | None, state: ServerState | None) -> int:
        remembered = wanted or (state.port if state else None)
        if remembered is None:
            return ports.choose_port(self.port_width)
        # What was just ended may hold its port for a moment more.
        deadline = time.monotonic() + 2.0
        for port in range(remembered, remembered + self.port_width):
            while not ports.is_free(port):
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(
                        f"port {port} of the {self.name} is taken by another process: end that process, "
                        f"or start on another port with 'lienthong {self.verb} start --port N'"
                    )
                time.sleep(_POLL_S)
        return remembered

    def _trim_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > _LOG_KEPT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))

    def _launch(self, launch: Launch, port: int, *, tied: bool, deadline: float) -> None:
        log_from = self.log.stat().st_size if self.log.exists() else 0
        # The port is remembered before the start: whoever kills us now finds it again.
        save_state(self._state_file, ServerState(port=port))
        try:
            spawned = process.spawn(launch, tied=tied)
        except OSError as error:
            raise EmbeddedServerError(f"the {self.name} could not be started: {error}") from error
        self._spawned = spawned
        save_state(self._state_file, ServerState(port=port).with_process(spawned.pid))
        try:
            self._wait_until_ready(spawned, port, log_from, deadline)
        except BaseException:
            # Also after Ctrl-C: a server that was never announced must not stay behind.
            self.stop()
            raise

    def _wait_until_ready(self, spawned: Spawned, port: int, log_from: int, deadline: float) -> None:
        while not self.ready(port, spawned.pid, log_from):
            ended = spawned.child.poll() is not None
            if ended or time.monotonic() > deadline:
                how = "ended while starting" if ended else "did not get ready in time"
                raise EmbeddedServerError(f"the {self.name} {how}; the end of {self.log}:\n{process.tail(self.log)}")
            time.sleep(_POLL_S)

    def _let_go(self) -> None:
        if self._spawned is not None:
            if self._spawned.tie is not None:
                self._spawned.tie.close()
            self._spawned.child.wait()
            self._spawned = None
