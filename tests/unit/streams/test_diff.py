"""Announcements: once per identity, withdrawn by name, confirmed when firm. Source: design §2 (P6), §5."""

from __future__ import annotations

from lienthong_schemas.records import FIRM, PROVISIONAL_SILENCE
from lienthong_streams.domain.announcements import Emission, diff, settled, settled_of
from lienthong_streams.domain.fold import fold
from tests.support.cases import CASE, book, event, known, minute


class Teller:
    """Folds a growing history and says what changed."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}
        self.withdrawals: dict[str, str] = {}
        self.heard = {"H27.16": 0}

    def tell(self, *events: tuple[int, str, float], horizon: float) -> list[tuple[str, str]]:
        emissions = self.emissions(*events, horizon=horizon)
        return [(one.kind, one.settled_key.split("|", 3)[3]) for one in emissions]

    def emissions(self, *events: tuple[int, str, float], horizon: float) -> tuple[Emission, ...]:
        timeline = known([event(*one, due=60) for one in events])
        self.fold = fold(timeline, book(), minute(horizon), self.heard)
        return diff(CASE, self.standing, self.withdrawals, self.fold)


def test_what_was_said_is_not_said_again() -> None:
    """The same fold twice gives nothing the second time."""
    teller = Teller()
    assert [kind for kind, _ in teller.tell((1, "2", 0), horizon=10)] == ["said"]
    assert teller.tell((1, "2", 0), horizon=20) == []


def test_a_breach_of_a_silent_office_is_confirmed_when_it_is_heard() -> None:
    """Provisional first, confirmed once the office is complete up to the due time."""
    teller = Teller()
    (_, breach) = teller.emissions((1, "2", 0), horizon=61)
    assert breach.firmness == PROVISIONAL_SILENCE
    teller.heard = {"H27.16": minute(60)}
    (confirmation,) = teller.emissions((1, "2", 0), horizon=62)
    assert ("confirmed", breach.event_id, FIRM) == (confirmation.kind, confirmation.refers_to, confirmation.firmness)


def test_a_breach_that_a_late_end_disproves_is_withdrawn_by_name() -> None:
    """The office was offline and had ended the case in time: cleared, then met."""
    teller = Teller()
    (_, breach) = teller.emissions((1, "2", 0), horizon=61)
    cleared, *said = teller.emissions((1, "2", 0), (2, "4", 1), (3, "9", 59), horizon=70)
    assert ("withdrawn", breach.event_id) == (cleared.kind, cleared.refers_to)
    assert [one.settled_key.split("|")[3] for one in said] == ["met"]


def test_what_is_true_again_after_a_withdrawal_has_another_id() -> None:
    """Its id names the withdrawal (design §5)."""
    teller = Teller()
    (_, first) = teller.emissions((1, "2", 0), horizon=61)
    teller.emissions((1, "2", 0), (2, "5", 59), horizon=62)
    again = [one for one in teller.emissions((1, "2", 0), horizon=63) if one.settled_key == first.settled_key]
    assert len(again) == 1
    assert again[0].event_id != first.event_id


def test_a_firm_breach_stays_firm_when_the_office_falls_silent() -> None:
    """It had been heard up to the due time: nothing is said."""
    teller = Teller()
    teller.heard = {"H27.16": minute(60)}
    teller.tell((1, "2", 0), horizon=61)
    teller.heard = {}
    assert teller.tell((1, "2", 0), horizon=62) == []


def test_a_hole_behind_a_firm_verdict_says_it_again_as_provisional() -> None:
    """What opens behind a verdict is said: withdrawn and said again, and confirmed when the hole is filled."""
    teller = Teller()
    teller.heard = {"H27.16": minute(1000)}
    teller.tell((1, "2", 0), horizon=61)
    with_hole = teller.tell((1, "2", 0), (3, "4", 70), horizon=71)
    assert ("withdrawn", "breached||2025-06-15T16:06:40Z") in with_hole
    assert ("said", "breached||2025-06-15T16:06:40Z") in with_hole
    filled = teller.tell((1, "2", 0), (2, "4", 65), (3, "4", 70), horizon=72)
    assert ("confirmed", "breached||2025-06-15T16:06:40Z") in filled


def test_what_stands_is_what_holds() -> None:
    """After every diff the settled form of both sides is equal."""
    teller = Teller()
    for events in [((1, "2", 0),), ((1, "2", 0), (3, "9", 61)), ((1, "2", 0), (2, "5", 10), (3, "9", 61))]:
        teller.emissions(*events, horizon=70)
        assert settled_of(CASE, teller.fold) == settled(CASE, teller.standing)
