"""What an embedded server remembers."""

import os
from pathlib import Path

import pytest

from lienthong_infra.embedded.state import ServerState, load_state, save_state


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Port and process survive the end of the command that wrote them."""
    state = ServerState(port=20_123, pid=7, process_started=12.5)
    save_state(tmp_path / "state.json", state)
    assert load_state(tmp_path / "state.json") == state


@pytest.mark.parametrize("text", ["", "{", "[]", '{"port": 1, "colour": "red"}'])
def test_a_broken_state_counts_as_none(tmp_path: Path, text: str) -> None:
    """A kill or a full disk must not make the server unusable."""
    (tmp_path / "state.json").write_text(text, encoding="utf-8")
    assert load_state(tmp_path / "state.json") is None


def test_a_running_process_is_alive() -> None:
    """This very process, by its id and start time."""
    assert ServerState(port=1).with_process(os.getpid()).alive()


def test_a_reused_process_id_is_not_our_server() -> None:
    """The id runs, but another process has it now."""
    assert not ServerState(port=1, pid=os.getpid(), process_started=1.0).alive()
