"""`lienthong simulate` in processes of its own: the same bytes in each, pipes as the page about it has them."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

from tests.support.commands import lienthong
from tests.support.source_tree import ROOT

SMALL = ("--days", "3", "--dossiers-per-day", "8", "--communes", "5")
COMMAND = " ".join(lienthong())


def test_the_same_options_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    """Whatever order Python gives to sets there."""
    digests = []
    for number in ("1", "2"):
        out = tmp_path / number
        command = lienthong("simulate", *SMALL, "--out", str(out))
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": number})
        digests.append(hashlib.sha256(out.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_a_reader_may_stop_reading() -> None:
    """As `head` does; no traceback follows."""
    command = f"{COMMAND} simulate {' '.join(SMALL)} --out - | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert "Traceback" not in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_the_pipe_into_an_outbox_runs(tmp_path: Path) -> None:
    """As it stands on the page."""
    page = (ROOT / "docs" / "simulate.md").read_text(encoding="utf-8")
    pipe = re.findall(r"^(lienthong simulate .* \| lienthong publish .*)$", page, re.MULTILINE)[0]
    done = subprocess.run(
        ["/bin/sh", "-c", pipe.replace("lienthong ", f"{COMMAND} ")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    accepted = re.findall(r"accepted (\d+) events, refused 0 lines", done.stderr)
    assert len(accepted) == 1
    assert int(accepted[0]) > 20
