"""Masking, case by case. Every number and name is made up."""

import pytest

from ingest.mask import mask
from ingest.normalise import normalise, own_words

MASKED = [
    ("我叫王小明，家住滨河小区", "我叫【姓名】，家住滨河小区"),
    ("我叫欧阳小明家住滨河", "我叫【姓名】家住滨河"),
    ("本人李芳，女，58岁", "本人【姓名】，女，58岁"),
    ("姓名：张三 电话：13800138000", "姓名：【姓名】 电话：【电话】"),
    ("联系人：李 四", "联系人：【姓名】"),
    ("联系人：买买提·艾山", "联系人：【姓名】"),
    ("举报人：赵一鸣\n2026年11月20日", "举报人：【姓名】\n2026年11月20日"),
    ("请解决。\n市民 李小红\n2026年11月20日", "请解决。\n市民 【姓名】\n2026年11月20日"),
    ("请尽快解决，谢谢！ 王小明", "请尽快解决，谢谢！ 【姓名】"),
    ("一三八零零一三八零零零", "【电话】"),
    ("(0454)8223456，0454-8223456", "【电话】，【电话】"),
    ("打电话8223456没人接", "打电话【电话】没人接"),
    ("＋８６ １３８００１３８０００", "【电话】"),
    ("1380013800013900139000", "【电话】【电话】"),
    ("身份证230101900101123", "身份证【证件号】"),
    ("23010119900101123x", "【证件号】"),
    ("卡号：6222 0212 3456 7890 123", "卡号：【账号】"),
    ("护照号：E12345678", "护照号：【证件号】"),
    ("微信号：abc_def12，QQ:12345678", "微信号：【账号】，QQ:【账号】"),
    ("微信13800138000", "微信【电话】"),
    ("车牌黑D·12345和黑AD12345", "车牌【车牌】和【车牌】"),
    ("12345678@qq.com", "【邮箱】"),
    ("邮箱 a.b＠163．com", "邮箱 【邮箱】"),
]

LEFT = [
    "2013-11-05 12:19:30 收费1500.00 13000元",
    "拨打12345、110都没用",
    "合同号：20150312000112，保单号 8861200001234567",
    "联系人：王家庄村委会",
    "举报人：死者儿子",
    "联系人：廖局长",
    "本人强烈要求解决，本人于二月",
    "市民反映，居民和业主都着急",
    "谢谢\n",
    "1995.3-1998.02在厂里上班",
    "2015年3月到2016年4月共13个月",
    "微信公众号：binhefabu",
    "一、二、三、四、五、六、七、八、九、十、十一",
    "二〇二六年十一月二十二日",
    "【电话】【姓名】",
]


@pytest.mark.parametrize(("text", "masked"), MASKED)
def test_personal_data_is_replaced_by_what_it_is(text: str, masked: str) -> None:
    assert mask(text) == masked
    assert mask(masked) == masked


@pytest.mark.parametrize("text", LEFT)
def test_everything_else_is_left(text: str) -> None:
    assert mask(text) == text


def test_given_names_go_wherever_they_stand() -> None:
    assert mask("王小明家的水停了，王 小 明很着急", ["王小明"]) == "【姓名】家的水停了，【姓名】很着急"
    assert mask("Written by ZHANG WEI.", ["Zhang Wei"]) == "Written by 【姓名】."
    assert mask("李小满说", ["李小满13800138000"]) == "【姓名】说"


@pytest.mark.parametrize("name", ["王", "市民", "匿名", "", "热心市民", "网友"])
def test_what_is_no_name_is_not_taken_for_one(name: str) -> None:
    assert mask("王家庄的市民匿名反映，热心市民和网友都说", [name]) == "王家庄的市民匿名反映，热心市民和网友都说"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("停<label style='color:#D5313F'>水</label>三天", "停水三天"),
        ("第一行<br/>第二行&nbsp;完", "第一行\n第二行 完"),
        ("<某单位>说a<b and c>d", "<某单位>说a<b and c>d"),
        ("１２３ＡＢｃ，（一）", "123ABc,(一)"),
        ("a\u200bb\ufeffc\x00d", "abcd"),
        ("一\r\n\r\n\r\n\r\n二\u2028三", "一\n\n二\n三"),
    ],
)
def test_normalising(raw: str, clean: str) -> None:
    assert normalise(raw) == clean


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("你好\n发自我的 iPhone", "你好"),
        ("你好\n发送自 Windows 10 版邮件应用", "你好"),
        ("你好\n> 引文\n>> 旧引文\n再说一句", "你好\n再说一句"),
        ("你好\n\nOn Fri, Nov 20, 2026 at 9:00 AM Mayor <sz@city.example> wrote:\n> x", "你好"),
        ('你好\n\n在 2026-11-20 09:00:00，"市长信箱" <sz@city.example> 写道：\n旧的话', "你好"),
        ("你好\n\n发件人: 市长信箱\n发送时间: 2026年11月20日\n收件人: 我\n主题: 回复\n旧的话", "你好"),
        ("你好\n-- \n李某\n某公司", "你好"),
        ("> 全是引文", "> 全是引文"),
        (
            "你好\n---------- Forwarded message ---------\nFrom: 邻居\n他家也停水",
            "你好\n---------- Forwarded message ---------\nFrom: 邻居\n他家也停水",
        ),
        ("我在信里写道：\n请修路灯", "我在信里写道：\n请修路灯"),
    ],
)
def test_own_words(text: str, own: str) -> None:
    assert own_words(text) == own
