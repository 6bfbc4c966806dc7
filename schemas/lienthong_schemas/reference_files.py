"""The sources of reference data: files in sets (``vn``, ``municipal``), checked as a whole before any is used.

YAML files and, for administrative units, tables (CSV).

A set with one wrong file is refused with every problem, so what runs goes on with what it has. The body of a record is
canonical JSON of what the file says, without defaults: it changes only when somebody changes the file.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lienthong_schemas.catalogue import Catalogue, packaged_root
from lienthong_schemas.codec import packaged_schema
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.identity import CASE_KINDS
from lienthong_schemas.instants import Instant, instant_of
from lienthong_schemas.policy_body import policy_key
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference import BODIES
from lienthong_schemas.statements import Moment
from lienthong_schemas.unit_table import read_unit_table
from lienthong_schemas.yaml_files import Place, YamlFile, dotted, model_problems, read_yaml

SCHEMAS_VALID_FROM: Final[Instant] = 946_684_800_000_000
"""2000-01-01T00:00Z: a schema says how bytes are read, at any time."""

_READERS: Final = {".yaml": read_yaml, ".csv": read_unit_table}

Version = Annotated[int, Field(ge=1)]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    key: Annotated[str, Field(min_length=1)]
    version: Version
    valid_from: Moment
    body: dict[str, Any]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["policy", "clock-policy", "states", "calendar", "unit", "procedure", "report-form"]
    records: Annotated[list[_Record], Field(min_length=1)]


class Entry(NamedTuple):
    """One version of one piece of reference data, as its file has it; ``body`` is canonical JSON."""

    kind: str
    key: str
    version: int
    valid_from: Instant
    body: str
    place: str

    @property
    def record_id(self) -> str:
        """``kind/key/version``."""
        return f"{self.kind}/{self.key}/{self.version}"

    def record(self, known_from: Instant | None) -> ReferenceRecord:
        """The record of this entry, told to the bus at an instant; None = at once when it applied, as in an import."""
        known = self.valid_from if known_from is None else known_from
        return ReferenceRecord(self.record_id, self.kind, self.key, self.version, self.valid_from, known, self.body)


def canonical_json(body: Any) -> str:
    """JSON that is the same for the same content: sorted keys, no spaces."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def reference_sets(root: Path | None = None) -> list[str]:
    """The names of the sets below ``root`` (default: the packaged ones)."""
    return sorted(
        path.name for path in _folder(root).iterdir() if path.is_dir() and not path.name.startswith(("_", "."))
    )


def _folder(root: Path | None) -> Path:
    return packaged_root() / "reference_data" if root is None else root


def load_reference(name: str, root: Path | None = None) -> list[Entry]:
    """All entries of a set, by file and place. Raises CatalogueError with every problem of every file."""
    folder = _folder(root) / name
    if not folder.is_dir():
        known = ", ".join(reference_sets(root))
        raise CatalogueError([f"{name}: there is no such set of reference data; known sets: {known}"])
    problems: list[str] = []
    files: list[YamlFile] = []
    for path in sorted(folder.iterdir()):
        read = _READERS.get(path.suffix)
        if read is None:
            problems.append(
                f"{name}/{path.name}:1: it is no file of reference data; name it <something>.yaml, or .csv (units)"
            )
        else:
            files.append(read(path, f"{name}/{path.name}"))
    return _entries(files, problems)


def load_reference_file(path: Path) -> list[Entry]:
    """All entries of one YAML file outside any set. Raises CatalogueError with every problem, line and field."""
    return _entries([read_yaml(path, path.name)], [])


def _entries(files: Sequence[YamlFile], problems: list[str]) -> list[Entry]:
    """The entries of files that stand together; ``problems`` were found before."""
    entries: list[Entry] = []
    for file in files:
        found, wrong = _read(file)
        entries.extend(found)
        problems.extend(wrong)
    problems.extend(_problems_together(entries, complete=not problems))
    if problems:
        raise CatalogueError(problems)
    return entries


def _read(file: YamlFile) -> tuple[list[Entry], list[str]]:
    if file.problems:
        return [], list(file.problems)
    try:
        parsed = _File.model_validate(file.data)
    except ValidationError as error:
        return [], model_problems(file, error)
    entries, problems = [], []
    for index, record in enumerate(parsed.records):
        place: Place = ("records", index)
        try:
            body = BODIES[parsed.kind].model_validate(record.body)
        except ValidationError as error:
            problems.extend(model_problems(file, error, (*place, "body")))
            continue
        expected = _expected_key(parsed.kind, body)
        if expected and record.key != expected:
            at = (*place, "key")
            problems.append(f"{file.at(at)}: {dotted(at)}: by its body the key must be {expected}")
        valid_from = instant_of(record.valid_from)
        text = canonical_json(record.body)
        entries.append(Entry(parsed.kind, record.key, record.version, valid_from, text, file.at(place)))
    return entries, problems


def _expected_key(kind: str, body: Any) -> str:
    if kind == "policy":
        return f"{body.case_kind}/{body.selector}"
    if kind == "clock-policy":
        return policy_key(body.case_kind, body.selector, body.urgency, body.clock)
    return str(body.case_kind) if kind == "states" else ""


def _problems_together(entries: Sequence[Entry], *, complete: bool) -> Iterator[str]:
    """What is wrong between entries; versions are compared only where no file has left any out."""
    versions: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        versions[entry.kind, entry.key].append(entry)
        body: Mapping[str, Any] = json.loads(entry.body)
        if "case_kind" in body and body["case_kind"] not in CASE_KINDS:
            known = ", ".join(CASE_KINDS)
            yield f"{entry.place}: case_kind: {body['case_kind']!r} is no kind of case; known kinds: {known}"
    for same in versions.values():
        numbers = [entry.version for entry in same]
        if complete and numbers != list(range(1, len(numbers) + 1)):
            yield f"{same[-1].place}: version: versions of a key begin with 1 and rise without a gap, found {numbers}"
    units = {key for kind, key in versions if kind == "unit"}
    for entry in entries:
        above = json.loads(entry.body).get("above", "") if entry.kind == "unit" else ""
        if above and above not in units:
            yield f"{entry.place}: above: there is no unit {above} in this set"


def schema_entries(catalogue: Catalogue) -> list[Entry]:
    """The schemas of all topics as reference data, so that older processes can read what newer ones write.

    The key is the topic, the version that of the schema, the body the Avro schema itself.
    """
    return [
        Entry(
            "schema", topic.name, number, SCHEMAS_VALID_FROM, canonical_json(packaged_schema(name)), f"avro/{name}.avsc"
        )
        for topic in catalogue.topics.values()
        for number, name in enumerate(topic.schemas, start=1)
    ]
