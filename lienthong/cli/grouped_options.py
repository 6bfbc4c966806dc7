"""Verbs with many options: the fields of a dataclass are the options, and the verb gets them as one value."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

Options = TypeVar("Options")


def verb_of(options: type[Options], run: Callable[[Options], None]) -> Callable[..., None]:
    """A function that typer reads like any other; each field is annotated and named as typer wants a parameter."""
    fields = dataclasses.fields(options)  # type: ignore[arg-type]  # the caller gives a dataclass
    hints = get_type_hints(options, include_extras=True)

    def verb(**given: Any) -> None:
        run(options(**given))

    verb.__doc__ = run.__doc__
    verb.__annotations__ = {field.name: hints[field.name] for field in fields}
    parameters = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=_default_of(field), annotation=hints[field.name]
        )
        for field in fields
    ]
    verb.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return verb


def _default_of(field: dataclasses.Field[Any]) -> Any:
    """Its default; a field without one is an option that must be given."""
    return inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
