"""What a progress holds, all of it, so that two can be compared: its classes are plain and know no equality."""

from __future__ import annotations

from typing import Any

from lienthong_streams.domain import act, episode, outlook, passage, progress, walk

_MODULES = {each.__name__ for each in (act, episode, outlook, passage, progress, walk)}


def contents(value: Any) -> Any:
    """An object of a progress as its class and all its attributes, however deep; anything else as it is."""
    if isinstance(value, list):
        return [contents(each) for each in value]
    if type(value).__module__ in _MODULES and hasattr(type(value), "__slots__") and not isinstance(value, tuple):
        return type(value).__name__, {name: contents(getattr(value, name)) for name in type(value).__slots__}
    if isinstance(value, tuple):
        return [contents(each) for each in value]
    return value
