"""Dead letters in the hands of people: replay, fix, waive, each written down; written = open + replayed + waived."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.letters.actions import Signed, fix, replay, waive
from lienthong_consumers.letters.contents import book_with
from lienthong_consumers.letters.listing import Balance, Selection, actions_on, balance, list_letters, published_schemas
from lienthong_infra.errors import BadInputError
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import SchemaBook, packaged_schema
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import BOOK, case, dossier, hour, outbound, recount_log, reference

pytestmark = pytest.mark.broker
SIGNED = Signed("lan", "the sender has been repaired", datetime(2026, 7, 1, tzinfo=UTC))


def newer_dossier() -> OutboundRecord:
    """A dossier written with a schema that nobody has published yet."""
    newer = packaged_schema("dossier.v1")
    newer["doc"] = "Newer"
    newer["fields"].append({"name": "added", "type": "string", "default": ""})
    sender = SchemaBook()
    mark = sender.learn("dossier.v1", newer)
    plain = BOOK.encode("dossier.v1", dossier(1, 1))
    # The added field stands last: an empty string is one zero byte.
    return OutboundRecord("dossier.v1", case(1).encode(), b"\xc3\x01" + mark + plain[10:] + b"\0")


def publish_schema() -> OutboundRecord:
    """The reference record that makes it known."""
    newer = packaged_schema("dossier.v1")
    newer["doc"] = "Newer"
    newer["fields"].append({"name": "added", "type": "string", "default": ""})
    return reference("schema", "dossier.v1", newer, version=2)


async def one_letter(bench: LedgerBench, record: OutboundRecord) -> str:
    """Let the ledger refuse a record; returns the letter's id."""
    moments = iter((hour(0), *([hour(1)] * 1_000)))
    bench.put(record)
    await bench.settle(clock=lambda: next(moments))
    return str(bench.value("SELECT letter_id FROM dead_letter"))


async def test_a_replayed_letter_reaches_the_ledger(bench: LedgerBench) -> None:
    """The original bytes go to their topic, marked with the letter they come from; the event counts once."""
    letter_id = await one_letter(bench, newer_dossier())
    bench.put(publish_schema())
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        book = book_with(published_schemas(connection))
        await replay(connection, bench.broker.publisher(), book, letter_id, SIGNED)
        assert [one[:3] for one in actions_on(connection, letter_id)] == [("replay", SIGNED.who, SIGNED.why)]
        assert balance(connection) == Balance(written=1, open=0, replayed=1, waived=0)
    first, second = bench.case_records()
    assert (second.key, second.value, second.headers) == (
        first.key,
        first.value,
        (("dl-replay-of", letter_id.encode()),),
    )
    await bench.settle()
    assert bench.rows("SELECT case_id FROM case_row") == [(case(1),)]
    assert bench.value("SELECT count(*) FROM dead_letter") == 1


async def test_what_would_be_refused_again_is_not_replayed(bench: LedgerBench) -> None:
    """It would only make another letter; the problems are told and the letter stays open."""
    letter_id = await one_letter(bench, outbound(dossier(1, 0)))
    with connect_now(bench.dsn, bench.prefix) as connection:
        with pytest.raises(BadInputError, match="seq: 0 is below 1"):
            await replay(connection, bench.broker.publisher(), BOOK, letter_id, SIGNED)
        assert balance(connection) == Balance(1, 1, 0, 0)
    assert len(bench.case_records()) == 1


async def test_a_fixed_letter_reaches_the_ledger_under_its_right_key(bench: LedgerBench) -> None:
    """The fields are written anew; key and event id follow from them."""
    letter_id = await one_letter(bench, outbound(dossier(1, 0))._replace(key=b"wrong"))
    fields = {name: value for name, value in dossier(1, 1).items() if name != "event_id"}
    with connect_now(bench.dsn, bench.prefix) as connection:
        await fix(connection, bench.broker.publisher(), BOOK, letter_id, fields=fields, signed=SIGNED)
    await bench.settle()
    taken = [record for record in bench.case_records() if record.headers]
    assert [(record.key, BOOK.decode("dossier.v1", record.value or b"")["seq"]) for record in taken] == [
        (case(1).encode(), 1)
    ]
    assert bench.counted().rows == recount_log(taken).rows


async def test_a_fix_that_is_wrong_lists_every_problem(bench: LedgerBench) -> None:
    """Nothing is sent, the letter stays open."""
    letter_id = await one_letter(bench, outbound(dossier(1, 0)))
    with connect_now(bench.dsn, bench.prefix) as connection:
        with pytest.raises(BadInputError) as caught:
            await fix(
                connection,
                bench.broker.publisher(),
                BOOK,
                letter_id,
                fields=dossier(1, 0, status=""),
                signed=SIGNED,
            )
        assert caught.value.problems == ("seq: 0 is below 1", "status: it is empty")
        assert balance(connection).open == 1


async def test_a_waived_letter_is_closed_with_its_reason(bench: LedgerBench) -> None:
    """And nothing more can be done to it."""
    letter_id = await one_letter(bench, outbound(dossier(1, 0)))
    with connect_now(bench.dsn, bench.prefix) as connection:
        waive(connection, letter_id, SIGNED)
        assert [(one.action, one.why) for one in actions_on(connection, letter_id)] == [("waive", SIGNED.why)]
        assert balance(connection) == Balance(1, 0, 0, 1)
        with pytest.raises(BadInputError, match="waived already"):
            waive(connection, letter_id, SIGNED)


async def test_a_crash_while_sending_leaves_the_letter_open(bench: LedgerBench) -> None:
    """Sent, but not noted: to replay it again is harmless, for the same event counts once."""

    class Dying:
        async def publish(self, records: object) -> list[object]:
            bench.broker.write(records)  # type: ignore[arg-type]  # the records of the port
            raise KeyboardInterrupt

        async def close(self) -> None:
            """Nothing to release."""

    letter_id = await one_letter(bench, newer_dossier())
    bench.put(publish_schema())
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        book = book_with(published_schemas(connection))
        with pytest.raises(KeyboardInterrupt):
            await replay(connection, Dying(), book, letter_id, SIGNED)  # type: ignore[arg-type]  # as a port
        assert balance(connection).open == 1
        await replay(connection, bench.broker.publisher(), book, letter_id, SIGNED)
    await bench.settle()
    assert (bench.counted().events, bench.counted().duplicates, balance_of(bench)) == (1, 1, Balance(1, 0, 1, 0))


def balance_of(bench: LedgerBench) -> Balance:
    """The letters of a ledger by state."""
    with connect_now(bench.dsn, bench.prefix) as connection:
        return balance(connection)


def test_an_action_needs_a_name_and_a_reason() -> None:
    """Both are kept, so both must say something."""
    with pytest.raises(BadInputError) as caught:
        Signed(" ", "", SIGNED.at)
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["who", "why"]


async def test_letters_are_selected_by_topic_code_and_office(bench: LedgerBench) -> None:
    """The three ways to find what belongs together."""
    bench.put(
        outbound(dossier(1, 0)),
        outbound(dossier(2, 0, office="H27.17")),
        OutboundRecord("document.v1", b"key", b"bad"),
    )
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        found = [
            [one.topic for one in list_letters(connection, selection)]
            for selection in (Selection(topic="document.v1"), Selection(code="broken-rule"), Selection(office="H27.17"))
        ]
    assert found == [["document.v1"], ["dossier.v1", "dossier.v1"], ["dossier.v1"]]


@pytest.fixture
def settings(bench: LedgerBench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment of a command that works on the bench."""
    monkeypatch.setenv("LIENTHONG_LEDGER_DSN", bench.dsn)
    monkeypatch.setenv("LIENTHONG_PREFIX", bench.prefix)
    monkeypatch.setenv("LIENTHONG_HOME", str(tmp_path))


def run(*arguments: str) -> str:
    """What a command prints; it must end well."""
    done = CliRunner().invoke(build_app(), arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.usefixtures("settings")
async def test_the_command_shows_no_payload_unless_asked(bench: LedgerBench) -> None:
    """What was in the record is only printed with --value."""
    letter_id = await one_letter(bench, outbound(dossier(1, 0, step="Secret of Nguyen Van A")))
    shown = run("letters", "list") + run("letters", "show", letter_id[:8]) + run("letters", "list", "--json")
    assert (letter_id in shown, "Secret" in shown, case(1) in shown) == (True, False, False)
    assert json.loads(run("letters", "show", letter_id, "--value", "--json"))["value"]["step"] == (
        "Secret of Nguyen Van A"
    )


@pytest.mark.usefixtures("settings")
async def test_the_command_waives_with_a_reason(bench: LedgerBench) -> None:
    """By the beginning of an id."""
    letter_id = await one_letter(bench, outbound(dossier(1, 0)))
    assert run("letters", "waive", letter_id[:8], "--why", "a test", "--who", "lan") == f"{letter_id}: waived\n"
    assert json.loads(run("letters", "list", "--state", "all", "--json"))["balance"] == Balance(1, 0, 0, 1)._asdict()


@pytest.mark.usefixtures("settings")
def test_an_unknown_letter_is_refused_with_words(bench: LedgerBench) -> None:
    """Exit code and text come from the error."""
    del bench
    with pytest.raises(BadInputError, match="12345678: there is no such letter"):
        CliRunner().invoke(
            build_app(), ["letters", "waive", "12345678", "--why", "x"], catch_exceptions=False, standalone_mode=False
        )
