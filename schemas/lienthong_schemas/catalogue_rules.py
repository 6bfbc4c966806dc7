"""What the topic files must be together. Each rule is a function that yields (topic, place, what is wrong).

Reasons: the log of cases is the record, so it is never shortened; a record that cannot be read must have somewhere to
go, with its original bytes; a changelog partition holds the state of one partition of its case topic; a value without
a packaged schema and examples is a promise nobody has tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from lienthong_schemas.topic_spec import FOREVER, TopicSpec
from lienthong_schemas.yaml_files import Place, YamlFile, dotted

KEPT_FOR_EVER: Final = frozenset(("sla.v1", "quality.v1", "reference.v1"))
"""Topics that are neither compacted nor deleted, beside all case topics and dead letters."""
LETTER_ROOM: Final = 65_536
"""Bytes that a dead letter needs above the original value: its headers say where, when and why."""

Specs = Mapping[str, TopicSpec]
Found = Iterator[tuple[str, Place, str]]


def _references(specs: Specs) -> Found:
    for spec in specs.values():
        for place, name in (
            ("dead_letter", spec.dead_letter),
            ("belongs_to", spec.belongs_to),
            ("same_record_as", spec.same_record_as),
        ):
            if name and name not in specs:
                yield spec.name, (place,), f"there is no topic {name}; write its file or correct the name"


def _roles(specs: Specs) -> Found:
    for spec in specs.values():
        serves = spec.role in ("dead-letter", "changelog")
        if serves != bool(spec.belongs_to):
            yield spec.name, ("belongs_to",), "a dead-letter topic and a changelog name the topic they serve, only they"
        if serves and spec.schemas:
            yield spec.name, ("schemas",), f"a {spec.role} topic carries no schema of its own"
        if spec.reserved and (spec.schemas or spec.producers):
            yield spec.name, ("reserved",), "a topic with a schema or a producer is not reserved"
        if not spec.schemas and not spec.value and not spec.reserved:
            yield spec.name, ("schemas",), "name its schemas, or say in `value` what its values are"


def _dead_letters(specs: Specs) -> Found:
    for spec in specs.values():
        if spec.role in ("case", "bus"):
            expected = f"{spec.name.rsplit('.v', 1)[0]}-dead-letter.v1"
            if spec.dead_letter != expected:
                yield spec.name, ("dead_letter",), f"a topic that is read has its dead letters in {expected}"
        elif spec.dead_letter:
            yield spec.name, ("dead_letter",), f"a {spec.role} topic has no dead letters of its own"
        if spec.role == "dead-letter" and spec.belongs_to in specs:
            served = specs[spec.belongs_to]
            if served.dead_letter != spec.name:
                yield spec.name, ("belongs_to",), f"{served.name} sends its dead letters elsewhere"
            least = served.config.max_message_bytes + LETTER_ROOM
            if spec.config.max_message_bytes < least:
                place = ("config", "max_message_bytes")
                yield spec.name, place, f"a letter holds a whole value and its headers: at least {least}"


def _kept(specs: Specs) -> Found:
    for spec in specs.values():
        if spec.role in ("case", "dead-letter") or spec.name in KEPT_FOR_EVER:
            if spec.config.retention != FOREVER:
                yield spec.name, ("config", "retention"), "it is a record that nothing else holds: keep it forever"
            if spec.config.cleanup != "delete":
                yield spec.name, ("config", "cleanup"), "it is a record that nothing else holds: never compact it"
        if spec.role == "case" and spec.config.timestamps != "append":
            yield spec.name, ("config", "timestamps"), "known-at is the broker's time: write append"


def _changelogs(specs: Specs) -> Found:
    served: dict[str, str] = {}
    for spec in specs.values():
        if spec.role != "changelog":
            continue
        place: Place = ("belongs_to",)
        if spec.name != f"deadlines-changelog-{spec.belongs_to}":
            yield spec.name, ("name",), f"the changelog of {spec.belongs_to} is deadlines-changelog-{spec.belongs_to}"
        if spec.belongs_to in specs:
            case = specs[spec.belongs_to]
            if case.role != "case":
                yield spec.name, place, f"{case.name} is no case topic"
            if spec.config.partitions != case.config.partitions:
                yield spec.name, ("config", "partitions"), f"{case.name} has {case.config.partitions}: write the same"
        if spec.config.cleanup != "compact" or spec.config.retention != FOREVER:
            yield spec.name, ("config", "cleanup"), "a state is compacted and kept forever"
        served[spec.belongs_to] = spec.name
    for spec in specs.values():
        if spec.role == "case" and not spec.reserved and spec.name not in served:
            yield spec.name, ("role",), f"it lacks its changelog deadlines-changelog-{spec.name}"


def _versions(specs: Specs) -> Found:
    owner: dict[str, str] = {}
    for spec in specs.values():
        subjects = {name.rsplit(".v", 1)[0] for name in spec.schemas}
        numbers = [int(name.rsplit(".v", 1)[1]) for name in spec.schemas]
        if len(subjects) > 1:
            yield spec.name, ("schemas",), "the versions of one topic's schema share one name"
        if numbers != list(range(1, len(numbers) + 1)):
            yield spec.name, ("schemas",), "versions begin with 1 and rise without a gap, oldest first"
        if spec.same_record_as:
            if spec.same_record_as in specs and specs[spec.same_record_as].schemas != spec.schemas:
                yield (
                    spec.name,
                    ("schemas",),
                    f"{spec.same_record_as} carries others: write the same, or another schema",
                )
            continue
        for index, name in enumerate(spec.schemas):
            if name in owner:
                yield spec.name, ("schemas", index), f"the schema {name} is already that of {owner[name]}"
            owner.setdefault(name, spec.name)


RULES: Final[tuple[Callable[[Specs], Found], ...]] = (
    _references,
    _roles,
    _dead_letters,
    _kept,
    _changelogs,
    _versions,
)


def _file_problems(root: Path, specs: Specs, files: Mapping[str, YamlFile]) -> Iterator[str]:
    """Schemas and examples against the topics: nothing missing, nothing left over."""
    there = {path.stem for path in (root / "avro").glob("*.avsc")}
    wanted: set[str] = set()
    for spec in specs.values():
        for index, name in enumerate(spec.schemas):
            wanted.add(name)
            place = files[spec.name].at(("schemas", index))
            if name not in there:
                yield f"{place}: schemas.{index}: there is no avro/{name}.avsc"
            if not any((root / "examples" / name).glob("*.json")):
                yield f"{place}: schemas.{index}: there is no example in examples/{name}"
    for name in sorted(there - wanted):
        yield f"avro/{name}.avsc:1: no topic carries this schema; name it in a topic file or remove it"
    for path in sorted((root / "examples").glob("*")):
        if path.name not in wanted:
            yield f"examples/{path.name}:1: no topic carries a schema of this name; remove the examples or correct it"


def rule_problems(root: Path, specs: Specs, files: Mapping[str, YamlFile]) -> list[str]:
    """Everything that is wrong with the topic files together, with file and line."""
    problems = [
        f"{files[topic].at(place)}: {dotted(place)}: {text}" for rule in RULES for topic, place, text in rule(specs)
    ]
    return [*problems, *_file_problems(root, specs, files)]
