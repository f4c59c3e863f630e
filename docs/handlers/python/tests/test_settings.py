"""What is wrong with the settings is said in one line."""

from pathlib import Path

import pytest
from fenban_handler.faults import ForPerson
from fenban_handler.settings import PASSWORD_VARIABLE, load

SHOWN = Path(__file__).parents[1] / "handler.toml"
LEAST = 'unit = "water"\nbootstrap_servers = "127.0.0.1:9093"\nca_file = "ca.pem"\nusername = "water"\n'


def test_the_settings_shown_load_and_names_follow_from_the_unit() -> None:
    settings = load(SHOWN)
    assert settings.topic_names == ["fenban.unit.water", "fenban.notice.water"]
    assert settings.feedback_topic == "fenban.feedback.water"
    assert settings.path(settings.database) == SHOWN.with_name("handler.db")


def test_the_password_comes_from_a_file_beside_the_settings_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "handler.toml"
    path.write_text(LEAST, encoding="utf-8")
    with pytest.raises(ForPerson, match="no password"):
        load(path).password()
    path.write_text(LEAST + 'password_file = "secret"\n', encoding="utf-8")
    with pytest.raises(ForPerson, match="cannot read the password file secret"):
        load(path).password()
    path.with_name("secret").write_text("kouling\n", encoding="utf-8")
    assert load(path).password() == "kouling"
    monkeypatch.setenv(PASSWORD_VARIABLE, "other")
    assert load(path).password() == "other"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LEAST + 'colour = "red"', "unknown settings: colour"),
        (LEAST + 'password = "x"', "no password here"),
        (LEAST + 'group = "other.handler"', r"group begins with water\."),
        (LEAST + 'topics = ["feedback"]', "topics are of"),
        (LEAST + 'session_seconds = "long"', "wrong type: session_seconds"),
        ('unit = "water"', "missing: bootstrap_servers, ca_file, username"),
        ("unit = water", "not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "handler.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ForPerson, match=says) as told:
        load(path)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ForPerson, match="cannot read the settings file"):
        load(tmp_path / "none.toml")
