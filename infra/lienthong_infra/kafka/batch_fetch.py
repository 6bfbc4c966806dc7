"""Records taken out of a consumer's hands in whole batches, several times cheaper in Python than one by one.

The consumer fetches, follows its group and keeps positions as ever. But its ``getmany`` makes an object of each record,
by way of two generators, of which ours would then be made. Here ours are made of what lies in a batch by one loop.

Stands on parts of the client that it does not promise to keep: what its ``fetched_records``, ``getall`` and
``_unpack_records`` do is done here instead. The client's version is pinned, and ``tests/contract/test_batch_fetch.py``
holds what is taken here to what ``getmany`` gives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult
from aiokafka.errors import CorruptRecordException

from lienthong_infra.kafka.records import from_client, records_in
from lienthong_infra.ports import Record

Taken = dict[Any, list[Record]]
"""By the names of the partitions on the cluster."""


class BatchFetch:
    """Takes from one consumer, from which nothing else may take."""

    def __init__(self, consumer: Any, prefix: str) -> None:
        self._consumer = consumer
        self._fetcher = consumer._fetcher
        self._prefix = prefix
        self._cut: dict[Any, tuple[Any, list[Record], int]] = {}
        """Of a partition: what was fetched, what is left of the batch that was begun, and where that batch ends."""

    async def take(self, partitions: Collection[Any] = (), *, timeout: float = 0.0, limit: int) -> Taken:
        """At most ``limit`` committed records of these partitions, or of all; empty after ``timeout`` seconds.

        Longer in a rebalance. Raises what ``getmany`` raises.
        """
        subscription, clock = self._consumer._subscription, asyncio.get_running_loop().time
        self._consumer._coordinator.check_errors()
        until = clock() + timeout
        with subscription.fetch_context():
            while True:
                if subscription.reassignment_in_progress:  # what is in hand may be another member's by now
                    await subscription.wait_for_assignment()
                taken = self._held(partitions, limit)
                if taken or not timeout:
                    return taken
                waiter = self._fetcher._create_fetch_waiter()
                done, _ = await asyncio.wait([waiter], timeout=max(0.0, until - clock()))
                if not done or self._fetcher._closed:
                    waiter.cancel()
                    return {}
                waiter.result()

    def _held(self, partitions: Collection[Any], limit: int) -> Taken:
        taken: Taken = {}
        for partition in [each for each in self._fetcher._records if not partitions or each in partitions]:
            result = self._fetcher._records[partition]
            if not isinstance(result, FetchResult):
                if not taken:
                    self._used_up(partition)
                    result.check_raise()
                return taken  # the error comes next time
            found = self._of(partition, result, limit) if result.check_assignment(partition) else []
            if not result.has_more():
                self._used_up(partition)
            if found:
                taken[partition] = found
                limit -= len(found)
            if not limit:
                return taken
        return taken

    def _used_up(self, partition: Any) -> None:
        """Let the client fetch more of it."""
        del self._fetcher._records[partition]
        self._fetcher._notify(self._fetcher._wait_consume_future)

    def _of(self, partition: Any, result: Any, limit: int) -> list[Record]:
        """Of one partition; moves its position."""
        fetched = result._partition_records
        cut_from, found, end = self._cut.pop(partition, (None, [], 0))
        if cut_from is fetched:
            fetched.next_fetch_offset = end
        else:  # it was fetched anew since, after a seek or a rebalance
            found = []
        while len(found) < limit and fetched._records.has_next():
            found += _next_batch(fetched, *from_client(self._prefix, partition))
        if len(found) > limit:
            self._cut[partition] = fetched, found[limit:], fetched.next_fetch_offset
            fetched.next_fetch_offset = found[limit].offset
            del found[limit:]
        result._update_position()
        if partition not in self._cut and not fetched._records.has_next():
            result._partition_records = None
        return found


def _next_batch(fetched: Any, topic: str, number: int) -> list[Record]:
    """The committed records of the next batch, from the position on; moves it. Raises CorruptRecordException."""
    batch = fetched._records.next_batch()
    if not batch.validate_crc():
        raise CorruptRecordException(f"the batch at {batch.base_offset} of {topic}/{number} is damaged")
    position, fetched.next_fetch_offset = fetched.next_fetch_offset, batch.next_offset
    if fetched._isolation_level == READ_COMMITTED and batch.producer_id is not None:
        fetched._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and fetched._contains_abort_marker(batch):
            fetched._aborted_producers.discard(batch.producer_id)
        if batch.is_transactional and batch.producer_id in fetched._aborted_producers:
            return []
    if batch.is_control_batch:
        return []
    found = records_in(batch, topic, number)
    return found if found and found[0].offset >= position else [each for each in found if each.offset >= position]
