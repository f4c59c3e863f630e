"""What the store knows, for collectors under test."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.ids import ChannelId, ExternalId, Number
from domain.messages import Batch, SeenItem


class FakeSeen:
    """``domain.ports.Seen``. ``commit`` is what the pipeline does with a batch."""

    def __init__(self) -> None:
        self.items: dict[tuple[ChannelId, ExternalId], SeenItem] = {}

    def seen(self, channel: ChannelId, external_ids: Sequence[ExternalId]) -> Mapping[ExternalId, SeenItem]:
        return {ident: self.items[channel, ident] for ident in external_ids if (channel, ident) in self.items}

    def commit(self, batch: Batch, at: datetime) -> None:
        for capture in [*batch.captures, *(reject.capture for reject in batch.rejects)]:
            content = str(hash(capture.parts))
            self.items[capture.channel, capture.external_id] = SeenItem(capture.list_mark, content, at, Number(""))
