"""`lienthong publish`: what a person sees, and the exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lienthong_infra import exit_codes
from lienthong_producers.outbox import Outbox
from tests.support.senders import plain


def publish(*arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Run the command with these arguments and this standard input."""
    command = [sys.executable, "-m", "lienthong.cli.main", "publish", *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)


def lines(*statuses: str) -> bytes:
    """Return a line for each status; an empty one is a fault."""
    return b"".join(json.dumps(plain(status=status)).encode() + b"\n" for status in statuses)


@pytest.fixture
def outbox(tmp_path: Path) -> str:
    """Where the outbox lies."""
    return str(tmp_path / "outbox.db")


def accepted(outbox: str) -> int:
    """Return how many events of the dossier the outbox has accepted."""
    with Outbox(outbox) as made:
        from tests.support.senders import dossier

        return made.accept(dossier()).seq - 1


def test_good_lines_from_a_pipe_are_accepted(outbox: str) -> None:
    """The exit code is 0, and a receipt for each line stands on standard output where asked for."""
    done = publish("--outbox", outbox, "--receipts", given=lines("2", "4"))
    receipts = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [receipt["seq"] for receipt in receipts]) == (exit_codes.GOOD, [1, 2])
    assert b"accepted 2 events, refused 0 lines" in done.stderr


def test_bad_lines_are_listed_and_set_aside(outbox: str, tmp_path: Path) -> None:
    """The exit code is 65; every problem has its line; good lines are accepted; bad ones are kept as they came."""
    source, aside = tmp_path / "events.jsonl", tmp_path / "rejected.jsonl"
    source.write_bytes(lines("2", "", "4") + b"{no json}")
    done = publish(str(source), "--outbox", outbox, "--rejected", str(aside))
    assert done.returncode == exit_codes.BAD_INPUT
    assert [line.split(b":")[:2] for line in done.stderr.splitlines()[:2]] == [
        [b"line 2", b" status"],
        [b"line 4", b" event"],
    ]
    assert aside.read_bytes() == lines("") + b"{no json}\n"
    assert accepted(outbox) == 2


def test_all_or_nothing(outbox: str) -> None:
    """With one bad line nothing is accepted."""
    done = publish("--outbox", outbox, "--all-or-nothing", given=lines("2", "", "4"))
    assert done.returncode == exit_codes.BAD_INPUT
    assert accepted(outbox) == 0


def test_a_file_that_is_missing_is_named(outbox: str, tmp_path: Path) -> None:
    """A clear line and 65, no traceback."""
    done = publish(str(tmp_path / "none.jsonl"), "--outbox", outbox)
    assert done.returncode == exit_codes.BAD_INPUT
    assert b"none.jsonl: it cannot be opened: No such file or directory" in done.stderr
    assert b"Traceback" not in done.stderr
