"""The verbs topics, schemas and reference as a person types them: what they print, and their exit codes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lienthong_schemas.catalogue import load_catalogue, packaged_root
from tests.support.contract_files import change_schema, change_topic, contract_copy

LIMIT_S = 120.0


def lienthong(*words: str, bootstrap: str = "", prefix: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command with the settings of a bus."""
    given = {"LIENTHONG_BOOTSTRAP": bootstrap, "LIENTHONG_PREFIX": prefix}
    return subprocess.run(
        [sys.executable, "-m", "lienthong.cli.main", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **given},
        timeout=LIMIT_S,
        check=False,
    )


@pytest.mark.broker
def test_a_cluster_is_brought_in_line(kafka_bootstrap: str, unique_prefix: str) -> None:
    """Plan says 1 while there is something to do, apply does it, plan says 0 from then on."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return lienthong("topics", *words, bootstrap=kafka_bootstrap, prefix=unique_prefix)

    count = len(load_catalogue().topics)
    before = run("plan", "--json")
    applied = run("apply")
    after = run("plan")
    assert (before.returncode, len(json.loads(before.stdout))) == (1, count)
    assert (applied.returncode, applied.stdout) == (0, f"created {count} topics, set 0 settings right\n")
    assert (after.returncode, after.stdout) == (0, "the cluster has every topic as the catalogue asks\n")


@pytest.mark.broker
def test_reference_data_is_published_once_and_listed(kafka_bootstrap: str, unique_prefix: str) -> None:
    """The second apply finds all of it there; without the topic the command says how to make it."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return lienthong(*words, bootstrap=kafka_bootstrap, prefix=unique_prefix)

    too_early = run("reference", "apply")
    assert (too_early.returncode, "lienthong topics apply" in too_early.stderr) == (78, True)
    run("topics", "apply")
    first, second = run("reference", "apply", "--json"), run("reference", "apply")
    listed = json.loads(run("reference", "list", "--json").stdout)
    assert [record["record_id"] for record in listed] == json.loads(first.stdout)["published"]
    assert (second.returncode, second.stdout) == (0, "the bus holds all of it already\n")


@pytest.mark.broker
def test_a_broken_policy_changes_nothing(kafka_bootstrap: str, unique_prefix: str, tmp_path: Path) -> None:
    """Refused with file and line, exit code 65; the bus goes on with the reference data it has."""
    shutil.copytree(packaged_root() / "reference_data", tmp_path / "sets")
    path = tmp_path / "sets" / "vn" / "policies.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("case_kind: dossier", "case_knid: dossier", 1), "utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return lienthong(*words, bootstrap=kafka_bootstrap, prefix=unique_prefix)

    run("topics", "apply")
    run("reference", "apply")
    before = run("reference", "list", "--json").stdout
    refused = run("reference", "apply", "--from", str(tmp_path / "sets"))
    assert (refused.returncode, refused.stdout) == (65, "")
    assert (
        "lienthong: vn/policies.yaml:9: records.0.body.case_knid: there is no such key" in refused.stderr.splitlines()
    )
    assert run("reference", "list", "--json").stdout == before


def test_a_broken_catalogue_is_refused_with_every_problem(tmp_path: Path) -> None:
    """One line per problem, exit code 65, no broker asked."""
    root = contract_copy(tmp_path)
    change_topic(root, "tick.v1", lambda topic: topic.update(ownr="x"))
    change_topic(root, "sla.v1", lambda topic: topic.update(key=1))
    done = lienthong("topics", "check", str(root))
    places = [line.split(" ")[1].rsplit(":", 2)[0] for line in done.stderr.splitlines()]
    assert (done.returncode, places) == (65, ["topics/sla.v1.yaml", "topics/tick.v1.yaml"])


def test_the_gate_for_schemas_bites(tmp_path: Path) -> None:
    """Exit code 1 with the schema that must not be released; 0 for what is packaged."""
    root = contract_copy(tmp_path)
    change_schema(root, "tick.v1", lambda schema: schema["fields"].pop())
    refused, sound = lienthong("schemas", "check", str(root)), lienthong("schemas", "check")
    assert (refused.returncode, refused.stderr.split(":")[0]) == (1, "avro/tick.v1.avsc")
    assert (sound.returncode, sound.stderr) == (0, "")


@pytest.mark.parametrize("words", [("topics", "list"), ("schemas", "list")])
def test_what_there_is_can_be_listed_without_a_broker(words: tuple[str, ...]) -> None:
    """As a table for people, as JSON for programs."""
    shown, data = lienthong(*words), lienthong(*words, "--json")
    assert (shown.returncode, data.returncode) == (0, 0)
    assert "dossier.v1" in shown.stdout
    assert len(json.loads(data.stdout)) > 1


@pytest.mark.parametrize("name", ["vn", "municipal"])
def test_the_packaged_sets_pass_their_check(name: str) -> None:
    """`make lint` runs it."""
    done = lienthong("reference", "check", "--set", name)
    assert (done.returncode, f"in the set {name}, nothing wrong" in done.stdout) == (0, True)


def test_a_look_at_a_topic_that_is_not_there_names_those_that_are() -> None:
    """The same for a field that no record has; no broker asked."""
    topic, field = lienthong("tail", "slas.v1"), lienthong("tail", "sla.v1", "--where", "knid=breached")
    assert (topic.returncode, field.returncode, topic.stdout, field.stdout) == (2, 2, "", "")
    assert "slas.v1: there is no such topic to look at; topics: " in topic.stderr
    assert "--where knid: there is no such field; fields: announced_at, case_id, " in field.stderr


@pytest.mark.broker
def test_the_records_of_a_topic_are_shown_and_selected(kafka_bootstrap: str, unique_prefix: str) -> None:
    """One JSON object a line, by condition, and only the newest."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return lienthong(*words, bootstrap=kafka_bootstrap, prefix=unique_prefix)

    run("topics", "apply")
    run("reference", "apply")
    states = run("tail", "reference.v1", "--where", "kind=states", "--where", "key=dossier")
    newest = run("tail", "reference.v1", "--last", "2")
    offsets = [json.loads(line)["offset"] for line in newest.stdout.splitlines()]
    assert (states.returncode, json.loads(states.stdout)["body"]["case_kind"]) == (0, "dossier")
    assert offsets == [offsets[1] - 1, offsets[1]]
