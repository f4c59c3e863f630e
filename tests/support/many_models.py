"""Small models, trained at once from a few made-up letters."""

from datetime import UTC, datetime, timedelta
from functools import cache

from classify.labelled import LabelledText
from classify.model import Model
from classify.train import train
from domain.ids import UnitCode

SAID = {"water": ("停水", "自来水", "水压", "水管"), "roads": ("路面", "公交", "路灯", "坑洼")}
TRAINED = datetime(2026, 3, 1, tzinfo=UTC)


def letters(seed: int, count: int = 60) -> list[LabelledText]:
    rows = []
    for at in range(count):
        unit = ("water", "roads")[at % 2]
        words = SAID[unit]
        text = f"{words[(at + seed) % 4]}的问题，{words[(at * seed) % 4]}第{at + seed}天了"
        rows.append(LabelledText(words[at % 4], text, UnitCode(unit), TRAINED - timedelta(days=count - at)))
    return rows


@cache
def trained(seed: int) -> Model:
    return train(letters(seed), units=None, seed=seed, trained_at=TRAINED)
