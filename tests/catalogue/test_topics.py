"""The topic catalogue: what is packaged is sound, and every rule bites on one bad fixture."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import EARLIER_SCHEMAS, SCHEMA_OF_TOPIC
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.identity import CASE_KINDS
from tests.support.contract_files import change_topic, contract_copy

CATALOGUE = load_catalogue()
Topic = dict[str, Any]


def problems(root: Path) -> list[str]:
    """Return all problems of a catalogue that must be refused, sorted, without the numbers of the lines."""
    with pytest.raises(CatalogueError) as refused:
        load_catalogue(root)
    return sorted(_without_line(problem) for problem in refused.value.problems)


def _without_line(problem: str) -> str:
    place, _, text = problem.partition(": ")
    return f"{place.rsplit(':', 1)[0]}: {text}"


def setting(name: str, value: object) -> Callable[[Topic], None]:
    """Return a change of one setting of the broker."""

    def change(topic: Topic) -> None:
        topic["config"][name] = value

    return change


def value(name: str, given: object) -> Callable[[Topic], None]:
    """Return a change of one key of a topic file."""

    def change(topic: Topic) -> None:
        topic[name] = given

    return change


def without(name: str) -> Callable[[Topic], None]:
    """Return a change that takes a key away."""

    def change(topic: Topic) -> None:
        del topic[name]

    return change


def test_every_topic_carries_the_schema_that_the_codec_writes() -> None:
    """The codec's tables and the catalogue say the same, or a value would be written with the wrong schema."""
    assert {name: topic.schemas[-1] for name, topic in CATALOGUE.topics.items() if topic.schemas} == SCHEMA_OF_TOPIC
    earlier = {name: tuple(topic.schemas[:-1]) for name, topic in CATALOGUE.topics.items()}
    assert {name: schemas for name, schemas in earlier.items() if schemas} == EARLIER_SCHEMAS


def test_whoever_reads_a_topic_into_the_ledger_has_its_dead_letters_there_too() -> None:
    """Else what only a deadline worker refused would lie on a topic that nobody looks at, without an alert."""
    topics = CATALOGUE.topics
    read = [spec for spec in topics.values() if "ledger" in spec.consumers and spec.dead_letter]
    assert [spec.name for spec in read if "ledger" not in topics[spec.dead_letter or ""].consumers] == []
    refused_by = {spec.name: set(topics[spec.dead_letter or ""].producers) for spec in read if spec.role == "case"}
    assert [name for name, writers in refused_by.items() if writers != {"deadlines", "ledger"}] == []


def test_case_topics_are_those_that_carry_events() -> None:
    """Every kind of case has a topic, which engine and ledger read."""
    case_topics = CATALOGUE.of_role("case")
    assert {topic.name for topic in case_topics} == {f"{kind}.v1" for kind in CASE_KINDS}
    assert {topic.name for topic in case_topics if not topic.reserved} == set(CASE_TOPICS)


def test_every_working_case_topic_has_its_changelog() -> None:
    """The worker's state lies beside each topic it reads."""
    found = {name: CATALOGUE.changelog_of(name) for name in CASE_TOPICS}
    assert {name: spec and spec.name for name, spec in found.items()} == {
        name: f"deadlines-changelog-{name}" for name in CASE_TOPICS
    }


def test_an_unknown_topic_is_named_with_the_known_ones() -> None:
    """A typing error in a program shows what there is."""
    with pytest.raises(CatalogueError, match=r"dosier\.v1: there is no such topic .* dossier\.v1"):
        CATALOGUE.topic("dosier.v1")


RULES: list[tuple[str, str, Callable[[Topic], None], list[str]]] = [
    (
        "unknown key",
        "tick.v1",
        value("ownr", "x"),
        ["topics/tick.v1.yaml: ownr: there is no such key"],
    ),
    (
        "missing key",
        "tick.v1",
        without("owner"),
        ["topics/tick.v1.yaml: owner: field required"],
    ),
    (
        "unknown service",
        "tick.v1",
        value("consumers", ["deadline"]),
        [
            "topics/tick.v1.yaml: consumers.0: input should be 'outbox', 'importer', 'ticker', 'deadlines', "
            "'totals', 'ledger', 'exporter' or 'operations'"
        ],
    ),
    (
        "number as text",
        "tick.v1",
        setting("partitions", "1"),
        ["topics/tick.v1.yaml: config.partitions: input should be a valid integer"],
    ),
    (
        "name of another file",
        "tick.v1",
        value("name", "tock.v1"),
        ["topics/tick.v1.yaml: name: it must be the file's name, tick.v1"],
    ),
    (
        "unknown dead-letter topic",
        "tick.v1",
        value("dead_letter", "tick-letters.v1"),
        [
            "topics/tick-dead-letter.v1.yaml: belongs_to: tick.v1 sends its dead letters elsewhere",
            "topics/tick.v1.yaml: dead_letter: a topic that is read has its dead letters in tick-dead-letter.v1",
            "topics/tick.v1.yaml: dead_letter: there is no topic tick-letters.v1; write its file or correct the name",
        ],
    ),
    (
        "no dead-letter topic",
        "tick.v1",
        without("dead_letter"),
        [
            "topics/tick-dead-letter.v1.yaml: belongs_to: tick.v1 sends its dead letters elsewhere",
            "topics/tick.v1.yaml: dead_letter: a topic that is read has its dead letters in tick-dead-letter.v1",
        ],
    ),
    (
        "dead letters of dead letters",
        "tick-dead-letter.v1",
        value("dead_letter", "tick-dead-letter.v1"),
        ["topics/tick-dead-letter.v1.yaml: dead_letter: a dead-letter topic has no dead letters of its own"],
    ),
    (
        "a dead letter too small for its topic",
        "tick-dead-letter.v1",
        setting("max_message_bytes", 524_288),
        [
            "topics/tick-dead-letter.v1.yaml: config.max_message_bytes: a letter holds a whole value and its headers: "
            "at least 589824"
        ],
    ),
    (
        "a dead-letter topic of nothing",
        "tick-dead-letter.v1",
        without("belongs_to"),
        [
            "topics/tick-dead-letter.v1.yaml: belongs_to: a dead-letter topic and a changelog name the topic they "
            "serve, only they"
        ],
    ),
    (
        "a case topic that forgets",
        "dossier.v1",
        setting("retention", "365 days"),
        ["topics/dossier.v1.yaml: config.retention: it is a record that nothing else holds: keep it forever"],
    ),
    (
        "a compacted case topic",
        "dossier.v1",
        setting("cleanup", "compact"),
        ["topics/dossier.v1.yaml: config.cleanup: it is a record that nothing else holds: never compact it"],
    ),
    (
        "reference data that is forgotten",
        "reference.v1",
        setting("retention", "30 days"),
        ["topics/reference.v1.yaml: config.retention: it is a record that nothing else holds: keep it forever"],
    ),
    (
        "clock events that are compacted",
        "sla.v1",
        setting("cleanup", "compact"),
        ["topics/sla.v1.yaml: config.cleanup: it is a record that nothing else holds: never compact it"],
    ),
    (
        "a case topic with the writer's time",
        "dossier.v1",
        setting("timestamps", "create"),
        ["topics/dossier.v1.yaml: config.timestamps: known-at is the broker's time: write append"],
    ),
    (
        "a changelog with other partitions",
        "dossier.v1",
        setting("partitions", 6),
        ["topics/deadlines-changelog-dossier.v1.yaml: config.partitions: dossier.v1 has 6: write the same"],
    ),
    (
        "a changelog that is not compacted",
        "deadlines-changelog-dossier.v1",
        setting("cleanup", "delete"),
        ["topics/deadlines-changelog-dossier.v1.yaml: config.cleanup: a state is compacted and kept forever"],
    ),
    (
        "a changelog of another topic",
        "deadlines-changelog-dossier.v1",
        value("belongs_to", "tick.v1"),
        [
            "topics/deadlines-changelog-dossier.v1.yaml: belongs_to: tick.v1 is no case topic",
            "topics/deadlines-changelog-dossier.v1.yaml: config.partitions: tick.v1 has 1: write the same",
            "topics/deadlines-changelog-dossier.v1.yaml: name: the changelog of tick.v1 is deadlines-changelog-tick.v1",
            "topics/dossier.v1.yaml: role: it lacks its changelog deadlines-changelog-dossier.v1",
        ],
    ),
    (
        "a schema that is not there",
        "tick.v1",
        value("schemas", ["tick.v1", "tick.v2"]),
        [
            "topics/tick.v1.yaml: schemas.1: there is no avro/tick.v2.avsc",
            "topics/tick.v1.yaml: schemas.1: there is no example in examples/tick.v2",
        ],
    ),
    (
        "versions with a gap",
        "tick.v1",
        value("schemas", ["tick.v2"]),
        [
            "avro/tick.v1.avsc: no topic carries this schema; name it in a topic file or remove it",
            "examples/tick.v1: no topic carries a schema of this name; remove the examples or correct it",
            "topics/tick.v1.yaml: schemas.0: there is no avro/tick.v2.avsc",
            "topics/tick.v1.yaml: schemas.0: there is no example in examples/tick.v2",
            "topics/tick.v1.yaml: schemas: versions begin with 1 and rise without a gap, oldest first",
        ],
    ),
    (
        "a schema twice",
        "official-totals.v1",
        without("same_record_as"),
        ["topics/totals.v1.yaml: schemas.0: the schema totals.v1 is already that of official-totals.v1"],
    ),
    (
        "another record than the topic named",
        "official-totals.v1",
        value("schemas", ["tick.v1"]),
        ["topics/official-totals.v1.yaml: schemas: totals.v1 carries others: write the same, or another schema"],
    ),
    (
        "the record of a topic that is not there",
        "official-totals.v1",
        value("same_record_as", "sums.v1"),
        [
            "topics/official-totals.v1.yaml: same_record_as: there is no topic sums.v1; write its file or correct the "
            "name"
        ],
    ),
    (
        "two subjects on one topic",
        "official-totals.v1",
        lambda topic: topic.update(schemas=["tock.v1", "tuck.v2"], same_record_as=""),
        [
            "topics/official-totals.v1.yaml: schemas.0: there is no avro/tock.v1.avsc",
            "topics/official-totals.v1.yaml: schemas.0: there is no example in examples/tock.v1",
            "topics/official-totals.v1.yaml: schemas.1: there is no avro/tuck.v2.avsc",
            "topics/official-totals.v1.yaml: schemas.1: there is no example in examples/tuck.v2",
            "topics/official-totals.v1.yaml: schemas: the versions of one topic's schema share one name",
        ],
    ),
    (
        "a dead-letter topic with a schema",
        "totals-dead-letter.v1",
        value("schemas", ["tock.v1"]),
        [
            "topics/totals-dead-letter.v1.yaml: schemas.0: there is no avro/tock.v1.avsc",
            "topics/totals-dead-letter.v1.yaml: schemas.0: there is no example in examples/tock.v1",
            "topics/totals-dead-letter.v1.yaml: schemas: a dead-letter topic carries no schema of its own",
        ],
    ),
    (
        "a reserved topic that is written to",
        "totals.v1",
        value("reserved", True),
        ["topics/totals.v1.yaml: reserved: a topic with a schema or a producer is not reserved"],
    ),
    (
        "values that nobody describes",
        "tick-dead-letter.v1",
        without("value"),
        ["topics/tick-dead-letter.v1.yaml: schemas: name its schemas, or say in `value` what its values are"],
    ),
]


@pytest.mark.parametrize(("topic", "change", "expected"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_a_rule_bites(tmp_path: Path, topic: str, change: Callable[[Topic], None], expected: list[str]) -> None:
    """One bad fixture per rule; the file and the place are named, and nothing else is."""
    root = contract_copy(tmp_path)
    change_topic(root, topic, change)
    assert problems(root) == expected


def test_a_problem_names_its_line(tmp_path: Path) -> None:
    """An editor can jump to it."""
    root = contract_copy(tmp_path)
    path = root / "topics" / "tick.v1.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("  partitions"))
    path.write_text("\n".join(lines).replace("partitions: 1", "partitions: 0"), encoding="utf-8")
    with pytest.raises(CatalogueError) as refused:
        load_catalogue(root)
    assert [problem.split(" ")[0] for problem in refused.value.problems] == [f"topics/tick.v1.yaml:{line}:"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "topics/tick.v1.yaml: the file is empty"),
        ("a: b: c", "topics/tick.v1.yaml: it is no YAML: mapping values are not allowed"),
        ("- 1", "topics/tick.v1.yaml: file: input should be a valid dictionary or instance of TopicSpec"),
    ],
)
def test_a_file_that_is_no_topic_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """Whatever stands in the folder is read or named as wrong."""
    root = contract_copy(tmp_path)
    (root / "topics" / "tick.v1.yaml").write_text(text, encoding="utf-8")
    assert [found[: len(problem)] for found in problems(root)] == [problem]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A file in another encoding is named, not guessed."""
    root = contract_copy(tmp_path)
    (root / "topics" / "tick.v1.yaml").write_bytes(b"\xff\xfe")
    assert [problem.split(": ")[:2] for problem in problems(root)] == [["topics/tick.v1.yaml", "it cannot be read"]]


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    """YAML would silently take the last."""
    root = contract_copy(tmp_path)
    path = root / "topics" / "tick.v1.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "owner: somebody else\n", encoding="utf-8")
    assert problems(root) == ["topics/tick.v1.yaml: owner: it is written twice; keep one"]


def test_all_problems_of_all_files_are_listed(tmp_path: Path) -> None:
    """One run shows everything that is wrong."""
    root = contract_copy(tmp_path)
    change_topic(root, "tick.v1", value("ownr", "x"))
    change_topic(root, "sla.v1", setting("partitions", 0))
    (root / "topics" / "notes.txt").touch()
    assert [problem.split(":")[0] for problem in problems(root)] == [
        "topics/notes.txt",
        "topics/sla.v1.yaml",
        "topics/tick.v1.yaml",
    ]


def test_a_schema_nobody_carries_is_refused(tmp_path: Path) -> None:
    """An orphan schema would look as if it were in use."""
    root = contract_copy(tmp_path)
    shutil.copy(root / "avro" / "tick.v1.avsc", root / "avro" / "tock.v1.avsc")
    assert problems(root) == ["avro/tock.v1.avsc: no topic carries this schema; name it in a topic file or remove it"]


def test_an_example_of_no_schema_is_refused(tmp_path: Path) -> None:
    """An orphan example is checked by nothing."""
    root = contract_copy(tmp_path)
    (root / "examples" / "tock.v1").mkdir()
    assert problems(root) == [
        "examples/tock.v1: no topic carries a schema of this name; remove the examples or correct it"
    ]


def test_a_schema_without_an_example_is_refused(tmp_path: Path) -> None:
    """A schema that nobody has ever filled in is not finished."""
    root = contract_copy(tmp_path)
    shutil.rmtree(root / "examples" / "tick.v1")
    assert problems(root) == ["topics/tick.v1.yaml: schemas.0: there is no example in examples/tick.v1"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """A wrong path must not pass as a sound catalogue."""
    with pytest.raises(CatalogueError, match="there is no topic file"):
        load_catalogue(tmp_path)
