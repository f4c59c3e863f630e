"""The plain version on PostgreSQL and Kafka: the same steps by SQLAlchemy Core, and kafka-python's producer as it is by default."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kafka import KafkaProducer
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.dialects.postgresql import insert

from store import schema
from tests.bench import plain
from tests.bench.on_servers import Addresses


class PlainOnServers(plain.PlainPipeline):
    def close(self) -> None:
        self._engine.dispose()
        self._producer.close()

    def _opened(self, folder: Path) -> Engine:
        told = Addresses.read(folder)
        self._producer = KafkaProducer(**told.kafka)
        return create_engine(told.store.replace("postgresql://", "postgresql+psycopg://"))

    def _publish(self, records: Sequence[Any], now: int) -> None:
        sent = [
            self._producer.send(
                row["topic"],
                key=row["key"].encode(),
                value=row["value"].encode(),
                headers=[("id", row["event_id"].encode()), ("attributes", row["headers"].encode())],
                timestamp_ms=now // 1000,
            )
            for row in records
        ]
        self._producer.flush()
        for future in sent:
            future.get(timeout=0)

    def _claim_texts(self, connection: Connection, claims: plain.Rows) -> None:
        connection.execute(insert(schema.text_claims).on_conflict_do_nothing(), claims)


def run(folder: Path, captures: Sequence[bytes], training: int) -> dict[str, Any]:
    return plain.run(folder, captures, training, PlainOnServers)
