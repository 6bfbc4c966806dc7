"""The topic catalogue: one YAML file per topic, each parsed into a model, all checked together.

What a topic must be follows from its role; ``catalogue_rules`` says why. Every problem is listed with file and line.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from lienthong_schemas.catalogue_rules import rule_problems
from lienthong_schemas.errors import CatalogueError
from lienthong_schemas.topic_spec import Role, TopicSpec
from lienthong_schemas.yaml_files import YamlFile, model_problems, read_yaml


class Catalogue:
    """All topics by logical name (without the bus's prefix)."""

    def __init__(self, topics: Mapping[str, TopicSpec]) -> None:
        self.topics: Final = dict(sorted(topics.items()))

    def topic(self, name: str) -> TopicSpec:
        """The topic of this name. Raises CatalogueError."""
        if name not in self.topics:
            raise CatalogueError([f"{name}: there is no such topic in the catalogue; known: {', '.join(self.topics)}"])
        return self.topics[name]

    def of_role(self, role: Role) -> list[TopicSpec]:
        """All topics of a role, by name."""
        return [spec for spec in self.topics.values() if spec.role == role]

    def changelog_of(self, name: str) -> TopicSpec | None:
        """The changelog of a case topic, if it has one."""
        return next((spec for spec in self.of_role("changelog") if spec.belongs_to == name), None)


def packaged_root() -> Path:
    """The folder of ``topics``, ``avro`` and ``examples`` that this version of the contract ships."""
    return Path(str(files("lienthong_schemas")))


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read all topic files below ``path`` (default: the packaged ones).

    Raises CatalogueError with every problem: first those of single files, then those of all together.
    """
    root = packaged_root() if path is None else path
    problems: list[str] = []
    read: dict[str, YamlFile] = {}
    specs: dict[str, TopicSpec] = {}
    for file_path in sorted((root / "topics").glob("*")):
        file, spec, found = _read_topic(file_path)
        problems.extend(found)
        if spec is not None and file is not None:
            read[spec.name], specs[spec.name] = file, spec
    if not specs and not problems:
        problems.append(f"{root / 'topics'}: there is no topic file")
    if not problems:  # a file that cannot be read would only seem to be missing to the others
        problems.extend(rule_problems(root, specs, read))
    if problems:
        raise CatalogueError(sorted(problems, key=_by_place))
    return Catalogue(specs)


def _by_place(problem: str) -> tuple[str, int, str]:
    file, _, rest = problem.partition(":")
    line = rest.partition(":")[0]
    return file, int(line) if line.isdigit() else 0, rest


def _read_topic(path: Path) -> tuple[YamlFile | None, TopicSpec | None, list[str]]:
    name = f"topics/{path.name}"
    if path.suffix != ".yaml":
        return None, None, [f"{name}:1: it is no topic file; name it <topic>.yaml"]
    file = read_yaml(path, name)
    if file.data is None:
        return file, None, list(file.problems)
    try:
        spec = TopicSpec.model_validate(file.data)
    except ValidationError as error:
        return file, None, [*file.problems, *model_problems(file, error)]
    if spec.name != path.stem:
        return file, None, [*file.problems, f"{file.at(('name',))}: name: it must be the file's name, {path.stem}"]
    return file, spec, list(file.problems)
