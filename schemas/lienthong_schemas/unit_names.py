"""Names of administrative units as people write them, and the units that a name can mean.

Vietnamese is typed in two forms of Unicode and with two habits of placing the tone mark (``hòa`` and ``hoà``); a list
from another system has ``P. Thành Sen`` where the register has ``Phường Thành Sen``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from lienthong_schemas.reference import Unit

_OLD_O: Final = dict(zip("òóỏõọ", range(5), strict=True))
_OLD_U: Final = dict(zip("ùúủũụ", range(5), strict=True))
_NEW: Final = {"a": "àáảãạ", "e": "èéẻẽẹ", "y": "ỳýỷỹỵ"}
_TONE_ON_THE_FIRST: Final = re.compile(r"([òóỏõọ])([ae])\b|([ùúủũụ])(y)\b")
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼ`´", "'"))
_TYPES: Final = {
    "phường ": "phường", "p. ": "phường", "p.": "phường", "xã ": "xã", "x. ": "xã", "x.": "xã",
    "đặc khu ": "đặc khu", "thành phố ": "thành phố", "tp. ": "thành phố", "tp.": "thành phố", "tp ": "thành phố",
    "tỉnh ": "tỉnh", "t. ": "tỉnh", "t.": "tỉnh",
}  # fmt: skip
"""How the type of a unit is written before its name, longer forms before shorter ones."""


def plain_name(name: str) -> str:
    """A name in the form in which names are compared: NFC, lower case, one space, tones on the last vowel."""
    text = " ".join(unicodedata.normalize("NFC", name).translate(_APOSTROPHES).split()).lower()
    return _TONE_ON_THE_FIRST.sub(_tone_on_the_last, text)


def _tone_on_the_last(found: re.Match[str]) -> str:
    old, vowel = (found[1], found[2]) if found[1] else (found[3], found[4])
    if old in _OLD_O:
        return "o" + _NEW[vowel][_OLD_O[old]]
    return "u" + _NEW[vowel][_OLD_U[old]]


def split_type(name: str) -> tuple[str, str]:
    """(type, name without it) of a plain name; the type is empty where none is written."""
    for written, unit_type in _TYPES.items():
        if name.startswith(written) and len(name) > len(written):
            return unit_type, name.removeprefix(written)
    return "", name


class UnitNames:
    """The units that names can mean, among those that there are at one instant."""

    def __init__(self, units: Mapping[str, Unit]) -> None:
        self._units = units
        self._by_name: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for code, unit in units.items():
            unit_type, bare = split_type(plain_name(unit.name))
            self._by_name[bare].append((unit_type, code))

    def find(self, name: str, above: str = "") -> tuple[str, ...]:
        """Codes of the units with this name, below ``above`` if it is given: none, one, or all that it can mean."""
        unit_type, bare = split_type(plain_name(name))
        return tuple(
            code
            for known_type, code in self._by_name.get(bare, ())
            if unit_type in ("", known_type) and above in ("", self._units[code].above)
        )
