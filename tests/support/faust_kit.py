"""The kit of a real Kafka whose members are Faust's."""

from __future__ import annotations

from lienthong_infra.kafka.membership import GroupTimes
from lienthong_infra.ports import Membership
from lienthong_streams.faust_host.app import AppPlan
from lienthong_streams.faust_host.membership import FaustMembership
from tests.support.brokers import KafkaKit
from tests.support.stage import INPUT, QUICK


class FaustKit(KafkaKit):
    """Everything as on Kafka; a member of the group is a Faust app."""

    def _new_member(self, application: str, times: GroupTimes) -> Membership:
        return FaustMembership(AppPlan(self.bootstrap, self.prefix, [INPUT], application, QUICK, times))
