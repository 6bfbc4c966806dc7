"""Writing what a verb was asked to write to a file: whole or not at all, and a path that cannot be is a wrong call."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from lienthong_infra.errors import WrongCallError


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file to write into, which is there under its name once it is whole; a pipe or a device is written directly.

    Raises WrongCallError where it cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as file:
                yield file
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as error:
        raise WrongCallError(
            [f"--out: {path} cannot be written ({error.strerror}); name a file in a folder that is there"]
        ) from error
