"""What every part of the measurement shares."""

from datetime import UTC, datetime

from app.training import SEED as SEED

TRAINED_AT = datetime(2026, 11, 22, tzinfo=UTC)
