"""What the catalogue asks of a cluster, and every way in which a cluster can differ from it."""

from dataclasses import replace

import pytest

from lienthong_infra.topic_plan import Difference, TopicState, WantedTopic, differences, wanted_topics
from lienthong_schemas.catalogue import load_catalogue

CATALOGUE = load_catalogue()


def wanted(*, imported: bool = False, brokers: int = 1) -> dict[str, WantedTopic]:
    """Return the topics that the catalogue asks for under the prefix h27."""
    return {topic.name: topic for topic in wanted_topics(CATALOGUE, prefix="h27", imported=imported, brokers=brokers)}


DOSSIER = wanted()["h27.dossier.v1"]
AS_WANTED = TopicState(DOSSIER.name, 4, 1, 0, {**DOSSIER.config, "compression.type": "zstd"}, {})


def drift(state: TopicState) -> list[tuple[str, str, str, str]]:
    """Return setting, wanted, found and remedy of every difference of one topic."""
    return [(one.setting, one.wanted, one.found, one.remedy) for one in differences([DOSSIER], {state.name: state})]


def with_config(**changed: str) -> TopicState:
    """Return the topic with other settings; underscores stand for dots."""
    return replace(AS_WANTED, config={**AS_WANTED.config, **{k.replace("_", "."): v for k, v in changed.items()}})


def test_a_case_topic_is_kept_for_ever_with_the_brokers_time() -> None:
    """The log is the record; known-at is the time of the append."""
    assert (
        WantedTopic(
            "h27.dossier.v1",
            4,
            1,
            {
                "cleanup.policy": "delete",
                "retention.ms": "-1",
                "message.timestamp.type": "LogAppendTime",
                "max.message.bytes": "524288",
                "min.insync.replicas": "1",
            },
        )
        == DOSSIER
    )


def test_an_import_has_its_own_time_and_deletes_nothing() -> None:
    """Records of old years would be older than any retention."""
    settings = {
        (topic.config["message.timestamp.type"], topic.config["retention.ms"])
        for topic in wanted(imported=True).values()
    }
    assert settings == {("CreateTime", "-1")}


def test_the_log_of_an_import_is_not_cut_by_the_weeks_of_the_past() -> None:
    """A segment for each of them would cost the broker work, and readers a fetch for each."""
    hundred_years = str(100 * 365 * 24 * 60 * 60 * 1000)
    assert {topic.config["segment.ms"] for topic in wanted(imported=True).values()} == {hundred_years}
    assert all("segment.ms" not in topic.config for topic in wanted().values())


def test_live_topics_that_only_show_the_way_are_shortened() -> None:
    """Heartbeats and ticks are of no use after a month."""
    month = str(30 * 24 * 60 * 60 * 1000)
    topics = wanted()
    assert {name for name, topic in topics.items() if topic.config["retention.ms"] == month} == {
        "h27.heartbeat.v1",
        "h27.tick.v1",
    }


@pytest.mark.parametrize(("brokers", "replicas", "in_sync"), [(1, 1, "1"), (2, 1, "1"), (3, 3, "2"), (5, 3, "2")])
def test_copies_follow_the_size_of_the_cluster(brokers: int, replicas: int, in_sync: str) -> None:
    """From three brokers on, one may be down and another fail without a loss."""
    found = {(topic.replicas, topic.config["min.insync.replicas"]) for topic in wanted(brokers=brokers).values()}
    assert found == {(replicas, in_sync)}


def test_a_topic_as_wanted_is_no_difference() -> None:
    """Settings that the catalogue does not name are left to the operators."""
    assert drift(AS_WANTED) == []


def test_every_topic_is_missing_on_an_empty_cluster() -> None:
    """The first plan creates all of them."""
    found = differences(list(wanted().values()), {})
    assert {(one.topic, one.found, one.remedy) for one in found} == {(name, "missing", "create") for name in wanted()}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (replace(AS_WANTED, partitions=6), ("partitions", "4", "6", "by-hand")),
        (with_config(retention_ms="1000"), ("retention.ms", "-1", "1000", "repair")),
        (with_config(cleanup_policy="compact"), ("cleanup.policy", "delete", "compact", "repair")),
        (
            with_config(message_timestamp_type="CreateTime"),
            ("message.timestamp.type", "LogAppendTime", "CreateTime", "repair"),
        ),
        (with_config(max_message_bytes="1048588"), ("max.message.bytes", "524288", "1048588", "repair")),
        (replace(AS_WANTED, replicas=3), ("min.insync.replicas", "2", "1", "repair")),
    ],
)
def test_each_kind_of_drift_is_seen(state: TopicState, expected: tuple[str, str, str, str]) -> None:
    """One difference each, with what is wanted, what is there and who can set it right."""
    assert drift(state) == [expected]


def test_a_topic_without_a_file_is_reported() -> None:
    """Below the bus's prefix nothing lives that nobody has written down."""
    stray = replace(AS_WANTED, name="h27.dosier.v1")
    assert drift(stray)[-1:] == [("topic", "not in the catalogue", "present", "by-hand")]


def test_every_remedy_has_its_advice() -> None:
    """A difference says what to do."""
    advice = [
        Difference("h27.dossier.v1", "topic", "", "", "create").advice,
        Difference("h27.dossier.v1", "retention.ms", "", "", "repair").advice,
        Difference("h27.dossier.v1", "partitions", "", "", "by-hand").advice,
        Difference("h27.dossier.v1", "topic", "", "", "by-hand").advice,
    ]
    assert [text.split(" ")[0] for text in advice] == ["create", "set", "never", "no"]
