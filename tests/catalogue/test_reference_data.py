"""Reference data: the packaged sets are sound, a broken file refuses its whole set, and a change needs a version."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lienthong_schemas.case_event import CASE_TOPICS, kind_of_topic
from lienthong_schemas.catalogue import load_catalogue, packaged_root
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.instants import instant_of
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reference_files import Entry, load_reference, reference_sets, schema_entries
from lienthong_schemas.reference_plan import reference_plan

NOW = instant_of(datetime(2026, 11, 1, tzinfo=UTC))


def book(name: str) -> ReferenceBook:
    """Return a set as a reader of the bus has it."""
    return ReferenceBook([entry.record(None) for entry in load_reference(name)])


def entry(*, key: str = "dossier/*", version: int = 1, source: str = "a decree", valid_from: int = 0) -> Entry:
    """Return an entry of a policy."""
    body = json.dumps({"case_kind": "dossier", "source": source}, separators=(",", ":"))
    return Entry("policy", key, version, valid_from, body, "vn/policies.yaml:3")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the packaged sets, to be broken."""
    shutil.copytree(packaged_root() / "reference_data", tmp_path / "sets")
    return tmp_path / "sets"


def problems(root: Path, name: str = "vn") -> list[str]:
    """Return all problems of a set that must be refused."""
    with pytest.raises(CatalogueError) as refused:
        load_reference(name, root)
    return list(refused.value.problems)


def replace(path: Path, old: str, new: str) -> int:
    """Put one text in place of another that is there; return the number of its first line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize("name", reference_sets())
def test_a_packaged_set_can_be_read_by_everybody(name: str) -> None:
    """Every body is one that the bus's readers understand."""
    assert book(name).problems == []


@pytest.mark.parametrize("topic", CASE_TOPICS)
def test_every_kind_of_case_has_a_policy_and_a_table_of_states(topic: str) -> None:
    """Without a policy no clock runs, and without a table no state means anything."""
    kind = kind_of_topic(topic)
    policy, states = book("vn").policy(kind, "anything", NOW), book("vn").states(kind, NOW)
    assert (policy and policy[1].case_kind, states and states.case_kind) == (kind, kind)


def test_the_calendar_of_the_bus_is_in_every_set() -> None:
    """Forms count by day in the zone of the field."""
    found = {name: book(name).calendar("default", NOW) for name in reference_sets()}
    assert {name: calendar and calendar[1].time_zone for name, calendar in found.items()} == {
        "municipal": "Europe/Amsterdam",
        "vn": "Asia/Ho_Chi_Minh",
    }


def test_a_newer_law_applies_from_its_day() -> None:
    """A case that began before goes on under the policy of its start."""
    before = instant_of(datetime.fromisoformat("2025-06-30T23:59:59+07:00"))
    found = [book("vn").policy("dossier", "1.005129", at) for at in (before, before + 1_000_000)]
    assert [policy and policy[0] for policy in found] == ["policy/dossier/*/1", "policy/dossier/*/2"]


@pytest.mark.parametrize(
    ("status", "effect"),
    [
        ("1", "waiting"),
        ("2", "running"),
        ("3", "stopped"),
        ("4", "running"),
        ("5", "paused"),
        ("6", "paused"),
        ("7", "ended"),
        ("8", "paused"),
        ("9", "ended"),
        ("10", "ended"),
    ],
)
def test_what_a_state_does_to_the_clock_of_a_dossier(status: str, effect: str) -> None:
    """The national codes: withdrawn counts as handled, refused is outside the statistics."""
    states = book("vn").states("dossier", NOW)
    assert states is not None
    assert states.effects[status] == effect


@pytest.mark.parametrize("topic", CASE_TOPICS)
def test_every_state_can_be_reached_and_has_its_vietnamese_name(topic: str) -> None:
    """A state that nothing leads to is a typing error."""
    states = book("vn").states(kind_of_topic(topic), NOW)
    assert states is not None
    reached = set(states.initial) | {after for many in states.transitions.values() for after in many}
    assert (set(states.effects) - reached, set(states.effects) - set(states.labels)) == (set(), set())


def test_schemas_travel_as_reference_data() -> None:
    """A book that has never seen the schemas can learn each from its record."""
    learnt = SchemaBook()
    for one in schema_entries(load_catalogue()):
        assert learnt.knows(learnt.learn(one.key, json.loads(one.body)))


BROKEN: list[tuple[str, str, str, str, str]] = [
    ("unknown kind", "policies.yaml", "kind: policy", "kind: policies", "kind: input should be 'policy'"),
    ("unknown key", "policies.yaml", "    version: 1", "    versoin: 1", "records.0.versoin: there is no such key"),
    (
        "broken policy",
        "policies.yaml",
        "source: Decree 61",
        "sauce: Decree 61",
        "records.0.body.source: field required",
    ),
    ("wrong key", "policies.yaml", "key: dossier/*", "key: dosier/*", "records.0.key: by its body the key must be"),
    ("no offset", "policies.yaml", "+07:00", "", "records.0.valid_from: it has no UTC offset"),
    (
        "number as state",
        "states.yaml",
        '"1": waiting',
        "1: waiting",
        "records.0.body.effects.1.[key]: input should be a valid string",
    ),
    (
        "unknown effect",
        "states.yaml",
        '"1": waiting',
        '"1": wating',
        "records.0.body.effects.1: input should be 'waiting'",
    ),
    (
        "state without effect",
        "states.yaml",
        'initial: ["1", "2"]',
        'initial: ["0"]',
        "records.0.body: states without an effect: 0",
    ),
    (
        "unknown zone",
        "calendars.yaml",
        "Asia/Ho_Chi_Minh",
        "Asia/Vinh",
        "records.0.body.time_zone: 'Asia/Vinh' is no time zone",
    ),
    ("gap in versions", "policies.yaml", "    version: 2", "    version: 3", "version: versions of a key begin with 1"),
    ("unknown unit above", "units.yaml", 'above: "42"', 'above: "43"', "above: there is no unit 43 in this set"),
    (
        "twice",
        "calendars.yaml",
        "    version: 1",
        "    version: 1\n    version: 1",
        "records.0.version: it is written twice",
    ),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN]
)
def test_a_broken_file_is_refused_with_its_place(root: Path, file: str, old: str, new: str, expected: str) -> None:
    """The file, what is wrong, and where."""
    replace(root / "vn" / file, old, new)
    found = [problem for problem in problems(root) if expected in problem]
    assert [problem.split(":")[0] for problem in found] == [f"vn/{file}"]


def test_a_problem_names_its_line(root: Path) -> None:
    """An editor can jump to it."""
    line = replace(root / "vn" / "states.yaml", '"4": running', '"4": runing')
    assert [problem.split(": ")[0] for problem in problems(root)] == [f"vn/states.yaml:{line}"]


def test_all_problems_of_all_files_are_listed(root: Path) -> None:
    """One run shows everything that is wrong, and nothing of the set is used."""
    replace(root / "vn" / "policies.yaml", "kind: policy", "kind: police")
    replace(root / "vn" / "calendars.yaml", "Asia/Ho_Chi_Minh", "Asia/Vinh")
    (root / "vn" / "notes.txt").touch()
    assert sorted(problem.split(":")[0] for problem in problems(root)) == [
        "vn/calendars.yaml",
        "vn/notes.txt",
        "vn/policies.yaml",
    ]


def test_an_unknown_kind_of_case_is_refused(root: Path) -> None:
    """A policy for a kind that is not there would never be asked."""
    path = root / "vn" / "policies.yaml"
    replace(path, "key: document/*", "key: documents/*")
    replace(path, "case_kind: document\n", "case_kind: documents\n")
    assert [problem.split(": ", 1)[1] for problem in problems(root)] == [
        "case_kind: 'documents' is no kind of case; known kinds: dossier, field-report, periodic-report, document, task"
    ]


def test_an_unknown_set_is_named_with_the_known_ones(root: Path) -> None:
    """A typing error on the command line shows what there is."""
    assert problems(root, "nl") == ["nl: there is no such set of reference data; known sets: municipal, vn"]


def test_what_the_topic_holds_is_not_published_again() -> None:
    """To apply twice changes nothing, whenever the bus was told the first time."""
    entries = load_reference("vn")
    assert reference_plan(entries, [one.record(NOW) for one in entries]) == ((), ())


def test_what_is_new_is_published_states_before_policies() -> None:
    """On an empty topic everything is new."""
    plan = reference_plan(load_reference("vn"), [])
    kinds = list(dict.fromkeys(one.kind for one in plan.new))
    assert (len(plan.new), kinds) == (
        len(load_reference("vn")),
        ["calendar", "states", "policy", "clock-policy", "procedure", "report-form", "unit"],
    )


@pytest.mark.parametrize(
    ("changed", "advice"),
    [
        (lambda: entry(source="another decree"), "put the old content back and add version 2"),
        (lambda: entry(valid_from=1), "put the old content back and add version 2"),
    ],
    ids=["content", "valid_from"],
)
def test_a_published_record_never_changes(changed: Callable[[], Entry], advice: str) -> None:
    """Clock events name the version they used; it must mean the same next year."""
    plan = reference_plan([changed()], [entry().record(0)])
    assert (plan.new, plan.problems[0].split("; ")[1]) == ((), advice)


def test_a_change_with_the_next_version_is_published() -> None:
    """The old version stays, the new one comes."""
    new = entry(version=2, source="another decree")
    assert reference_plan([entry(), new], [entry().record(0)]) == ((new,), ())


def test_a_version_below_the_published_ones_is_refused() -> None:
    """A checkout that is older than the bus must not write into its past."""
    held = [entry(version=number).record(0) for number in (1, 3)]
    assert reference_plan([entry(version=2)], held).problems == (
        "vn/policies.yaml:3: policy/dossier/*/2: version 3 is published already; write 4",
    )


def test_in_an_import_a_record_was_known_when_it_applied() -> None:
    """Old years are told with the rules of old years; live, the bus was told when it was told."""
    one = entry(valid_from=5)
    assert (one.record(None).known_from, one.record(NOW).known_from) == (5, NOW)
