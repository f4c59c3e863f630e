"""Files of settings as Windows' editor saves them: with a byte order mark they are the same files; in GB18030 the remedy is said."""

from pathlib import Path

import pytest

from domain.errors import BadSettings
from ingest.portal_profile import load_profile
from route.calendar import WorkingCalendar
from tests.support.fenban import City

MARK = b"\xef\xbb\xbf"
OWN = ("fenban.toml", "units.toml", "rules.toml")
PROFILE = Path(__file__).parents[1] / "data" / "portals" / "table.toml"


@pytest.fixture
def city(tmp_path: Path) -> City:
    made = City(tmp_path / "city")
    made.run("init", str(made.folder), "--region", "990100", bare=True)
    return made


def test_a_byte_order_mark_changes_nothing(city: City) -> None:
    for name in OWN:
        path = city.folder / name
        path.write_bytes(MARK + path.read_bytes())
    assert city.run("check", "--json").document()["problems"] == []


@pytest.mark.parametrize("name", OWN)
def test_another_charset_is_told_with_its_remedy(city: City, name: str) -> None:
    path = city.folder / name
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    (problem,) = city.run("check", "--json", code=1).document()["problems"]
    assert name in problem
    assert "→" in problem
    assert "save it as UTF-8" in problem


def test_profiles_and_calendars_too(tmp_path: Path) -> None:
    profile, calendar = tmp_path / "profile.toml", tmp_path / "calendar.toml"
    profile.write_bytes(MARK + PROFILE.read_bytes())
    assert load_profile(profile) == load_profile(PROFILE)
    calendar.write_bytes(MARK + b"# nothing yet\n")
    WorkingCalendar(calendar)
    for path, load in ((profile, load_profile), (calendar, WorkingCalendar)):
        path.write_bytes("# 我的城市，您好".encode("gb18030"))
        with pytest.raises(BadSettings) as caught:
            load(path)
        assert "save it as UTF-8" in caught.value.problems[0]
