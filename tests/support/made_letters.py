"""Synthetic letters to a city: made from a small grammar, by unit and place, the same for the same seed. Nobody wrote them."""

import random
from dataclasses import dataclass

DISTRICTS = ("东岭区", "西河区", "南桥区", "北塘区", "云溪县", "石门县")

ROADS = tuple(
    f"{a}{b}{c}" for a in "春秋朝晚金银青翠松柏望临长永新" for b in "风山河泽阳湖安和兴华" for c in ("路", "街", "大道", "巷")
)
ESTATES = tuple(
    f"{a}{b}{c}" for a in "锦枫梧荷菊桐榆槐" for b in "秀苑庭园里湾" for c in ("小区", "花园", "家园", "公寓", "名居")
)
SCHOOLS = tuple(f"{a}{b}" for a in ("第一", "第三", "第七", "实验", "育才", "启明") for b in ("小学", "中学", "幼儿园"))


@dataclass(frozen=True, slots=True)
class Topic:
    """What letters to one unit are about: things, what is wrong with them, what is asked for."""

    unit: str
    things: tuple[str, ...]
    faults: tuple[str, ...]
    wishes: tuple[str, ...]


def _topic(unit: str, things: str, faults: str, wishes: str) -> Topic:
    return Topic(unit, tuple(things.split()), tuple(faults.split()), tuple(wishes.split()))


TOPICS = (
    _topic(
        "供热管理办公室",
        "暖气 供热管道 换热站 室内温度 采暖费 供热公司 暖气片 分户阀门",
        "一直不热 只有十四度 停供了三天 漏水严重 收费没有依据 报修无人上门 忽冷忽热",
        "派人测温 尽快检修 退还部分采暖费 公布供热标准 延长供热时间",
    ),
    _topic(
        "人力资源和社会保障局",
        "养老保险 拖欠的工资 失业金 工伤认定 退休手续 社保关系转移 劳动合同 医保报销",
        "迟迟没有办下来 单位不给缴纳 窗口互相推 断缴了两年 认定材料被退回 算错了年限",
        "查清缴费记录 责令补缴 告知办理流程 追回工资 解释政策依据",
    ),
    _topic(
        "住房和城乡建设局",
        "外墙保温 经济适用房 棚户区改造 商品房质量 房产证 维修基金 回迁房 开发商",
        "墙面大面积脱落 拖了四年没有交房 手续不全 渗水发霉 承诺没有兑现 验收没有通过",
        "督促交房 鉴定房屋质量 公开进度 追究开发商责任 尽快办证",
    ),
    _topic(
        "城市管理行政执法局",
        "流动摊贩 露天烧烤 违章建筑 占道经营 广告牌 夜市 垃圾箱 沿街洗车店",
        "油烟扰民 堵住消防通道 半夜还在吆喝 污水横流 私自搭建 无人清理",
        "依法拆除 加强巡查 规范摆放 限定经营时间 及时清运",
    ),
    _topic(
        "交警支队",
        "红绿灯 单行道 斑马线 违章停车 电子眼 驾驶证 早高峰 渣土车",
        "配时不合理 天天堵死 标线看不清 占用盲道 处罚通知没有收到 闯红灯成风",
        "重新划线 增设信号灯 调整配时 加强执法 开通网上办理",
    ),
    _topic(
        "公安局",
        "户口迁移 身份证 电信诈骗 噪音扰民 养犬管理 居住证 派出所 入室盗窃",
        "材料跑了五趟 报案后没有消息 大型犬不拴绳 无人受理 民警态度生硬 半年未破案",
        "告知进展 上门核实 加强夜间巡逻 简化手续 尽快立案",
    ),
    _topic(
        "教育局",
        "学区划分 补课费 校服 校车 教师编制 食堂饭菜 入学名额 课后托管",
        "强制收费 临时变更 超载运行 质量很差 没有公示 孩子无法报名",
        "公布招生范围 退还费用 检查食堂 安排学位 严禁违规补课",
    ),
    _topic(
        "生态环境局",
        "化工厂 扬尘 锅炉黑烟 养殖场 河道 污水 餐饮油烟 搅拌站",
        "气味刺鼻 昼夜排放 河水发黑 没有任何遮挡 检测从不公开 直排入河",
        "监测空气 责令停产整改 关停排污口 公布检测结果 安装净化设备",
    ),
    _topic(
        "公共交通公司",
        "公交车 站牌 末班车 老年卡 乘车刷卡机 线路调整 驾驶员",
        "甩站不停 等了四十分钟 站名报错 态度恶劣 提前收车 刷卡重复扣款",
        "加密班次 延长运营时间 增设站点 核查监控 退回多扣的钱",
    ),
    _topic(
        "民政局",
        "低保 高龄津贴 养老院 殡葬收费 婚姻登记 困难救助 社区用房",
        "被无故取消 没有按月发放 收费太高 预约不上 审核卡了半年 标准不一",
        "重新核定 补发津贴 公开标准 给予临时救助 增加窗口",
    ),
    _topic(
        "卫生健康委员会",
        "乡镇卫生院 疫苗接种 急诊 挂号 医疗收费 诊所 独生子女补助",
        "没有值班医生 重复收费 无证行医 排队四小时 疫苗断供 补助没有到账",
        "核查资质 调配疫苗 退还费用 增派医生 明确补助时间",
    ),
    _topic(
        "自来水公司",
        "自来水 水表 水压 二次供水 水费账单 供水管网 水质",
        "发黄有异味 高层用不上水 突然停水 读数翻倍 爆管两天没修 有沉淀物",
        "检测水质 更换管道 核对水表 提前通知停水 加装增压泵",
    ),
    _topic(
        "燃气公司",
        "天然气管道 燃气表 开户费 安检 灶具 燃气初装",
        "迟迟不通气 多收费用 有泄漏气味 预约不到安检 无人接听",
        "尽快通气 上门检测 解释收费 更换燃气表",
    ),
    _topic(
        "市场监督管理局",
        "超市 预付卡 过期食品 电梯 计量秤 外卖 健身房 加油站",
        "老板失联 缺斤短两 故障频发 没有检验合格证 虚假宣传 拒绝退款",
        "查处商家 退还余额 停用检修 抽检产品 公示结果",
    ),
    _topic(
        "农业农村局",
        "种粮补贴 农机补贴 土地确权 农药 灌溉水渠 化肥 村集体资产",
        "没有发放到户 面积对不上 假冒伪劣 年久失修 常年不通水 价格飞涨",
        "重新丈量 公布面积 核查发放 修复水渠 查处假农药",
    ),
    _topic(
        "自然资源局",
        "宅基地 采砂场 规划公示 征地补偿 绿地 不动产登记 林地",
        "被人占用 补偿低于标准 改变用途 没有公示 登记错误 私自开挖",
        "依法查处 公布规划 更正登记 重新评估补偿",
    ),
    _topic(
        "交通运输局",
        "出租车 客运站 农村公路 网约车 桥梁 长途客车 道路塌陷",
        "拒载绕路 坑洼不平 护栏缺失 随意涨价 半年没有修好 班车取消",
        "修复路面 查处拒载 恢复班车 安装护栏 公布票价",
    ),
    _topic(
        "文化和旅游局",
        "景区门票 图书馆 网吧 广场舞 文化站 有线电视 旅行社",
        "强制购物 闭馆不通知 接纳未成年人 信号中断 年票不能用 音响震耳",
        "延长开放时间 退还团费 查处网吧 控制音量",
    ),
    _topic(
        "税务局",
        "契税 发票 纳税申报 税务窗口 个税退税 二手房过户",
        "商家拒开发票 系统一直报错 排号太久 退税没有到账 征收标准说法不一",
        "解释税率 督促开票 增加窗口 尽快退税",
    ),
    _topic(
        "住房公积金管理中心",
        "公积金贷款 公积金提取 异地转移 缴存比例 贷款额度",
        "审批两个月 单位停缴 材料要求反复 额度不足 提取被拒",
        "明确时限 督促单位缴存 简化材料 说明依据",
    ),
    *(
        _topic(
            f"{name}人民政府",
            f"{name}村道 {name}路灯 {name}垃圾清运 {name}社区活动室 {name}老旧楼道 {name}排水沟",
            "坏了大半年 没有人管 越修越差 堵塞发臭 说好改造没有动静 漆黑一片",
            "安排维修 落实责任单位 列入改造计划 定期清理",
        )
        for name in DISTRICTS
    ),
)

UNITS = tuple(topic.unit for topic in TOPICS)

_OPENINGS = (
    "您好，",
    "尊敬的领导，",
    "领导您好，",
    "我想反映一个问题，",
    "打扰了，",
    "请问一下，",
    "本人是普通市民，",
    "已经是第二次写信，",
    "",
)
_WHENS = (
    "从去年冬天开始",
    "上个月以来",
    "这几天",
    "国庆节之后",
    "今年开春到现在",
    "连续三个星期",
    "每天早晚",
    "昨天夜里",
    "近两年",
)
_WHO = (
    "家里老人",
    "楼上楼下的邻居",
    "沿街的商户",
    "接送孩子的家长",
    "上夜班的人",
    "附近居民",
    "一起上班的同事",
    "院子里的老人",
    "坐轮椅的父亲",
)
_EFFECTS = (
    "意见很大",
    "出行十分不便",
    "晚上睡不好觉",
    "不知道该找谁",
    "已经影响正常生活",
    "担心出安全事故",
    "多花了不少冤枉钱",
    "跑了好几趟都没有结果",
    "心里很着急",
)
_CALLS = (
    "打过热线，回复说正在处理",
    "问过社区，社区说不归他们管",
    "找过物业，物业推给施工方",
    "向窗口咨询，答复前后不一致",
    "在网上留过言，至今没有回音",
    "拍了照片可以提供",
)
_ASKS = ("希望有关部门", "恳请领导", "请求主管单位", "盼望能够", "麻烦", "建议")
_ENDINGS = ("谢谢！", "盼复。", "此致敬礼", "期待您的答复。", "辛苦了。", "请尽快回复为盼。", "")
_DIGITS = "二三四五六七八九"


@dataclass(frozen=True, slots=True)
class MadeLetter:
    unit: str
    subject: str
    body: str


class Writer:
    """Writes letters out of ``rng``."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def letter(self, length: int | None = None) -> MadeLetter:
        """One letter; with ``length`` its body has exactly so many characters."""
        rng = self._rng
        topic = rng.choice(TOPICS)
        thing, fault = rng.choice(topic.things), rng.choice(topic.faults)
        subject = rng.choice(
            (f"{thing}{fault}", f"关于{thing}的问题", f"{self._where()}{thing}{fault}", f"咨询{thing}", f"{thing}何时解决")
        )
        text = rng.choice(_OPENINGS) + f"{self._where()}的{thing}{fault}。"
        target = length or rng.randint(40, 260)
        while len(text) < target:
            text += self._sentence(topic)
        if length is None:
            return MadeLetter(topic.unit, subject, text + rng.choice(_ENDINGS))
        return MadeLetter(topic.unit, subject, text[:length])

    def _where(self) -> str:
        rng = self._rng
        return rng.choice(
            (
                f"{rng.choice(ROADS)}{rng.randint(1, 399)}号",
                f"{rng.choice(ESTATES)}{rng.choice(_DIGITS)}期{rng.randint(1, 48)}号楼",
                f"{rng.choice(ROADS)}与{rng.choice(ROADS)}交叉口",
                f"{rng.choice(DISTRICTS)}{rng.choice(ESTATES)}",
                f"{rng.choice(SCHOOLS)}门口",
                rng.choice(ESTATES),
            )
        )

    def _sentence(self, topic: Topic) -> str:
        rng = self._rng
        thing, fault, wish = rng.choice(topic.things), rng.choice(topic.faults), rng.choice(topic.wishes)
        return rng.choice(
            (
                f"{rng.choice(_WHENS)}，{self._where()}{thing}{fault}，{rng.choice(_WHO)}{rng.choice(_EFFECTS)}。",
                f"{rng.choice(_CALLS)}，{rng.choice(_WHO)}{rng.choice(_EFFECTS)}。",
                f"{rng.choice(_ASKS)}{wish}，{rng.choice(_WHENS)}{rng.choice(_WHO)}都在等。",
                f"{rng.choice(_WHO)}说{thing}{fault}已经有{rng.randint(2, 90)}天了，{rng.choice(_EFFECTS)}。",
                f"{self._where()}共有{rng.randint(12, 900)}户，{thing}{fault}，{rng.choice(_ASKS)}{wish}。",
            )
        )
