"""What a progress holds, all of it, so that two can be compared: its classes are plain and know no equality."""

from __future__ import annotations

from typing import Any

from lienthong_streams.domain import act, episode, outlook, passage, progress, walk

_MODULES = {each.__name__ for each in (act, episode, outlook, passage, progress, walk)}


def contents(value: Any) -> Any:
    """An object of a progress as its class and all its attributes, however deep; anything else as it is."""
    if isinstance(value, list | tuple):
        return [contents(each) for each in value]
    kind = type(value)
    if kind.__module__ in _MODULES and _attributes(kind):
        return kind.__name__, {name: contents(getattr(value, name)) for name in _attributes(kind)}
    return value


def _attributes(kind: type) -> tuple[str, ...]:
    """Their names: a compiled class has no slots, and lists its attributes by another name."""
    named = "__slots__" if hasattr(kind, "__slots__") else "__mypyc_attrs__"
    return tuple(getattr(kind, named, ()))
