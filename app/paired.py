"""How two models on the same letters are told of, for people and programs."""

from typing import Any

from classify.compare import Paired


def paired_document(pair: Paired) -> dict[str, Any]:
    middle, low, high = pair.difference()
    return {
        "letters": pair.letters,
        "both": pair.both,
        "only_a": pair.only_a,
        "only_b": pair.only_b,
        "neither": pair.neither,
        "difference": round(middle, 4),
        "interval": [round(low, 4), round(high, 4)],
        "mcnemar_exact": round(pair.exact, 4),
        "mcnemar_mid_p": round(pair.mid_p, 4),
    }
