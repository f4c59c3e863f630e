"""What a new operator's first commands do."""

from pathlib import Path

from tests.support.fenban import City


def test_the_example_units_of_a_new_city_lie_in_its_region(tmp_path: Path) -> None:
    city = City(tmp_path / "city")
    city.run("init", str(city.settings.parent), "--region", "990100", bare=True)
    assert "region" not in city.run("check", env={"FENBAN_LANG": "en"}).err


def test_a_missing_password_of_the_programs_own_user_is_said_before_anything_is_made(tmp_path: Path) -> None:
    city = City(tmp_path / "city")
    city.run("init", str(city.settings.parent), bare=True)
    told = city.settings.read_text(encoding="utf-8")
    nowhere = '[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\nsecurity = "SASL_PLAINTEXT"\nadmin_username = "admin"\n'
    passwords = 'password = "file:kafka.password"\nadmin_password = "file:keys/index-1.key"\ntimeout_seconds = 1\n'
    city.settings.write_text(f"{told}\n{nowhere}{passwords}", encoding="utf-8")
    said = city.run("topics", "apply", code=1, env={"FENBAN_LANG": "en"})
    assert "kafka.password" in said.err
    assert "no Kafka broker" not in said.err


def test_a_check_is_told_to_programs_too(tmp_path: Path) -> None:
    city = City(tmp_path / "city")
    city.run("init", str(city.settings.parent), "--region", "990100", bare=True)
    said = city.run("check", "--json").document()
    assert (said["well"], said["problems"]) == (True, [])
    assert any("fenban train" in note for note in said["notes"])
    counted = city.run("units", "check", "--json").document()
    assert (counted["units"], counted["levels"]["city"], counted["notes"]) == (3, 3, [])
    city.settings.write_text(city.settings.read_text(encoding="utf-8").replace("0.95", "1.5"), encoding="utf-8")
    wrong = city.run("check", "--json", code=1)
    assert wrong.document()["well"] is False
    assert "decide.target_precision" in wrong.document()["problems"][0]
    assert "→" in wrong.err
