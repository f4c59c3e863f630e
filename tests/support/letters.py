"""Synthetic letters over twelve invented units: no sentence of a real letter, no real person or place."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clock import SHANGHAI

THEMES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "water": ("虹泉供水公司", ("自来水", "停水", "水压", "水表", "水质"), ("发黄", "没水", "太小", "漏水", "欠费")),
    "heat": ("暖阳供热办", ("暖气", "供热", "室温", "暖气片", "换热站"), ("不热", "冰凉", "退费", "检修", "停了")),
    "bus": ("青云公交公司", ("公交车", "公交站", "末班车", "公交卡", "司机"), ("甩站", "晚点", "拥挤", "改线", "态度差")),
    "school": ("启明教育局", ("小学", "学区", "老师", "补课", "幼儿园"), ("划片", "收费", "报名", "转学", "招生")),
    "police": ("安澜公安局", ("户口", "身份证", "派出所", "居住证", "噪声"), ("迁移", "补办", "登记", "扰民", "更名")),
    "traffic": ("通衢交警支队", ("红绿灯", "停车位", "违章", "路口", "电动车"), ("乱停", "罚款", "堵车", "逆行", "配时")),
    "green": ("翠微园林局", ("公园", "绿化带", "行道树", "草坪", "花坛"), ("枯死", "修剪", "倒伏", "没人管", "被占")),
    "housing": ("安居住房局", ("物业", "小区", "电梯", "维修资金", "业委会"), ("不作为", "坏了", "乱收费", "换届", "渗漏")),
    "labour": ("丰年人社局", ("工资", "社保", "养老金", "合同", "工伤"), ("拖欠", "断缴", "补缴", "认定", "转移")),
    "health": ("杏林卫健委", ("医院", "挂号", "疫苗", "社区诊所", "医生"), ("排队", "收费高", "缺货", "误诊", "预约")),
    "market": ("公平市场监管局", ("超市", "食品", "商家", "发票", "预付卡"), ("过期", "不退款", "缺斤", "假货", "拒开")),
    "ecology": ("碧空环保局", ("烟囱", "污水", "扬尘", "异味", "工地"), ("刺鼻", "直排", "超标", "夜间施工", "冒烟")),
}
"""code: (name, what letters are about, what is wrong with it)."""

_OPENINGS = ("您好", "领导好", "尊敬的领导", "请问", "反映一个问题", "打扰了")
_PLACES = ("柳溪街", "望湖里", "东篱巷", "百合苑", "长亭路", "石桥屯", "云杉小区")
_CLOSINGS = ("请尽快处理", "盼回复", "谢谢", "希望重视", "请给个说法", "已经很久了")
START = datetime(2025, 1, 6, 9, 0, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True)
class SyntheticLetter:
    subject: str
    body: str
    unit: str
    at: datetime


def letters(count: int, seed: int, *, codes: tuple[str, ...] = tuple(THEMES), noise: float = 0.0) -> list[SyntheticLetter]:
    """``count`` letters an hour apart; a share ``noise`` of them carries a unit drawn at random. Prints its seed."""
    print(f"letters: seed {seed}")
    draw = random.Random(seed)
    made = []
    for at in range(count):
        code = codes[at % len(codes)] if at < len(codes) else draw.choice(codes)
        _, things, faults = THEMES[code]
        thing, other, fault = draw.choice(things), draw.choice(things), draw.choice(faults)
        subject = f"{draw.choice(_PLACES)}{thing}{fault}"
        opening, place, closing = draw.choice(_OPENINGS), draw.choice(_PLACES), draw.choice(_CLOSINGS)
        body = f"{opening}，我住在{place}，这里的{thing}{fault}，{other}也是，{closing}。"
        unit = draw.choice(codes) if draw.random() < noise else code
        made.append(SyntheticLetter(subject, body, unit, START + timedelta(hours=at)))
    return made
