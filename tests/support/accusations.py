"""Accusations made up for tests: many wordings × units × misdeeds, from a seed. No sentence is taken from a real letter."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.messages import MessageKind
from domain.units import Unit, UnitLevel


@dataclass(frozen=True, slots=True)
class MadeAccusation:
    """``accused`` is the code of the unit whose people are accused; ``says_so``: it is filed as an accusation."""

    subject: str
    body: str
    kind: MessageKind | None
    accused: str
    place: str


TITLES = (
    "局长",
    "副局长",
    "科长",
    "股长",
    "主任",
    "副主任",
    "书记",
    "所长",
    "站长",
    "队长",
    "工作人员",
    "窗口工作人员",
    "办事员",
    "执法人员",
    "执法队员",
    "领导",
    "干部",
    "负责人",
    "经办人",
    "一名科员",
    "分管领导",
    "党组成员",
    "会计",
    "司机班长",
    "值班人员",
)
FIELD_TITLES = {
    "公安": ("民警", "交警", "派出所所长", "辅警", "治安大队的警察", "车管所考官"),
    "教育": ("校长", "下面一所小学的班主任", "中学老师", "招生办主任", "幼儿园园长"),
    "卫生": ("医院院长", "卫生院医生", "护士长", "主治大夫", "药剂科主任"),
    "城管": ("城管队员", "执法中队长", "执法队员", "协管员"),
    "住": ("质监站站长", "房产交易中心主任", "验收人员", "征收办主任"),
}
TERRITORY_TITLES = (
    "镇长",
    "镇党委书记",
    "村支书",
    "村主任",
    "村会计",
    "镇干部",
    "包村干部",
    "民政所所长",
    "妇女主任",
    "社区书记",
    "驻村第一书记",
    "村民小组长",
    "派出所民警",
    "卫生院院长",
    "中心校校长",
    "土管所所长",
    "综合执法队队员",
    "村干部",
)
NAMES = ("张某", "李某某", "王某强", "赵姓男子", "姓刘的", "【姓名】", "陈某", "", "", "周某（男，五十岁左右）", "孙某")

PLAIN = (
    "办证的时候暗示要给好处才肯盖章",
    "收受开发商贿赂，违规批了那块地",
    "收了开发商一套房子，规划说改就改",
    "让我先拿两条烟两瓶酒再说",
    "逢年过节叫我们商户送购物卡",
    "开口就要五千块，说不给就一直拖着",
    "上门收了村民八百块所谓的感谢费，没有任何收据",
    "把应该进公账的验收费收到了自己的微信里",
    "收了老板的钱，对偷排污水视而不见",
    "吃拿卡要，不请吃饭就不办事",
    "贪污危房改造款",
    "挪用了我们村的征地补偿款",
    "把低保金每人扣下两百元装进自己腰包",
    "虚报四十亩林地套取国家补贴",
    "用公家的钱装修自己家的房子",
    "公车私用，天天接送自己孩子上学",
    "拿办公经费报销家里的开销",
    "克扣扶贫物资，发到我们手里只剩一半",
    "截留了上级拨下来的修路资金",
    "侵占集体林地给自己盖别墅",
    "优亲厚友，低保名额都给了自家亲戚",
    "把公益岗位全安排给了自己家人",
    "没有招标就把工程交给了他小舅子",
    "他儿子没参加考试就进了单位上班",
    "评贫困户暗箱操作，有车有房的亲戚都评上了",
    "滥用职权，没有任何手续就强拆了我的摊位",
    "执法时动手打人，还辱骂群众",
    "罚款不开票，现金直接揣进口袋",
    "同样是违建，给他送了钱的就不拆",
    "扣了我的货车，说拿三千块就放车",
    "办案收了对方的红包，偏袒对方",
    "徇私枉法，把该立的案子压下来",
    "充当赌场的保护伞",
    "把举报人的名字泄露给了被举报的人",
    "因为我反映过问题就打击报复我，卡着我的手续",
    "利用职务便利给自己的公司揽工程",
    "上班时间打麻将，办事的人排了一长队",
    "工作日中午喝得烂醉，下午无人办公",
    "违反规定在外面经商办企业",
    "长期吃空饷，人不上班工资照领",
    "和女下属有不正当关系，影响极坏",
    "学历和档案都是伪造的",
    "换届选举时给每户发钱买票",
    "名下好几套房产和豪车，与收入不符",
    "跟砂场老板勾结，偷采河砂没人管",
    "在矿上有干股，出了事故就瞒报",
    "每次检查前都给饭店通风报信",
    "招投标串通，标还没开就内定了中标单位",
    "买药拿回扣，专开贵药",
    "办一个入学名额收两万元好处费",
    "玩忽职守，造成国家财产损失",
    "以权谋私，把门面房低价租给自己亲戚",
    "私分集体卖树款，账目从来不公开",
    "冒领已经去世老人的补贴",
    "中饱私囊，救灾款只发了一小部分",
    "伪造村民签字领走粮食补贴",
    "接受管理对象宴请，酒后还驾驶公务车",
    "包庇黑作坊，举报多少次都查不到",
    "虚开发票套取公款",
    "倒卖国有土地指标，从中获利",
    "强行要求我们在他指定的公司买材料，从中拿提成",
    "乱收费，每个摊位每月另收两百元管理费进个人账户",
    "借婚丧嫁娶大操大办收礼金",
    "泄露考试题目，花钱的都考上了",
    "私设小金库，给领导发福利",
    "威胁我不许上访，说再告就让我好看",
)
OPENINGS = (
    "我要实名举报",
    "我要举报",
    "举报",
    "向领导反映",
    "本人反映",
    "我们全体村民联名控告",
    "检举",
    "现反映",
    "请查一查",
    "请纪检部门管管",
    "",
    "",
    "",
    "尊敬的领导您好，",
    "我是一名普通群众，今天不得不说，",
    "实在忍无可忍了：",
    "想问一下，",
    "求助：",
    "投诉",
)
CLOSINGS = (
    "请上级部门严肃查处。",
    "希望能给老百姓一个说法。",
    "以上情况属实，愿意配合调查。",
    "请为我保密，我怕被报复。",
    "我手里有录音和转账记录。",
    "这样的人怎么能为人民服务？",
    "望彻查。",
    "谢谢。",
    "",
    "村里人都知道。",
    "已经两年了，没人敢管。",
)
DETAILS = (
    "去年秋天的事，",
    "从2019年到现在，",
    "据了解，",
    "",
    "",
    "多名群众可以作证，",
    "我亲眼看见，",
    "大家敢怒不敢言，",
    "光我知道的就有三次，",
)
SUBJECTS = (
    "举报{who}",
    "关于{who}的问题",
    "反映{unit}有关人员问题",
    "请管一管{who}",
    "{unit}的人怎么能这样",
    "求助",
    "投诉",
    "来信",
    "关于{place}的情况反映",
    "群众来信",
    "不公平",
    "{what}",
)
KINDS = (None, None, MessageKind.COMPLAINT, MessageKind.HELP, MessageKind.CONSULT, MessageKind.SUGGESTION)


def accusations(units: Sequence[Unit], count: int, seed: int, *, misdeeds: Sequence[str] = PLAIN) -> Iterator[MadeAccusation]:
    """``count`` accusations against people of these units; the same seed gives the same ones.

    None but one in ten says by its kind that it is one: the words have to be enough.
    """
    chance = random.Random(seed)
    listed = list(units)
    for _ in range(count):
        unit = chance.choice(listed)
        who = actor(unit, chance)
        what = chance.choice(misdeeds)
        kind = MessageKind.ACCUSATION if chance.random() < 0.1 else chance.choice(KINDS)
        place = chance.choice(unit.places) if unit.places else ""
        subject = chance.choice(SUBJECTS).format(who=who, unit=_called(unit, chance), place=place or unit.name, what=what)
        body = _body(who, what, chance)
        yield MadeAccusation(subject, body, kind, unit.code, place if chance.random() < 0.3 else "")


def actor(unit: Unit, chance: random.Random) -> str:
    """Somebody of the unit, as people write it: by its name, an alias, a title, a village of its territory."""
    if unit.level is not UnitLevel.CITY and unit.places and chance.random() < 0.7:
        return f"{chance.choice(unit.places)}{chance.choice(TERRITORY_TITLES)}{chance.choice(NAMES)}"
    titles = next((titles for field, titles in FIELD_TITLES.items() if field in unit.name), ())
    title = chance.choice(titles) if titles and chance.random() < 0.5 else chance.choice(TITLES)
    joint = chance.choice(("", "", "的", "里的"))
    return f"{_called(unit, chance)}{joint}{title}{chance.choice(NAMES)}"


def _called(unit: Unit, chance: random.Random) -> str:
    return chance.choice((unit.name, *unit.aliases))


def _body(who: str, what: str, chance: random.Random) -> str:
    opening, closing, detail = chance.choice(OPENINGS), chance.choice(CLOSINGS), chance.choice(DETAILS)
    form = chance.randrange(5)
    if form == 0:
        return f"{opening}{who}{what}。{closing}"
    if form == 1:
        return f"{opening}{detail}{who}{what}，{closing}"
    if form == 2:
        return f"{detail}{who}利用手里那点权力，{what}。{closing}"
    if form == 3:
        return f"{opening}{who}。{detail}此人{what}。{closing}"
    return f"{opening}\n{who}\n{what}\n{closing}"
