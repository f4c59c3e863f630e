"""Which answers leave the matter to others."""

import pytest

from tests.accuracy.elsewhere import sent_elsewhere


@pytest.mark.parametrize(
    ("reply", "unit"),
    [
        ("不是我们的问题，应该是人社局", "民政局"),
        ("您好，您反映的问题不属于我局职责范围，建议您向市城管局反映，谢谢。", "水务局"),
        ("您好！此事不在我办业务范围内，感谢您的关注。", "供热办"),
        ("您好，路灯的问题请您咨询城管局。", "城乡建设局"),
        ("这类改造由各区住建局实施，您可以咨询所在的区住建局。", "城乡建设局"),
        ("请与东篱县有关部门联系。", "人力资源和社会保障局"),
        ("噪声归安监部门负责，有关事宜请向安监部门咨询。", "环境保护局"),
    ],
)
def test_declined_or_only_sent_on(reply: str, unit: str) -> None:
    assert sent_elsewhere(reply, unit)


@pytest.mark.parametrize(
    ("reply", "unit"),
    [
        ("您好，我局已派人处理，请与我局保持联系。", "水务局"),
        ("您好，详情请咨询人社局养老科。", "人力资源和社会保障局"),
        ("该楼不属于弃管楼，请与物业公司联系。", "东篱区"),
        ("该项目尚未验收，具体时间请咨询开发企业。", "房产中心"),
        ("您好，您可以联系区物业办，说明情况。", "东篱区"),
        ("不归我局管理，我局已协调城管局派人清理，路面已恢复。", "水务局"),
        ("已于昨日修复。", "城乡建设局"),
        ("", "水务局"),
    ],
)
def test_answered_or_passed_on_by_the_unit_itself(reply: str, unit: str) -> None:
    assert not sent_elsewhere(reply, unit)


def test_an_aside_at_the_end_of_a_long_answer_sends_nobody_away() -> None:
    long = "您好，关于您来信所提的几个方面，逐一答复如下：" + "线路按计划运行，站点照常停靠，" * 12
    assert not sent_elsewhere(long + "其中停车收费不属于我局管理，请咨询物价局。", "交通运输局")
