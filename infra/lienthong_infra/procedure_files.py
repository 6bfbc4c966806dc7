"""Catalogues of procedures as people have them (CSV, XLSX), and the file of reference data made from them."""

import csv
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from lienthong_infra.errors import BadInputError
from lienthong_schemas.instants import iso_of
from lienthong_schemas.procedure_catalogue import Imported, Row, columns_of
from lienthong_schemas.reference_files import canonical_json, load_reference

FILE: Final = "procedures.yaml"
KIND: Final = "clock-policy"
FIELD_FILE: Final = "procedure_fields.yaml"
FIELD_KIND: Final = "procedure"
LARGEST: Final = 20_000_000
"""Bytes of a catalogue; the national one has some 6,000 rows and needs one of them."""
_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 10_000
"""Characters that are enough to tell the delimiter of a CSV file."""


class Counts(NamedTuple):
    """What an import did to the file."""

    new: int
    changed: int
    unchanged: int
    no_longer_listed: int


def read_catalogue(path: Path) -> list[Row]:
    """The rows of a catalogue by column, empty ones left out. Raises BadInputError."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadInputError([f"{path.name}: it is larger than {LARGEST // 1_000_000} MB; is it the right file?"])
        lines = iter(_lines(path))
        headings = next(((number, cells) for number, cells in lines if any(cells)), None)
    except OSError as error:
        raise BadInputError([f"{path}: it cannot be read: {error.strerror or error}"]) from None
    if headings is None:
        raise BadInputError([f"{path.name}: it is empty"])
    try:
        columns = columns_of(headings[1])
    except ValueError as error:
        raise BadInputError([f"{path.name}, row {headings[0]}: {line}" for line in str(error).splitlines()]) from None
    return [
        Row(number, {column: cells[index] for column, index in columns.items() if index < len(cells)})
        for number, cells in lines
        if any(cell not in (None, "") for cell in cells)
    ]


def _lines(path: Path) -> list[tuple[int, Sequence[object]]]:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".txt", ".tsv"):
        return list(_csv_lines(path))
    if suffix in (".xlsx", ".xlsm"):
        return list(_sheet_lines(path))
    raise BadInputError([f"{path.name}: it is neither CSV nor XLSX; save it as one of them"])


def _csv_lines(path: Path) -> Iterator[tuple[int, Sequence[object]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInputError([f"{path.name}: it is not in UTF-8; save it as CSV UTF-8"]) from None
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:_SAMPLE].partition("\n")[0], _DELIMITERS)
    except csv.Error:
        dialect = csv.excel
    reader = csv.reader(text.splitlines(keepends=True), dialect)
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise BadInputError([f"{path.name}, row {reader.line_num}: it is no CSV: {error}"]) from None


def _sheet_lines(path: Path) -> Iterator[tuple[int, Sequence[object]]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise BadInputError([f"{path.name}: it is no XLSX: {error}"]) from None
    try:
        yield from enumerate(book.worksheets[0].iter_rows(values_only=True), start=1)
    finally:
        book.close()


def write_policies(folder: Path, imported: Imported, valid_from: str) -> Counts:
    """Bring `procedures.yaml` in a folder up to date: what changed gets a new version, nothing is ever taken away.

    ``folder``: a set of reference data, made where it is missing. Raises CatalogueError where it is not sound.
    """
    return _written(folder, FILE, KIND, imported.bodies, valid_from)


def write_fields(folder: Path, imported: Imported, valid_from: str) -> Counts:
    """The same for the fields of procedures, in `procedure_fields.yaml`. Raises CatalogueError."""
    return _written(folder, FIELD_FILE, FIELD_KIND, imported.procedures, valid_from)


def _written(folder: Path, name: str, kind: str, bodies: Mapping[str, Mapping[str, Any]], valid_from: str) -> Counts:
    folder = folder.resolve()
    entries = load_reference(folder.name, folder.parent) if folder.is_dir() else []
    last = {entry.key: entry for entry in entries if entry.kind == kind}
    records = [
        _record(entry.key, entry.version, iso_of(entry.valid_from), json.loads(entry.body))
        for entry in entries
        if entry.place.startswith(f"{folder.name}/{name}:")
    ]
    here = {record["key"] for record in records}
    new = changed = unchanged = 0
    for key, body in bodies.items():
        before = last.get(key)
        if before is not None and before.body == canonical_json(body):
            unchanged += 1
            continue
        new, changed = (new + 1, changed) if before is None else (new, changed + 1)
        records.append(_record(key, before.version + 1 if before else 1, valid_from, body))
    if new or changed:
        folder.mkdir(parents=True, exist_ok=True)
        # By way of JSON: what the bodies have in common would else be written as references.
        plain = json.loads(json.dumps({"kind": kind, "records": records}))
        (folder / name).write_text(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=120), "utf-8")
    return Counts(new, changed, unchanged, len(here - bodies.keys()))


def _record(key: str, version: int, valid_from: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"key": key, "version": version, "valid_from": valid_from, "body": body}
