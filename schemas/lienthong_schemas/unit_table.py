"""Administrative units as a table: thousands of records that people keep as rows, read into the form of the YAML files.

A row is one version of one unit. What the table says becomes the record's body; an empty cell says nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lienthong_schemas.yaml_files import Place, YamlFile

COLUMNS: Final = ("key", "version", "valid_from", "name", "unit_type", "above", "latitude", "longitude", "source")
"""The columns, in this order. Coordinates are degrees (WGS 84) of the unit's middle, none of its borders."""
_NUMBERS: Final = ("latitude", "longitude")
_OF_THE_RECORD: Final = ("key", "version", "valid_from")


def read_unit_table(path: Path, name: str) -> YamlFile:
    """The rows of a CSV file as records of kind ``unit``; ``name`` is how problems call the file."""
    lines: dict[Place, int] = {}
    records: list[dict[str, Any]] = []
    problems: list[str] = []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        return YamlFile(name, None, lines, [f"{name}:1: it cannot be read: {error}"])
    rows = csv.DictReader(text.splitlines(), strict=True)
    try:
        if tuple(rows.fieldnames or ()) != COLUMNS:
            return YamlFile(name, None, lines, [f"{name}:1: the columns must be {', '.join(COLUMNS)}"])
        for row in rows:
            if None in row or None in row.values():
                problems.append(f"{name}:{rows.line_num}: the row has not {len(COLUMNS)} cells")
                continue
            lines["records", len(records)] = rows.line_num
            records.append(_record(row))
    except csv.Error as error:
        problems.append(f"{name}:{rows.reader.line_num}: it is no CSV: {error}")
    return YamlFile(name, {"kind": "unit", "records": records}, lines, problems)


def _record(row: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {key: text for key, text in row.items() if text and key not in _OF_THE_RECORD}
    body.update({key: _number(body[key]) for key in _NUMBERS if key in body})
    return {"key": row["key"], "version": _whole(row["version"]), "valid_from": row["valid_from"], "body": body}


def _number(text: str) -> float | str:
    """The number, or the text itself, which the model then refuses with its place."""
    try:
        return float(text)
    except ValueError:
        return text


def _whole(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text
