"""Groups of verbs, for the modules that add a verb to a group which another one has made."""

import typer


def group_of(app: typer.Typer, name: str) -> typer.Typer:
    """The group of this name. Raises LookupError where none was added before."""
    for registered in app.registered_groups:
        group = registered.typer_instance
        if group is not None and group.info.name == name:
            return group
    raise LookupError(f"the command line has no group {name!r} yet")
