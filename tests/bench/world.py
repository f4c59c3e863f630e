"""A city for the benchmark: units, keys, a trained model, an empty store. Made once; every run starts from a copy."""

import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from classify.labelled import LabelledText
from classify.model import save_model
from classify.train import train
from domain.ids import UnitCode
from store.keys import new_key_file
from store.migrate import upgrade
from tests.bench.messages import UNIT_CODES, labelled
from tests.support.made_letters import DISTRICTS

TRAINING = 3000
SETTINGS = """
[city]
id = "bench"
name = "云泽市"
region = "990100"
[decide]
check_share = 0
[log]
level = "error"
"""


def make_world(folder: Path, training: int = TRAINING) -> None:
    """Writes everything that a run needs; the letters that train are none of those that are measured."""
    folder.mkdir(parents=True)
    (folder / "fenban.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "units.toml").write_text(_units(), encoding="utf-8")
    (folder / "keys").mkdir()
    for name in ("master-1.key", "index-1.key"):
        new_key_file(folder / "keys" / name)
    rows = [LabelledText(subject, body, UnitCode(unit)) for subject, body, unit in labelled(training, seed=7)]
    model = train(rows, units=None, seed=1, trained_at=datetime(2026, 11, 1, tzinfo=UTC))
    (folder / "models").mkdir()
    save_model(model, folder / "models" / "bench.model")
    (folder / "models" / "live").write_text("bench", encoding="utf-8")
    (folder / "data").mkdir()
    upgrade(f"sqlite:///{folder / 'data' / 'fenban.db'}")


def fresh(world: Path, folder: Path) -> Path:
    """A copy of the world in ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(world, folder)
    return folder


def _units() -> str:
    tables = []
    for name, code in UNIT_CODES.items():
        district = next((place for place in DISTRICTS if name.startswith(place)), "")
        level, region = ("county", f"9901{DISTRICTS.index(district) + 2:02d}") if district else ("city", "990100")
        tables.append(
            f'[[unit]]\ncode = "{code}"\nname = "{name}"\nlevel = "{level}"\nregion = "{region}"\nduties = ["{name}的职责"]\n'
            f"places = {[district] if district else []}\ncatch_all = {'true' if district else 'false'}\n"
        )
    return "\n".join(tables)


def peak_megabytes() -> float:
    """The largest resident size of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():
        # Linux counts what the parent had in a child's ru_maxrss.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def seconds() -> float:
    return time.perf_counter()
