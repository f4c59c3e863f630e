"""The settings file: what is read, what is refused, and that every key is documented."""

from pathlib import Path

import pytest

from app.phrases import spoken
from app.settings import PortalChannel, Settings, load_settings
from app.settings_doc import settings_markdown
from domain.errors import BadSettings

ROOT = Path(__file__).resolve().parents[2]
CITY = '[city]\nid = "demo"\nname = "示例市"\nregion = "999900"\n'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "fenban.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(BadSettings) as caught:
        load_settings(write(tmp_path, text))
    return caught.value.problems


def test_the_least_file_has_every_default(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, CITY))
    assert settings.decide.simple_days == 5
    assert settings.decide.complex_days == 15
    assert settings.store_url() == f"sqlite:///{tmp_path / 'data/fenban.db'}"


def test_an_inline_secret_is_refused_and_not_repeated(tmp_path: Path) -> None:
    channel = '[[channel]]\nid = "mail"\nkind = "mailbox"\nhost = "h"\nusername = "u"\npassword = "sesame"\n'
    (problem,) = problems(tmp_path, CITY + channel)
    assert "channel 1.password" in problem
    assert "env:NAME or file:PATH" in problem
    assert "sesame" not in problem


def test_an_inline_key_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, CITY + '[vault]\nmaster_keys = { "1" = "c2VjcmV0" }\n')
    assert "vault.master_keys.1" in problem


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://fenban:sesame@127.0.0.1/fenban", "a password stands here inline"),
        ("postgresql://fenban@127.0.0.1/fenban?password=sesame", "a password stands here inline"),
        ("postgresql://127.0.0.1/fenban", "user, host or database is missing"),
        ("postgresql://fenban@127.0.0.1", "user, host or database is missing"),
        ("postgresql://fenban@127.0.0.1:no/fenban", "this is no address"),
        ("postgresql://fenban@db.example/fenban", "a server elsewhere needs ?sslmode="),
        ("mysql://fenban@127.0.0.1/fenban", "sqlite:///PATH or postgresql://"),
    ],
)
def test_a_stores_url_is_refused_with_its_remedy(tmp_path: Path, url: str, words: str) -> None:
    (problem,) = problems(tmp_path, f'{CITY}[store]\nurl = "{url}"\n')
    assert problem.partition(": ")[2].startswith("store.url: ")
    assert words in problem
    assert "sesame" not in problem


def test_postgresqls_password_comes_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://fenban@db.example:5433/fenban?sslmode=verify-full"
    settings = load_settings(write(tmp_path, f'{CITY}[store]\nurl = "{url}"\npassword = "env:FENBAN_TEST_PASSWORD"\n'))
    assert settings.store_file() is None
    with pytest.raises(BadSettings, match="FENBAN_TEST_PASSWORD is not set"):
        settings.store_url()
    monkeypatch.setenv("FENBAN_TEST_PASSWORD", "ses@me/1")
    assert settings.store_url() == "postgresql://fenban:ses%40me%2F1@db.example:5433/fenban?sslmode=verify-full"


def test_an_unknown_key_names_itself(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, CITY + "[decide]\ntarget = 0.9\n")
    assert "decide.target: unknown key" in problem


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    assert len(problems(tmp_path, '[city]\nid = "Not Good"\nname = ""\n')) == 3


def test_a_missing_file_names_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="fenban init"):
        load_settings(tmp_path / "nowhere.toml")


def test_bad_toml_is_one_line(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "city = [\n")
    assert "not valid TOML" in problem
    assert " → " in problem


def test_health_listens_on_loopback_only(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, CITY + '[http]\nhost = "0.0.0.0"\n')
    assert "loopback" in problem


def test_a_secret_from_file_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(write(tmp_path, CITY))
    (tmp_path / "word").write_text("open\n", encoding="utf-8")
    monkeypatch.setenv("FENBAN_TEST_WORD", "sesame")
    assert settings.secret("file:word", "x") == "open"
    assert settings.secret("env:FENBAN_TEST_WORD", "x") == "sesame"
    with pytest.raises(BadSettings, match="not set"):
        settings.secret("env:FENBAN_NOT_THERE", "x")


def test_every_setting_is_documented() -> None:
    undescribed = [
        f"{name}.{key}"
        for name, field in Settings.model_fields.items()
        if hasattr(field.annotation, "model_fields")
        for key, inner in field.annotation.model_fields.items()  # type: ignore[union-attr]
        if not inner.description
    ]
    assert undescribed == []
    assert all(field.description for field in PortalChannel.model_fields.values())
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == settings_markdown(), (
        "make it again: python -m app.settings_doc > docs/settings.md"
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('url = "https://user:word@host/"', "no user name or password"),
        ('url = "https://host/"\nallow_networks = ["10.0.0.0/99"]', "no network"),
        ('url = "https://host/"\nmin_interval = inf', "finite"),
    ],
)
def test_an_address_or_network_that_cannot_be_meant_is_refused(wrong: str, said: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, CITY + f'[[channel]]\nid = "web"\nkind = "board"\nfid = "1"\n{wrong}\n')
    assert problem.split(": ", 1)[1].startswith("channel 1.")
    assert said in problem


def test_two_channels_of_one_id_are_named(tmp_path: Path) -> None:
    channel = '[[channel]]\nid = "web"\nkind = "board"\nfid = "1"\nurl = "https://host/"\n'
    (problem,) = problems(tmp_path, CITY + channel + channel)
    assert "two channels have the id web" in problem


@pytest.mark.parametrize(
    ("wrong", "key", "said", "chinese"),
    [
        ("[decide]\ntarget_precision = 1.5\n", "decide.target_precision", "must be less than 1", "须小于 1"),
        ("[decide]\nsimple_days = 0\n", "decide.simple_days", "must be 1 at least", "最小为 1"),
        ('[decide]\nsimple_days = "five"\n', "decide.simple_days", "must be a whole number", "须是整数"),
        ('[decide]\nautomatic = "sometimes"\n', "decide.automatic", "must be true or false", "须是 true 或 false"),
        ('[log]\nformat = "xml"\n', "log.format", "must be one of 'json', 'console'", "须是以下之一：'json', 'console'"),
        ("[http]\nhost = 5\n", "http.host", "must be text in quotes", "须是引号中的文字"),
        ("decide = 5\n", "decide", "must be a table", "须是一个表"),
        ('[[channel]]\nid = "看板"\nkind = "board"\nurl = "https://x.example"\nfid = "1"\n', "channel 1.id", "does not have the form", "格式不对"),
        ('[[channel]]\nid = "fax"\nkind = "fax"\n', "channel 1", "kind must be one of 'portal', 'board', 'mailbox'", "须是以下之一"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_by_key_with_a_remedy_in_both_languages(
    wrong: str, key: str, said: str, chinese: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = problems(tmp_path, wrong + CITY if "\n[" not in f"\n{wrong}" else CITY + wrong)
    assert f"{key}: {said}" in first
    assert " → " in first
    monkeypatch.setenv("FENBAN_LANG", "zh")
    assert chinese in spoken(first)
    assert "must" not in spoken(first)
