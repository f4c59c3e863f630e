"""The analysts' loop on the sample city, as the guide walks through it, while a worker runs."""

import csv
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.fenban import FENBAN, City
from tests.support.servers import ROOT

SAMPLE = ROOT / "deploy" / "sample-city"
SECONDS = 120


@pytest.fixture
def city(tmp_path: Path) -> City:
    city = City(tmp_path / "city")
    city.run("init", str(city.folder), "--city-id", "chengling", "--region", "990100", bare=True)
    for name in ("units.toml", "rules.toml", "places.toml"):
        if (SAMPLE / name).exists():
            shutil.copy(SAMPLE / name, city.folder / name)
    return city


def until(model: str, log: Path) -> None:
    """Waits until the worker has said that it took the model up."""
    for _ in range(SECONDS * 5):
        if any("model_taken_up" in line and model in line for line in log.read_text(encoding="utf-8").splitlines()):
            return
        time.sleep(0.2)
    raise AssertionError(f"{model} was not taken up: {log.read_text(encoding='utf-8')[-2000:]}")


def test_two_models_shadow_promotion_and_rollback_while_a_worker_runs(city: City, tmp_path: Path) -> None:
    half = tmp_path / "half.csv"
    with (SAMPLE / "past-letters.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with half.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows[:200])
    city.run("train", "--csv", str(SAMPLE / "past-letters.csv"), "--by", "wang")
    city.run("train", "--csv", str(half), "--curve", "--by", "wang")
    known = city.run("models", "--json").document()
    a = known["live"]
    (b,) = [one["version"] for one in known["models"] if one["version"] != a]
    assert known["models"][0]["test_set"] == known["models"][1]["test_set"]
    assert [point["letters"] for point in known["models"][0]["metrics"]["curve"]] == sorted(
        point["letters"] for point in known["models"][0]["metrics"]["curve"]
    )
    compared = city.run("compare", a, b, "--json").document()
    assert compared["letters"] == 60
    assert compared["top1"]["only_a"] > compared["top1"]["only_b"]
    log = tmp_path / "worker.log"
    with log.open("w", encoding="utf-8") as out:
        worker = subprocess.Popen(
            [FENBAN, "--settings", str(city.settings), "work"], stdout=out, stderr=subprocess.STDOUT, env=city.environment(None)
        )
        try:
            city.run("shadow", b, "--by", "wang")
            assert city.run("shadow", "--json").document()["shadow"] == b
            refused = city.run("promote", b, "--json", code=1).document()
            assert not refused["promoted"]
            assert any("does not know" in line for line in refused["objections"]), refused
            assert city.run("models", "--json").document()["live"] == a
            said = city.run("promote", b, "--anyway", "试一试", "--by", "wang", "--json").document()
            assert (said["promoted"], said["before"]) == (True, a)
            until(b, log)
            back = city.run("rollback", "--reason", "退回增多", "--by", "wang", "--json").document()
            assert back == {"live": a, "before": b}
            until(a, log)
        finally:
            worker.terminate()
            worker.wait(timeout=60)
    history = city.run("models", "--json").document()["history"]
    assert [one["action"] for one in history] == ["register", "promote", "register", "shadow", "promote", "rollback"]
    assert city.run("audit", "verify").code == 0
    page = tmp_path / "report.html"
    city.run("report", "live", "--out", str(page))
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"(src|href)\s*=|https?://(?!www\.w3\.org)|@import|url\(", text)
    assert text.count("<svg") >= 2
    bodies = [row[1] for row in rows[1:]]
    assert not [
        body
        for body in bodies
        for start in range(0, max(1, len(body) - 12), 6)
        if len(body) > 12 and body[start : start + 12] in text
    ]
    table, parquet = tmp_path / "labels.csv", tmp_path / "labels.parquet"
    told = city.run("export", "labels", "--csv", str(table), "--parquet", str(parquet), "--json")
    assert json.loads(told.out) == {"letters": 0, "frozen": 0}
    assert table.read_text(encoding="utf-8-sig").splitlines() == ["number,matter,subject,body,unit,at,partial,frozen"]
    assert parquet.exists()
