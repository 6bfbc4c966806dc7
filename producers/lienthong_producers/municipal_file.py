"""Reads the municipal log from its file: the packaged one, or one of the same form, plain or compressed."""

from __future__ import annotations

import csv
import gzip
import io
import lzma
import zlib
from importlib.resources import files
from pathlib import Path

from lienthong_infra.errors import BadInputError
from lienthong_producers.domain.municipal_log import MunicipalEvent, MunicipalLogError, read_municipal_log
from lienthong_schemas.instants import Instant

_GZIP_MAGIC = b"\x1f\x8b"
_XZ_MAGIC = b"\xfd7zXZ\x00"


def municipal_events(path: Path | None = None, *, until: Instant | None = None) -> list[MunicipalEvent]:
    """The events of a file, by default the packaged one, up to ``until``. Raises BadInputError with every fault."""
    name = "the packaged log" if path is None else str(path)
    packaged = files("lienthong_producers") / "data" / "municipal-receipts.csv.xz"
    try:
        packed = packaged.read_bytes() if path is None else path.read_bytes()
        text = _unpacked(packed).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, lzma.LZMAError, UnicodeDecodeError) as error:
        raise BadInputError([f"{name}: it cannot be read: {error}"]) from error
    try:
        events = read_municipal_log(csv.DictReader(io.StringIO(text, newline="")), until)
    except MunicipalLogError as error:
        raise BadInputError([f"{name}: {problem}" for problem in error.problems]) from error
    if not events and until is None:
        raise BadInputError([f"{name}: there is no row in it"])
    return events


def _unpacked(content: bytes) -> bytes:
    if content.startswith(_XZ_MAGIC):
        return lzma.decompress(content)
    if content.startswith(_GZIP_MAGIC):
        return gzip.decompress(content)
    return content
