"""How long a record waits for a schema that nobody has published yet (design §4).

Producers may be upgraded first, so an unknown fingerprint is waited for, once; but one sender must not hold up the
others, also where each of its records names a fingerprint of its own.
"""

from __future__ import annotations

from typing import Final

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

SCHEMA_WAIT: Final = 60 * MICROSECONDS_PER_SECOND
"""Microseconds that one fingerprint is waited for (design §4)."""
REST_AFTER_VAIN_WAIT: Final = 600 * MICROSECONDS_PER_SECOND
"""Microseconds after a wait in vain in which no further fingerprint is waited for: at most a tenth of the time is lost
to a sender of noise."""
REMEMBERED: Final = 1_000
"""Fingerprints remembered as given up; older ones would be waited for once more."""


class SchemaPatience:
    """Decides for each unknown fingerprint whether to go on waiting. One object for each partition that is read."""

    def __init__(self, *, wait: Instant = SCHEMA_WAIT, rest: Instant = REST_AFTER_VAIN_WAIT) -> None:
        self._wait = wait
        self._rest = rest
        self._since: dict[bytes, Instant] = {}
        self._given_up: dict[bytes, None] = {}
        self._rest_until: Instant | None = None

    def waits(self, fingerprint: bytes, now: Instant) -> bool:
        """Whether the record that names this fingerprint shall wait; False: it becomes a dead letter."""
        if fingerprint in self._given_up:
            return False
        since = self._since.get(fingerprint)
        if since is None:
            if self._rest_until is not None and now < self._rest_until:
                self._give_up(fingerprint)
                return False
            self._since[fingerprint] = now
            return True
        if now - since < self._wait:
            return True
        del self._since[fingerprint]
        self._rest_until = now + self._rest
        self._give_up(fingerprint)
        return False

    def _give_up(self, fingerprint: bytes) -> None:
        self._given_up[fingerprint] = None
        if len(self._given_up) > REMEMBERED:
            del self._given_up[next(iter(self._given_up))]
