"""Every sentence of the program stands in the catalogue, and reads in Chinese what it says in English."""

import re
import string

import pytest

from app import phrases
from domain.errors import Refused
from ingest.mailbox_session import _APP_PASSWORD, _LASTS, _TRUST
from store.faults import BUSY, DEFECT, FULL, OWN_DATABASE, OWNER, RESTORE, UPGRADE
from tests.support.said import lines, said

NOT_SENTENCES = {"fenban ledger", "partitions: {}", "chmod 600 {}"}


def test_every_error_and_remedy_has_its_chinese() -> None:
    missing = {template: place for template, place in said().items() if template not in phrases.templates()}
    assert not missing, "add these to app/phrases.toml"


def test_every_line_of_a_check_has_its_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LANG", "zh")
    said = {part.replace("{}", "9"): place for part, place in lines().items() if part not in NOT_SENTENCES}
    missing = {part: place for part, place in said.items() if re.search("[a-z]{2}", part) and phrases.spoken(part) == part}
    assert not missing, "add these to app/phrases.toml"


@pytest.mark.parametrize("remedy", [FULL, BUSY, UPGRADE, RESTORE, OWN_DATABASE, OWNER, DEFECT, _LASTS, _APP_PASSWORD, _TRUST])
def test_a_remedy_with_a_name_of_its_own_has_its_chinese(remedy: str) -> None:
    assert remedy in phrases.templates()


def test_a_translation_fills_in_what_its_sentence_does() -> None:
    for template in phrases.templates():
        fields = template.count("{}")
        translation = phrases._catalogue()[template]
        assert len([field for _, field, *_ in string.Formatter().parse(translation) if field is not None]) == fields, template


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("below the threshold", "把握不够，低于自动交办的门槛"),
        ("message 20261122-web-000001 is held, not in_review", "来信 20261122-web-000001 的状态是暂扣，不是待分办"),
        (
            "message 20261122-web-000001 is new, not held or rejected",
            "来信 20261122-web-000001 的状态是待处理，不是暂扣或不予受理",
        ),
        ("reads like an account of misconduct", "读来像在讲公职人员的问题"),
        ("returned by housing: 不属本单位", "housing 退回：不属本单位"),
        ("returned by housing: 不属本单位 → urban", "housing 退回：不属本单位，建议转 urban"),
        ("page 3 of the list: the page was cut short", "列表第 3 页：页面不完整"),
        ("may tell of gifts, kickbacks", "可能讲的是：送礼、回扣"),
        ("路灯不亮", "路灯不亮"),
    ],
)
def test_sentences_read_in_the_language_asked_for(english: str, chinese: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LANG", "zh")
    assert phrases.phrase(english) == chinese
    monkeypatch.setenv("FENBAN_LANG", "en")
    assert phrases.phrase(english) == english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "a.csv line 1 has no column 'title' for subject → name it with --columns subject=COLUMN; the file has 标题, 内容",
            "a.csv 第 1 行没有 subject 所用的列 'title' → 用 --columns subject=列名 指明；文件有这些列：标题, 内容",
        ),
        (
            "portal: 127.0.0.1:80 cannot be reached → check the channel's address and the network",
            "portal: 连不上 127.0.0.1:80 → 检查渠道地址和网络",
        ),
        (
            "portal: 127.0.0.1:80 has a fault (HTTP 500) → it is tried again by itself; ask the site's operators if this lasts",
            "portal: 127.0.0.1:80 出错（HTTP 500） → 会自动再试；长时间如此请联系该网站",
        ),
        (
            "nope.toml does not exist → make one with `fenban init`, or name yours with --settings",
            "nope.toml 不存在 → 用 fenban init 新建，或用 --settings 指明",
        ),
        (
            "regions.csv: cannot be read (No such file or directory) → name an existing file",
            "regions.csv: 读不出（No such file or directory） → 写出实际存在的文件",
        ),
        (
            "fenban.toml: channel 1.pasword: unknown key → remove it, or look its name up in docs/settings.md",
            "fenban.toml: channel 1.pasword: 没有这个键 → 删去，或在 docs/settings.md 里查正确的名称",
        ),
        (
            "units.toml: unit 'water': its parent 'lake' is not in the directory → add or correct it",
            "units.toml: 单位 'water'：目录中没有它的上级 'lake' → 请添加或改正",
        ),
        (
            "mailbox szxx: 127.0.0.1:993 cannot be reached (Connection refused) → check host, port and network",
            "邮箱 szxx：连不上 127.0.0.1:993（拒绝连接） → 检查主机、端口和网络",
        ),
        (
            "mailbox szxx: 127.0.0.1:993 dropped the connection while mails were fetched (abort) → check host, port and network",
            "邮箱 szxx：127.0.0.1:993 在取邮件时断开了连接（abort） → 检查主机、端口和网络",
        ),
        ("run `fenban upgrade`", "运行 fenban upgrade"),
        (
            "mailbox szxx: 127.0.0.1:993 does not speak TLS → use the TLS port, mostly 993",
            "邮箱 szxx：127.0.0.1:993 不支持 TLS → 请用 TLS 端口，一般是 993",
        ),
    ],
)
def test_a_finished_line_reads_in_chinese_too(english: str, chinese: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LANG", "zh")
    assert phrases.spoken(english) == chinese
    monkeypatch.setenv("FENBAN_LANG", "en")
    assert phrases.spoken(english) == english


def test_an_error_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LANG", "zh")
    error = Refused("unit 'a' is excluded from this matter", remedy="choose a unit that is not concerned")
    assert phrases.told(error) == "'a' 须回避此事项 → 请选择与此事无关的单位"
