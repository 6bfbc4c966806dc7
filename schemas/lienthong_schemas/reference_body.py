"""What all bodies of reference data share: they are frozen and refuse keys that nobody knows."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """The body of a reference record, or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)
