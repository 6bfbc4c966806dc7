"""The types of what a sender may state: text, codes, instants. Each refuses with words that say what to write.

Free text that looks like an identity number, a phone number or an e-mail address is refused: nothing personal may
stand in keys, logs and alerts (Law 91/2025/QH15). The patterns are narrow, so that dossier codes, dates and counters
pass: an identity number begins with a province of 001 to 096 and has 12 digits, a mobile number begins with 03, 05,
07, 08 or 09 and has 10.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field

from lienthong_schemas.errors import IdentityError
from lienthong_schemas.identity import LONGEST_CODE, normalise_local, normalise_office
from lienthong_schemas.instants import is_plausible

MAX_TEXT: Final = LONGEST_CODE
"""Characters of a free text field: a step, a notation, a reference."""
MAX_INT: Final = 2**31 - 1
"""Largest value of an Avro ``int``."""
MAX_LONG: Final = 2**63 - 1
"""Largest value of an Avro ``long``."""

_TIME_FORM: Final = "write ISO 8601 with the UTC offset, such as 2026-07-01T08:00:00+07:00"
_PERSONAL: Final = (
    ("an identity number", re.compile(r"(?<![0-9])0(?!00)[0-9]{2}[0-9]{9}(?![0-9])")),
    ("a phone number", re.compile(r"(?<![0-9])(?:\+?84|0)[35789][0-9]{8}(?![0-9])")),
    ("an e-mail address", re.compile(r"[^\s@]+@[^\s@]+\.[a-zA-Z]{2,}")),
)


def moment(value: object) -> datetime:
    """An aware datetime, from one or from ISO 8601 text; a bare number has no unit. Raises ValueError."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"it is no time; {_TIME_FORM}") from None
    if not isinstance(value, datetime):
        raise ValueError(f"it is no time; {_TIME_FORM}")
    if value.utcoffset() is None:
        raise ValueError(f"it has no UTC offset; {_TIME_FORM}")
    if not is_plausible(value):
        raise ValueError("it lies outside the years 1900 to 2999; check the year")
    return value


def plain_text(value: str) -> str:
    """Text in NFC without control characters and half letters. Raises ValueError."""
    text = unicodedata.normalize("NFC", value).strip()
    plain = text.isascii() and text.isprintable()  # nearly always, and told in a hundredth of the time
    if not plain and any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
        raise ValueError("it contains control characters or broken letters; write plain text in one line")
    return text


def looks_personal(text: str) -> str:
    """What personal thing a text seems to contain; empty where nothing."""
    for name, pattern in _PERSONAL:
        if pattern.search(text):
            return name
    return ""


def impersonal(text: str) -> str:
    """The text, if nothing in it looks personal. Raises ValueError."""
    found = looks_personal(text)
    if found:
        raise ValueError(f"it seems to contain {found}; write nothing personal, a pseudonym at most")
    return text


def _filled(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    return text


def _office(text: str) -> str:
    try:
        return normalise_office(text)
    except IdentityError as error:
        raise ValueError(str(error)) from None


def _local(text: str) -> str:
    try:
        return normalise_local(text)
    except IdentityError as error:
        raise ValueError(str(error)) from None


def _commune(text: str) -> str:
    if text and not re.fullmatch("[0-9]{5}", text):
        raise ValueError("it is no unit code; write its five digits, leading zeros included, or leave it empty")
    return text


Moment = Annotated[datetime, BeforeValidator(moment)]
"""An aware datetime between the years 1900 and 2999."""
Text = Annotated[str, Field(max_length=MAX_TEXT), AfterValidator(plain_text), AfterValidator(impersonal)]
"""Free text of one line, nothing personal."""
Code = Annotated[Text, AfterValidator(_filled)]
"""A code from a list of reference data; not empty."""
OfficeCode = Annotated[str, AfterValidator(_office)]
"""An agency code, brought into normal form."""
LocalNumber = Annotated[str, AfterValidator(_local), AfterValidator(impersonal)]
"""A case number of an agency, brought into normal form."""
CommuneCode = Annotated[str, AfterValidator(_commune)]
"""Five digits, or empty."""
Count = Annotated[int, Field(ge=0, le=MAX_LONG)]
"""A whole number that is not negative."""
