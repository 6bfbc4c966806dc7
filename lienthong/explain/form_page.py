"""The JSON form of an explanation as tables, for its reference page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from lienthong.explain.document import Document


def parts_of(model: type[BaseModel] = Document) -> list[type[BaseModel]]:
    """A model and all models inside it, each once, from the outside in."""
    found = [model]
    for each in found:  # grows while it is walked
        for field in each.model_fields.values():
            found.extend(inner for inner in _models(field.annotation) if inner not in found)
    return found


def rows_of(model: type[BaseModel]) -> list[tuple[str, str, str]]:
    """(field, type, meaning) of a model."""
    return [
        (f"`{name}`", _type(field.annotation), " ".join((field.description or "").split()))
        for name, field in model.model_fields.items()
    ]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


_WORDS = {
    "str": "text", "bool": "yes or no", "int": "whole number", "int | float": "seconds", "datetime": "instant",
    "date": "date", "NoneType": "null",
}  # fmt: skip


def _type(annotation: Any) -> str:
    name = getattr(annotation, "__name__", str(annotation))
    inner = get_args(annotation)
    if str(annotation) in _WORDS:
        return _WORDS[str(annotation)]
    if not inner:
        return _WORDS.get(name, name.removesuffix("Part"))
    if str(annotation).startswith("typing.Literal"):
        return ", ".join(f"`{each}`" for each in inner)
    if str(annotation).startswith("tuple"):
        return f"list of {_type(inner[0])}"
    return " or ".join(_type(each) for each in inner)
