"""Reading the contract's YAML files strictly: a key written twice is an error, dates stay text, problems name the line.

YAML 1.1 reads ``01`` as a number and lets the last of two equal keys win; the models behind this refuse the former,
this module the latter. PyYAML comes with the extras: the SDK itself reads no YAML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

Place = tuple[str | int, ...]
"""Keys and indices from the top of a file down to a value."""


_Fastest: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C loader is ten times as fast; PyYAML's wheels have it, a build from source may not."""


class _Loader(_Fastest):  # type: ignore[misc]  # chosen while running
    """Plain data without the conversion of dates."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class YamlFile(NamedTuple):
    """The plain data of a file, the line of each place, and what is wrong with its form."""

    name: str
    data: Any
    lines: Mapping[Place, int]
    problems: Sequence[str]

    def at(self, place: Place) -> str:
        """``file:line`` of a place, or of the nearest place above it."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.name}:{self.lines.get(place, 1)}"


def _walk(node: yaml.Node, place: Place, lines: dict[Place, int], twice: list[tuple[Place, int]]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            below = (*place, str(key.value))
            if str(key.value) in seen:
                twice.append((below, key.start_mark.line + 1))
            seen.add(str(key.value))
            lines.setdefault(below, key.start_mark.line + 1)
            _walk(value, below, lines, twice)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*place, index), lines, twice)


def read_yaml(path: Path, name: str) -> YamlFile:
    """Read a file; ``name`` is how problems call it. Faults of form are in ``problems``, with their lines."""
    lines: dict[Place, int] = {}
    twice: list[tuple[Place, int]] = []
    try:
        loader = _Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        if node is None:
            return YamlFile(name, None, lines, [f"{name}:1: the file is empty"])
        _walk(node, (), lines, twice)
        data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        return YamlFile(name, None, lines, [f"{name}:{line}: it is no YAML: {error.problem}"])
    except (yaml.YAMLError, OSError, ValueError) as error:
        return YamlFile(name, None, lines, [f"{name}:1: it cannot be read: {error}"])
    problems = [f"{name}:{line}: {dotted(place)}: it is written twice; keep one" for place, line in twice]
    return YamlFile(name, data, lines, problems)


def dotted(place: Place) -> str:
    """A place as people write it: ``config.partitions``."""
    return ".".join(map(str, place))


def model_problems(file: YamlFile, error: ValidationError, below: Place = ()) -> list[str]:
    """Every problem of a model in a file, with line and field; ``below`` is where the model's data begins."""
    problems = []
    for each in error.errors(include_url=False):
        place = (*below, *each["loc"])
        text = "there is no such key" if each["type"] == "extra_forbidden" else each["msg"]
        text = text.removeprefix("Value error, ")
        problems.append(f"{file.at(place)}: {dotted(place) or 'file'}: {text[:1].lower()}{text[1:]}")
    return problems
