"""The gate for schemas: the packaged ones pass, each forbidden change is caught, and Apache's own judge agrees."""

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import parse
from hypothesis import given
from hypothesis import strategies as st

from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import packaged_schema
from lienthong_schemas.compatibility import gate_problems, release, version_problems
from lienthong_schemas.resolution import resolution_problems
from tests.support.contract_files import change_schema, change_topic, contract_copy

DOSSIER = packaged_schema("dossier.v1")
Change = Callable[[dict[str, Any]], object]


def named(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the field with this name, to be changed in place."""
    (found,) = [field for field in schema["fields"] if field["name"] == name]
    assert isinstance(found, dict)
    return found


def changed(change: Change) -> dict[str, Any]:
    """Return the dossier's schema with a change."""
    schema: dict[str, Any] = copy.deepcopy(DOSSIER)
    change(schema)
    return schema


def add(**field: Any) -> Change:
    """Return a change that adds a field at the end."""
    return lambda schema: schema["fields"].append(field)


def drop(name: str) -> Change:
    """Return a change that takes a field away."""
    return lambda schema: schema["fields"].remove(named(schema, name))


def set_type(name: str, kind: Any) -> Change:
    """Return a change of a field's type."""
    return lambda schema: named(schema, name).update(type=kind)


def gate(*versions: dict[str, Any], case: bool = True) -> list[str]:
    """Return what the gate says about versions of one schema."""
    return list(version_problems({f"x.v{number}": schema for number, schema in enumerate(versions, 1)}, case=case))


def test_the_packaged_schemas_pass() -> None:
    """What is in the repository may be released as it is, and is as it was released."""
    assert gate_problems(load_catalogue()) == []


@pytest.mark.parametrize(
    "change",
    [
        add(name="note", type="string", default=""),
        add(name="note", type=["null", "string"], default=None),
        drop("step"),
        drop("fee_paid"),
        lambda schema: named(schema, "handover")["type"][1]["fields"].append(
            {"name": "reason", "type": "string", "default": ""}
        ),
    ],
)
def test_a_sound_new_version_passes(change: Change) -> None:
    """Fields with a default come and go."""
    assert gate(DOSSIER, changed(change)) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            add(name="note", type="string"),
            ["avro/x.v2.avsc: it cannot read what x.v1 wrote: note: it is not in the other version and has no default"],
        ),
        (
            drop("status"),
            [
                "avro/x.v1.avsc: it cannot read what x.v2 wrote: status: it is not in the other version and has no "
                "default"
            ],
        ),
        (
            set_type("epoch", "long"),
            ["avro/x.v1.avsc: it cannot read what x.v2 wrote: epoch: a long cannot be read as int"],
        ),
        (
            set_type("step", ["null", "string"]),
            ["avro/x.v1.avsc: it cannot read what x.v2 wrote: step: a null cannot be read as string"],
        ),
        (
            set_type("digitised", ["null", "string"]),
            [
                "avro/x.v1.avsc: it cannot read what x.v2 wrote: digitised: no branch of the union takes a string",
                "avro/x.v2.avsc: it cannot read what x.v1 wrote: digitised: no branch of the union takes a boolean",
            ],
        ),
        (
            lambda schema: named(schema, "handover")["type"][1]["fields"].append({"name": "reason", "type": "string"}),
            ["avro/x.v2.avsc: it cannot read what x.v1 wrote: handover: no branch of the union takes a record"],
        ),
        (
            lambda schema: schema.update(name="File"),
            [
                "avro/x.v1.avsc: it cannot read what x.v2 wrote: schema: File is not Dossier",
                "avro/x.v2.avsc: it cannot read what x.v1 wrote: schema: Dossier is not File",
            ],
        ),
    ],
)
def test_a_version_that_others_cannot_read_is_caught(change: Change, expected: list[str]) -> None:
    """Both ways: consumers upgraded first, producers upgraded first."""
    assert sorted(gate(DOSSIER, changed(change))) == expected


def test_every_version_is_held_against_every_other() -> None:
    """A field that comes back with another type passes between neighbours, and fails against the old log."""
    without, back = changed(drop("step")), changed(lambda schema: (drop("step")(schema), ADD_STEP(schema)))
    assert gate(without, back) == []
    assert gate(DOSSIER, without) == []
    assert gate(DOSSIER, without, back) != []


ADD_STEP = add(name="step", type="int", default=0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            {"type": "long", "logicalType": "timestamp-millis"},
            "the logical type changes from timestamp-micros in x.v1 to timestamp-millis: never change it",
        ),
        ("long", "the logical type changes from timestamp-micros in x.v1 to none: never change it"),
    ],
)
def test_a_logical_type_never_changes(kind: Any, expected: str) -> None:
    """Avro finds nothing wrong, and a reader would be a thousandfold off."""
    versions = DOSSIER, changed(set_type("occurred_at", kind))
    assert resolution_problems(*versions) == []
    assert f"avro/x.v2.avsc: occurred_at: {expected}" in gate(*versions)


def test_a_logical_type_inside_a_union_never_changes() -> None:
    """Most instants may be absent, so their type lies in a union."""
    versions = DOSSIER, changed(set_type("due_at", ["null", {"type": "long", "logicalType": "timestamp-millis"}]))
    assert [problem for problem in gate(*versions) if "due_at" in problem] == [
        "avro/x.v2.avsc: due_at: the logical type changes from timestamp-micros in x.v1 to timestamp-millis: "
        "never change it"
    ]


def test_bytes_and_string_never_swap() -> None:
    """The specification resolves one into the other; not every language's library does."""
    versions = DOSSIER, changed(set_type("status", "bytes"))
    assert resolution_problems(*versions) == []
    assert gate(*versions) == ["avro/x.v2.avsc: status: it was string in x.v1 and is bytes: never swap them"]


def test_two_versions_never_share_a_fingerprint() -> None:
    """Documentation and logical types are not part of it; a value could not say which version it is."""
    assert gate(DOSSIER, changed(lambda schema: schema.update(doc="other words"))) == [
        "avro/x.v2.avsc: it has the fingerprint of x.v1, so values could not be told apart"
    ]


def test_the_fields_of_the_delivery_stay_first() -> None:
    """The content digest skips the first two fields of a case event, whatever they are called."""
    moved = changed(lambda schema: schema["fields"].insert(0, schema["fields"].pop(2)))
    assert gate(moved) == ["avro/x.v1.avsc: accepted_at and previous must be its first fields, for the content digest"]
    assert gate(moved, case=False) == []


def test_a_released_schema_cannot_be_edited(tmp_path: Path) -> None:
    """Also an edit that Avro would allow: values on the log name the released one by its fingerprint."""
    root = contract_copy(tmp_path)
    change_schema(root, "dossier.v1", add(name="note", type="string", default=""))
    assert gate_problems(load_catalogue(root), root) == [
        "avro/dossier.v1.avsc: it was released and has changed since; put it back and write the next version"
    ]


def test_a_changed_default_of_a_released_schema_is_caught(tmp_path: Path) -> None:
    """Defaults are not in the fingerprint, and decide what an old value means."""
    root = contract_copy(tmp_path)
    change_schema(root, "dossier.v1", lambda schema: named(schema, "applicant_kind").update(default="citizen"))
    assert len(gate_problems(load_catalogue(root), root)) == 1


def test_the_documentation_of_a_released_schema_may_improve(tmp_path: Path) -> None:
    """Words change no value."""
    root = contract_copy(tmp_path)
    change_schema(root, "dossier.v1", lambda schema: named(schema, "status").update(doc="Better words."))
    assert gate_problems(load_catalogue(root), root) == []


def test_a_new_version_is_released_once(tmp_path: Path) -> None:
    """Before its release it may change, and the gate says so; the release touches nothing else."""
    root = contract_copy(tmp_path)
    change_schema(root, "document.v1", add(name="note", type="string", default=""), as_name="document.v2")
    change_topic(root, "document.v1", lambda topic: topic.update(schemas=["document.v1", "document.v2"]))
    (root / "examples" / "document.v2").mkdir()
    (root / "examples" / "document.v2" / "one.json").write_text("{}", encoding="utf-8")
    before = json.loads((root / "avro" / "released.json").read_text(encoding="utf-8"))
    assert gate_problems(load_catalogue(root), root) == [
        "avro/document.v2.avsc: it is not released yet; run `lienthong schemas release` once it is final"
    ]
    assert release(root) == ["document.v2"]
    after = json.loads((root / "avro" / "released.json").read_text(encoding="utf-8"))
    assert gate_problems(load_catalogue(root), root) == []
    assert {name: after[name] for name in before} == before


def test_a_released_schema_cannot_vanish(tmp_path: Path) -> None:
    """The log holds its values for ever."""
    root = contract_copy(tmp_path)
    path = root / "avro" / "released.json"
    released = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**released, "dossier.v0": released["dossier.v1"]}), encoding="utf-8")
    assert gate_problems(load_catalogue(root), root) == [
        "avro/dossier.v0.avsc: it was released and is gone; values on the log need it: put it back"
    ]


def test_a_file_that_is_no_schema_is_named(tmp_path: Path) -> None:
    """A broken file is one problem, not a crash of the gate."""
    root = contract_copy(tmp_path)
    (root / "avro" / "tick.v1.avsc").write_text('{"type": "recrd", "name": "Tick"}', encoding="utf-8")
    assert [problem.split(": ")[:2] for problem in gate_problems(load_catalogue(root), root)] == [
        ["avro/tick.v1.avsc", "it is no Avro schema"]
    ]


PRIMITIVE = st.sampled_from(["int", "long", "float", "double", "string", "bytes", "boolean"])
LEAF = PRIMITIVE | st.sampled_from(
    [
        {"type": "enum", "name": "E", "symbols": ["A", "B"]},
        {"type": "enum", "name": "E", "symbols": ["A"]},
        {"type": "fixed", "name": "F", "size": 4},
        {"type": "fixed", "name": "F", "size": 8},
    ]
)
TYPE = st.one_of(
    LEAF,
    LEAF.map(lambda inner: ["null", inner]),
    PRIMITIVE.map(lambda inner: {"type": "array", "items": inner}),
    PRIMITIVE.map(lambda inner: {"type": "map", "values": inner}),
    PRIMITIVE.map(lambda inner: {"type": "record", "name": "R", "fields": [{"name": "a", "type": inner}]}),
)
FIELDS = st.dictionaries(st.sampled_from("abc"), TYPE, max_size=1).flatmap(
    lambda one: st.dictionaries(st.sampled_from("de"), PRIMITIVE, max_size=2).map(lambda more: {**one, **more})
)


def record(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record schema; fields d and e have a default where their type is a number."""
    defaults = {"int": 0, "long": 0, "float": 0.0, "double": 0.0}
    return {
        "type": "record",
        "name": "X",
        "fields": [
            {"name": name, "type": kind, **({"default": defaults[kind]} if name in "de" and kind in defaults else {})}
            for name, kind in fields.items()
        ],
    }


@given(FIELDS, FIELDS)
def test_apaches_own_judge_agrees(reader: Mapping[str, Any], writer: Mapping[str, Any]) -> None:
    """The rules of resolution as we read them are those of the reference implementation."""
    ours = resolution_problems(record(reader), record(writer))
    judge = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    theirs = judge.get_compatibility(parse(json.dumps(record(reader))), parse(json.dumps(record(writer))))
    assert (not ours) == (theirs.compatibility is SchemaCompatibilityType.compatible)
