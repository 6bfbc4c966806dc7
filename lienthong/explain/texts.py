"""Texts by language: looked up by key and filled in; a key that nobody has written is an error of ours."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from lienthong.explain import texts_en, texts_vi


class Language(StrEnum):
    """The languages of an explanation."""

    VI = "vi"
    EN = "en"


LANGUAGES: Final[Mapping[Language, Mapping[str, str]]] = {Language.VI: texts_vi.TEXTS, Language.EN: texts_en.TEXTS}
_HOUR: Final = 3_600
"""Seconds."""


class Texts:
    """The texts of one language."""

    def __init__(self, language: Language) -> None:
        self._texts = LANGUAGES[language]

    def say(self, key: str, **values: object) -> str:
        """The text of a key with its placeholders filled in. Raises KeyError for one that nobody has written."""
        return self._texts[key].format(**values).strip()

    def span(self, text: str) -> str:
        """``5 working_day`` in words; what is none as it is."""
        amount, _, unit = text.partition(" ")
        key = f"unit.{unit}"
        return self.say(key, amount=amount) if key in self._texts else text

    def duration(self, seconds: float, *, working: bool) -> str:
        """A length of time, to the second."""
        whole = int(seconds)
        hours, minutes, rest = whole // _HOUR, whole % _HOUR // 60, whole % 60
        text = self.say("duration.hours", hours=hours, minutes=minutes)
        if not hours:
            text = self.say("duration.minutes", minutes=minutes)
        if rest:
            text = self.say("duration.seconds", text=text, seconds=rest)
        return self.say("duration.working" if working else "duration.elapsed", text=text)
