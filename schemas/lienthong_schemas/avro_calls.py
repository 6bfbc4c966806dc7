"""What the functions generated from Avro schemas call, whether they are run as source or compiled with the rest.

Their source names nothing else but what ``avro_varints`` gives, ``Any``, and what Python has built in.
"""

from __future__ import annotations

from struct import Struct
from struct import error as too_short
from typing import Any, Final, NoReturn

from lienthong_schemas.avro_varints import Damaged, written_long
from lienthong_schemas.errors import Undecodable

__all__ = (
    "DAMAGES",
    "double_at",
    "filled",
    "fixed",
    "float_at",
    "listed",
    "no_boolean",
    "no_branch",
    "no_symbol",
    "not_plain",
    "positional",
    "truth",
    "undecodable",
    "written_bytes",
    "written_double",
    "written_float",
)

DAMAGES: Final = (IndexError, UnicodeDecodeError, too_short, Damaged)
"""What reading damaged bytes raises within."""
_REASONS: Final = {
    IndexError: "they end too early",
    too_short: "they end too early",
    UnicodeDecodeError: "a text is not UTF-8",
}


class NotPlain(Exception):
    """A reader of plain texts met a null character: the record must be looked at as a whole."""


_FLOAT: Final = Struct("<f")
_DOUBLE: Final = Struct("<d")


def undecodable(error: Exception) -> Undecodable:
    """What to say about damaged bytes."""
    reason = _REASONS.get(type(error)) or str(error)
    return Undecodable(f"the bytes do not fit the schema they name: {reason}")


def not_plain() -> NoReturn:
    """Raise NotPlain."""
    raise NotPlain


def no_branch(number: int) -> NoReturn:
    """Raise Damaged: a union's branch does not exist."""
    raise Damaged(f"a union has no branch with the byte {number:#04x}")


def no_symbol(number: int) -> NoReturn:
    """Raise Damaged: an enum's symbol does not exist."""
    raise Damaged(f"an enum has no symbol {number}")


def no_boolean(number: int) -> NoReturn:
    """Raise Damaged: a byte is neither true nor false."""
    raise Damaged(f"a boolean is {number}")


def filled(value: bytes, start: int, size: int) -> bytes:
    """So many bytes from there on. Raises IndexError where they end before."""
    found = value[start : start + size]
    if len(found) < size:
        raise IndexError
    return found


def float_at(value: bytes, at: int) -> float:
    """The number of four bytes that begins there. Raises struct.error where they end before."""
    found: float = _FLOAT.unpack_from(value, at)[0]
    return found


def double_at(value: bytes, at: int) -> float:
    """The number of eight bytes that begins there. Raises struct.error where they end before."""
    found: float = _DOUBLE.unpack_from(value, at)[0]
    return found


def truth(value: object) -> str:
    """A boolean, as a letter. Raises TypeError for anything else."""
    if value is True:
        return "\x01"
    if value is False:
        return "\x00"
    raise TypeError(f"{value!r} is neither true nor false")


def written_float(value: object) -> str:
    """A number of four bytes, as letters. Raises TypeError for what is no float."""
    return _real(_FLOAT, value)


def written_double(value: object) -> str:
    """A number of eight bytes, as letters. Raises TypeError for what is no float."""
    return _real(_DOUBLE, value)


def _real(form: Struct, value: object) -> str:
    if value.__class__ is not float:
        raise TypeError(f"{value!r} is no float")
    return form.pack(value).decode("latin-1")


def written_bytes(value: bytes) -> str:
    """Bytes behind their length, as letters."""
    return written_long(len(value)) + value.decode("latin-1")


def fixed(value: bytes, size: int) -> str:
    """So many bytes, as letters. Raises ValueError for more or fewer."""
    if len(value) != size:
        raise ValueError(f"{len(value)} bytes instead of {size}")
    return value.decode("latin-1")


def listed(value: object) -> None:
    """Raise TypeError for what is neither a list nor a tuple."""
    if value.__class__ is not list and value.__class__ is not tuple:
        raise TypeError(f"{value!r} is no list")


def positional(value: Any) -> None:
    """Raise TypeError for what is no tuple."""
    if not isinstance(value, tuple):
        raise TypeError(f"{value!r} is no tuple")
