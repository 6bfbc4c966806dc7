"""`lienthong publish`: what a person sees, and the exit codes. How the process ends is tested on a real Kafka."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from lienthong.cli import publish
from lienthong_infra import exit_codes
from lienthong_infra.errors import BadInputError
from lienthong_producers.outbox import Outbox
from tests.support.senders import dossier, plain


def run(*arguments: str, given: bytes = b"") -> Result:
    """Run the verb with these arguments and this standard input."""
    app = typer.Typer()
    publish.register(app)
    return CliRunner().invoke(app, arguments, input=given)


def lines(*statuses: str) -> bytes:
    """Return a line for each status; an empty one is a fault."""
    return b"".join(json.dumps(plain(status=status)).encode() + b"\n" for status in statuses)


@pytest.fixture
def outbox(tmp_path: Path) -> str:
    """Where the outbox lies."""
    return str(tmp_path / "outbox.db")


def accepted(outbox: str) -> int:
    """Return how many events of the dossier the outbox has accepted before."""
    with Outbox(outbox) as made:
        return made.accept(dossier()).seq - 1


def test_good_lines_from_a_pipe_are_accepted(outbox: str) -> None:
    """The exit code is 0, and a receipt for each line stands on standard output where asked for."""
    done = run("--outbox", outbox, "--receipts", given=lines("2", "4"))
    receipts = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.exit_code, [receipt["seq"] for receipt in receipts]) == (exit_codes.GOOD, [1, 2])
    assert "accepted 2 events, refused 0 lines" in done.stderr


def test_bad_lines_are_listed_and_set_aside(outbox: str, tmp_path: Path) -> None:
    """The exit code is 65; every problem has its line; good lines are accepted; bad ones are kept as they came."""
    source, aside = tmp_path / "events.jsonl", tmp_path / "rejected.jsonl"
    source.write_bytes(lines("2", "", "4") + b"{no json}")
    done = run(str(source), "--outbox", outbox, "--rejected", str(aside))
    assert done.exit_code == exit_codes.BAD_INPUT
    assert [line.split(":")[:2] for line in done.stderr.splitlines()[:2]] == [
        ["line 2", " status"],
        ["line 4", " event"],
    ]
    assert aside.read_bytes() == lines("") + b"{no json}\n"
    assert accepted(outbox) == 2


def test_all_or_nothing(outbox: str) -> None:
    """With one bad line nothing is accepted."""
    done = run("--outbox", outbox, "--all-or-nothing", given=lines("2", "", "4"))
    assert done.exit_code == exit_codes.BAD_INPUT
    assert accepted(outbox) == 0


def test_a_file_that_is_missing_is_named(outbox: str, tmp_path: Path) -> None:
    """A clear error with the file and the reason."""
    done = run(str(tmp_path / "none.jsonl"), "--outbox", outbox)
    assert isinstance(done.exception, BadInputError)
    assert "none.jsonl: it cannot be opened: No such file or directory" in str(done.exception)
