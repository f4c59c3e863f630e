"""A model as a file: compressed arrays and one JSON document, checked by hash; never pickle."""

import hashlib
import json
import os
import zipfile
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from classify.confidence import Calibration
from classify.features import FeatureSpace, FloatArray
from classify.names import NamePattern
from domain.errors import HaltForPerson
from domain.ids import UnitCode

FORMAT = "fenban-model-1"
_REMEDY = "train a model with `fenban train`, or restore this file from a backup"


@dataclass(frozen=True, slots=True)
class ModelData:
    """All a model is. ``weights``: int8, columns × units, times ``scales`` (one per column) the linear weights.
    ``name_weights``: kinds of names × units, added once where a text names the unit."""

    units: tuple[UnitCode, ...]
    space: FeatureSpace
    weights: npt.NDArray[np.int8]
    scales: FloatArray
    bias: FloatArray
    patterns: tuple[NamePattern, ...]
    name_weights: FloatArray
    calibration: Calibration
    target: float
    trained_at: datetime
    n_rows: int
    version: str


def content_hash(data: ModelData) -> str:
    """Hexadecimal SHA-256 over all that decides what the model answers; the time of training is not part of it."""
    digest = hashlib.sha256()
    for name, array in sorted(_arrays(data).items()):
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(json.dumps(_document(replace(data, version="")), sort_keys=True).encode())
    return digest.hexdigest()


def with_version(data: ModelData) -> ModelData:
    """The same data named after the day of its training (UTC) and its content: ``20261122-ab12cd34``."""
    return replace(data, version=f"{data.trained_at:%Y%m%d}-{content_hash(data)[:8]}")


def write_data(data: ModelData, path: Path) -> None:
    """Writes the model whole or not at all. Raises HaltForPerson when the place cannot be written."""
    arrays = _arrays(data)
    document = {**_document(data), "sha256": content_hash(data), "trained_at": data.trained_at.isoformat()}
    arrays["document"] = np.frombuffer(json.dumps(document, ensure_ascii=False).encode(), dtype=np.uint8)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            np.savez_compressed(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise HaltForPerson(
            f"the model cannot be written to {path}: {error.strerror}", remedy="check space and rights"
        ) from error


def read_data(path: Path) -> ModelData:
    """The model of that file. Raises HaltForPerson when there is none, or it is foreign, corrupted or of another format."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        document = json.loads(arrays.pop("document").tobytes())
    except FileNotFoundError as error:
        raise HaltForPerson(f"there is no model at {path}", remedy=_REMEDY) from error
    except OSError as error:
        raise HaltForPerson(f"the model {path} cannot be read: {error.strerror or 'not a model file'}", remedy=_REMEDY) from error
    except (ValueError, KeyError, EOFError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise HaltForPerson(f"{path} is not a model of fenban, or is damaged", remedy=_REMEDY) from error
    return _data(path, document, arrays)


def _data(path: Path, document: Any, arrays: dict[str, Any]) -> ModelData:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise HaltForPerson(f"{path} is of another format than {FORMAT}", remedy=_REMEDY)
    try:
        vocabulary = tuple(arrays["vocabulary"].tobytes().decode().split("\n")) if arrays["vocabulary"].size else ()
        keys = tuple(arrays[f"keys{block}"] for block in range(document["blocks"]))
        data = ModelData(
            units=tuple(UnitCode(code) for code in document["units"]),
            space=FeatureSpace(document["tokenizer"], vocabulary, keys, arrays["idf"]),
            weights=arrays["weights"],
            scales=arrays["scales"],
            bias=arrays["bias"],
            patterns=tuple(NamePattern(text, unit, kind) for text, unit, kind in document["patterns"]),
            name_weights=arrays["name_weights"],
            calibration=Calibration(
                steepness=document["steepness"],
                weights=tuple(document["confidence"]),
                unit_precision=arrays["unit_precision"],
                held_confidence=arrays["held_confidence"],
                held_right=arrays["held_right"],
                held_block=arrays["held_block"],
            ),
            target=document["target"],
            trained_at=datetime.fromisoformat(document["trained_at"]),
            n_rows=document["n_rows"],
            version=document["version"],
        )
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        raise HaltForPerson(f"{path} is not a whole model", remedy=_REMEDY) from error
    if content_hash(data) != document.get("sha256"):
        raise HaltForPerson(f"{path} was changed or damaged after it was written", remedy=_REMEDY)
    return data


def _arrays(data: ModelData) -> dict[str, Any]:
    return {
        "vocabulary": np.frombuffer("\n".join(data.space.words).encode(), dtype=np.uint8),
        **{f"keys{block}": keys for block, keys in enumerate(data.space.keys)},
        "idf": data.space.idf,
        "weights": data.weights,
        "scales": data.scales,
        "bias": data.bias,
        "name_weights": data.name_weights,
        "unit_precision": data.calibration.unit_precision,
        "held_confidence": data.calibration.held_confidence,
        "held_right": data.calibration.held_right,
        "held_block": data.calibration.held_block,
    }


def _document(data: ModelData) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": data.version,
        "units": list(data.units),
        "tokenizer": data.space.tokenizer,
        "blocks": len(data.space.keys),
        "patterns": [[pattern.text, pattern.unit, pattern.kind] for pattern in data.patterns],
        "steepness": data.calibration.steepness,
        "confidence": list(data.calibration.weights),
        "target": data.target,
        "n_rows": data.n_rows,
    }
