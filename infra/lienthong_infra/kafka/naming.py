"""Names on the cluster: every topic, group and transactional id carries the bus's prefix; inside there is none."""

from __future__ import annotations


def full_name(prefix: str, name: str) -> str:
    """The name on the cluster: ``h27.dossier.v1``."""
    return f"{prefix}.{name}"


def logical_name(prefix: str, name: str) -> str:
    """The name inside the bus: ``dossier.v1``. Raises ValueError for a name of another bus."""
    if not name.startswith(f"{prefix}."):
        raise ValueError(f"{name} does not belong to the bus {prefix}")
    return name[len(prefix) + 1 :]


def group_name(prefix: str, application: str) -> str:
    """The consumer group of an application: ``h27.deadlines``."""
    return f"{prefix}.{application}"


def transactional_id(prefix: str, application: str, topic: str, partition: int) -> str:
    """The name under which the owner of a partition writes: ``h27-deadlines-dossier.v1-3``."""
    return f"{prefix}-{application}-{topic}-{partition}"
