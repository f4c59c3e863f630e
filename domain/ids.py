"""Identifiers. All are plain strings at run time; the types keep them apart for the reader and for mypy."""

from typing import NewType

ChannelId = NewType("ChannelId", str)
"""A channel's id in the settings: ``[a-z][a-z0-9]*``, part of every number given on it."""

ExternalId = NewType("ExternalId", str)
"""What a channel calls an item; with the channel it says that two captures are the same item. Always a string."""

Number = NewType("Number", str)
"""``YYYYMMDD-<channel>-NNNNNN``: the date of registration in Asia/Shanghai, without gaps per channel and day."""

MatterId = NewType("MatterId", str)
"""The number of the matter's first message."""

UnitCode = NewType("UnitCode", str)
"""``[a-z0-9-]+``; ``office`` is reserved for the office that runs fenban."""

AssignmentId = NewType("AssignmentId", str)
"""``<matter>.<unit>.<n>``: the n-th time this unit was given a part in this matter."""

EventId = NewType("EventId", str)
"""Stable for one event whatever is sent again: consumers drop repeats by it."""

VaultOwner = NewType("VaultOwner", str)
"""Whose data key seals a value: one for each item of a channel, so that one citizen's item can be shredded alone."""

OFFICE = UnitCode("office")
