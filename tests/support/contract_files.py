"""Copies of the contract's files to break on purpose."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from lienthong_schemas.catalogue import packaged_root

Change = Callable[[dict[str, Any]], object]


def contract_copy(folder: Path) -> Path:
    """Copy topics, schemas and examples of this version into a folder; return it."""
    for part in ("topics", "avro", "examples"):
        shutil.copytree(packaged_root() / part, folder / part)
    return folder


def change_topic(root: Path, topic: str, change: Change) -> None:
    """Change the data of one topic file."""
    path = root / "topics" / f"{topic}.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")


def change_schema(root: Path, name: str, change: Change, *, as_name: str = "") -> None:
    """Change one schema, in its place or as a schema of another name."""
    data = json.loads((root / "avro" / f"{name}.avsc").read_text(encoding="utf-8"))
    change(data)
    (root / "avro" / f"{as_name or name}.avsc").write_text(json.dumps(data), encoding="utf-8")


def field(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the field of a record schema with this name."""
    (found,) = [each for each in schema["fields"] if each["name"] == name]
    return dict(found) if not isinstance(found, dict) else found
