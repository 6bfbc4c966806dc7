"""Topics on a real cluster: created as the catalogue says, drift seen and set right, groups shown."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import OffsetAndMetadata

from lienthong_infra import ports
from lienthong_infra.errors import UnavailableError, UnknownTopic
from lienthong_infra.kafka.admin import GroupOffset, KafkaAdmin
from lienthong_infra.kafka.connection import Patience
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_schemas.catalogue import Catalogue, load_catalogue

pytestmark = pytest.mark.broker

CATALOGUE = load_catalogue()
FEW = Catalogue({name: CATALOGUE.topics[name] for name in ("dossier.v1", "tick.v1", "deadlines-changelog-dossier.v1")})
DEADLINE_S = 30.0


@pytest.fixture
async def admin(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[KafkaAdmin]:
    """Administration of a prefix without topics; what a test creates is deleted."""
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        yield admin
        await admin.delete(list(await admin.describe()))


@pytest.fixture
async def foreign(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Somebody else's administration, who changes things behind our back."""
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await client.start()
    yield client
    await client.close()


async def changed(client: AIOKafkaAdminClient, name: str, **settings: str) -> None:
    """Set these settings of a topic, and no others; underscores stand for dots."""
    values = {key.replace("_", "."): value for key, value in settings.items()}
    await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, values)])


async def drift(admin: KafkaAdmin, expected: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return setting and remedy of every difference, as soon as they are the expected ones or the deadline is over."""
    end = asyncio.get_running_loop().time() + DEADLINE_S
    while True:
        found: set[tuple[str, str]] = {(one.setting, one.remedy) for one in await admin.plan(FEW)}
        if found == expected or asyncio.get_running_loop().time() > end:
            return found
        await asyncio.sleep(0.05)


async def test_all_topics_are_created_as_the_catalogue_asks(admin: KafkaAdmin) -> None:
    """After an apply there is nothing left to do, and every partition has a leader."""
    done = await admin.apply(CATALOGUE)
    states = (await admin.describe()).values()
    assert {one.remedy for one in done} == {"create"}
    assert await admin.plan(CATALOGUE) == []
    assert {state.name.split(".", 1)[1]: state.partitions for state in states} == {
        name: topic.config.partitions for name, topic in CATALOGUE.topics.items()
    }
    assert {state.without_leader for state in states} == {0}


async def test_to_apply_again_changes_nothing(admin: KafkaAdmin) -> None:
    """Every start of the bus may apply the catalogue."""
    await admin.apply(FEW)
    assert await admin.apply(FEW) == []


async def test_two_at_the_same_time_do_no_harm(admin: KafkaAdmin, kafka_bootstrap: str, unique_prefix: str) -> None:
    """Several processes of a bus start together."""
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as other:
        await asyncio.gather(admin.apply(FEW), other.apply(FEW))
    assert await admin.plan(FEW) == []


async def test_settings_are_set_right_and_those_of_others_stay(
    admin: KafkaAdmin, foreign: AIOKafkaAdminClient, unique_prefix: str
) -> None:
    """What somebody has changed comes back; what the catalogue does not name is the operators' own."""
    await admin.apply(FEW)
    name = f"{unique_prefix}.dossier.v1"
    await changed(foreign, name, retention_ms="1000", compression_type="gzip")
    lost = {(setting, "repair") for setting in ("retention.ms", "message.timestamp.type", "max.message.bytes")}
    assert await drift(admin, lost) == lost
    await admin.apply(FEW)
    state = (await admin.describe())[name]
    assert (await admin.plan(FEW), state.config["compression.type"]) == ([], "gzip")


async def test_partitions_are_never_changed(
    admin: KafkaAdmin, foreign: AIOKafkaAdminClient, unique_prefix: str
) -> None:
    """The key decides the partition: a topic with others is for a person to judge."""
    await admin.apply(FEW)
    await foreign.create_partitions({f"{unique_prefix}.dossier.v1": NewPartitions(6)})
    assert await drift(admin, {("partitions", "by-hand")}) == {("partitions", "by-hand")}
    assert await admin.apply(FEW) == []
    assert [(one.wanted, one.found) for one in await admin.plan(FEW)] == [("4", "6")]


async def test_an_import_differs_from_the_live_bus(admin: KafkaAdmin, unique_prefix: str) -> None:
    """The writer's time counts and nothing is deleted; the same prefix as a live bus would differ."""
    await admin.apply(FEW, imported=True)
    assert await admin.plan(FEW, imported=True) == []
    assert {(one.topic, one.setting) for one in await admin.plan(FEW)} == {
        (f"{unique_prefix}.dossier.v1", "message.timestamp.type"),
        (f"{unique_prefix}.tick.v1", "message.timestamp.type"),
        (f"{unique_prefix}.tick.v1", "retention.ms"),
    }


async def test_topics_of_other_buses_are_not_seen(admin: KafkaAdmin, kafka_bootstrap: str, unique_prefix: str) -> None:
    """Several buses live on one cluster, also where one name begins with the other."""
    async with KafkaAdmin(kafka_bootstrap, f"{unique_prefix}-2") as other:
        await other.apply(FEW)
        assert await admin.describe() == {}
        await other.delete(list(await other.describe()))


async def test_ends_and_group_offsets_are_shown(admin: KafkaAdmin, kafka_bootstrap: str, unique_prefix: str) -> None:
    """What `status` needs: how far the log goes, and what a group says about itself."""
    await admin.apply(FEW)
    name = f"{unique_prefix}.tick.v1"
    publisher = KafkaPublisher(kafka_bootstrap, unique_prefix)
    await publisher.publish([ports.OutboundRecord("tick.v1", None, b"x")] * 3)
    await publisher.close()
    member = AIOKafkaConsumer(
        bootstrap_servers=kafka_bootstrap, group_id=f"{unique_prefix}.deadlines", enable_auto_commit=False
    )
    await member.start()
    member.assign([TopicPartition(name, 0)])
    await member.commit({TopicPartition(name, 0): OffsetAndMetadata(2, "generation 7")})
    await member.stop()
    assert await admin.log_ends(["tick.v1"]) == {ports.TopicPartition("tick.v1", 0): 3}
    assert await admin.group_offsets("deadlines") == {
        ports.TopicPartition("tick.v1", 0): GroupOffset(2, "generation 7")
    }


async def test_a_group_that_nobody_has_joined_has_no_offsets(admin: KafkaAdmin) -> None:
    """Before the first start there is nothing to show, and that is no fault."""
    assert await admin.group_offsets("nobody") == {}


async def test_the_end_of_an_unknown_topic_is_a_clear_error(admin: KafkaAdmin, unique_prefix: str) -> None:
    """The name and what to do."""
    with pytest.raises(UnknownTopic, match=f"{unique_prefix}.dossier.v1"):
        await admin.log_ends(["dossier.v1"])


async def test_a_broker_that_is_away_is_given_up_after_the_limit(unique_prefix: str) -> None:
    """One error with the address, not the client's own."""
    admin = KafkaAdmin("127.0.0.1:1", unique_prefix, patience=Patience(limit_s=0.2, first_wait_s=0.1))
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1"):
        await admin.start()
