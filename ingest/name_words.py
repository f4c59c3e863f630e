"""Word lists for finding names: surnames, and words that look like a name and are none."""

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛"
    "邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路"
    "游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟"
    "应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳"
    "谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普"
    "阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利呼居揭干但尉冶斯元束檀衣"
    "信展阴昝智幸奉植衡富尧闭由謝陳張劉楊黃趙吳孫馬鄭許馮鄧蕭蔣餘葉蘇呂盧鍾譚陸範賈韋鄒閆閻賀顧龔錢嚴湯莊聶"
)
COMPOUND_SURNAMES = (
    "欧阳|上官|司马|诸葛|夏侯|皇甫|尉迟|公孙|慕容|令狐|司徒|司空|东方|独孤|南宫|西门|长孙|宇文|轩辕|端木|呼延|申屠|"
    "太史|淳于|濮阳|公冶|宗政|单于|闻人|赫连|"
    "澹台|百里|钟离|鲜于"
)

# Surnames that seldom begin anything but a name. The others begin ordinary words too (谢谢, 高兴, 方便, 于是) and need a label.
PLAIN_SURNAMES = (
    "王李张刘陈杨赵黄吴徐孙朱胡郭罗梁宋唐韩冯邓曹彭萧肖董袁潘蒋蔡杜苏魏吕沈姚卢姜崔谭陆汪范廖贾韦邹孟秦邱尹薛闫阎侯陶"
    "黎顾郝龚邵覃戴孔樊葛邢乔庞颜倪聂翟殷詹耿俞柳阮柯裴霍骆靳鲍祁滕牟缪褚窦岑瞿佟"
)

_LIKE_NAMES = (
    "谢谢 高兴 方便 万分 温暖 安全 和谐 平安 祝福 幸福 时间 安排 解决 解释 成立 明白 关注 施工 管理 经济 计划 项目 "
    "应该 于是 何时 许可 房产 车辆 路灯 路面 祝好 许多 高度 任何 全家  "
    "国家 应当 都是 支持 相信 利民 富强 居民 农民 干部 公平 公正 元旦 白天 华夏 文明 康健 江山 黄河 石油 金融 常委 "
    "党员 高中 高考 马上 马路 方式 方案 包括 单位 广大 左右 全体 海洋  "
    "同上 保密 匿名 不详 先生 女士 同志 群众 市民 业主 家长 学生 村民 网友 读者 司机 老师 代表 此致 敬礼 盼复 张贴 "
    "耿耿 黄疸 黄斑 黄体 张贴画 张扬 王府 李子 陈述 陈旧 杨树 黄色 黄金 黄昏 徐徐 孙子 孙女 朱红  "
    "胡乱 胡同 罗列 梁子 宋体 唐突 韩国 曹操 董事 杜绝 苏醒 苏州 魏晋 沈阳 姜汤 陆续 陆地 范围 孟子 秦岭 侯车 顾客 "
    "顾虑 孔子 乔迁 颜色 柳树 柳州 滕州 汪洋 吕梁 韦编 邢台 邹城 殷切  "
    "殷勤 潘家园 郭家 张家 李家 王家 谢谢您 谢谢你 谢谢了 多谢了"
)
_GENERIC_SENDERS = (
    "热心市民 热心网友 网民 用户 游客 一市民 一网友 某市民 普通市民 老百姓 百姓 管理员 admin user guest info mail "
    "me postmaster webmaster 市长信箱 我  "
    "你好 您好 未知 无名 无名氏 留言人 公民 居民 职工 教师 医生 农民工 志愿者 佚名"
)
_FIELDS = (
    "姓名|姓 名|名字|联系人|举报人|投诉人|反映人|反应人|信访人|申请人|申诉人|诉求人|来信人|写信人|留言人|上访人|控告人|建议人|"
    "求助人|请求人|报告人|咨询人|署名|落款|签名|户主|业主|报修人|当事人|委托人|市民|居民|村民|网友|读者|家长|"
    "发件人|寄件人|寄件者|收件人|收件者"
)
_KIN = "父亲 母亲 爸 妈 妻子 丈夫 爱人 老婆 老公 老伴 儿子 女儿 孩子 爷爷 奶奶 外公 外婆 姥姥 姥爷 岳父 岳母 公公 婆婆 哥 弟 姐 妹 孙子 孙女"
_OWN_FIELDS = "联系人|举报人|投诉人|反映人|信访人|申请人|申诉人|来信人|写信人|留言人|签名|署名"

ROLES = ("市民", "居民", "业主", "村民", "家长", "群众", "职工", "农民", "用户")
"""What writers call themselves in front of their names."""

PATIENTS = ("学生", "考生", "患者", "病人", "死者", "伤者")
"""Private persons of whom a letter is written, in front of their names."""

CHILDREN = ("孩子", "儿子", "女儿", "丈夫", "妻子", "爱人", "老公", "老婆", "父亲", "母亲")
"""Relatives who are the writer's own also without 我."""

KIN = tuple(f"我{of}{who}" for of in ("", "的") for who in _KIN.split())
"""Persons whose names writers give."""

FIELDS = tuple(_FIELDS.split("|"))
"""Labels of fields that hold a name."""

OWN_FIELDS = tuple(_OWN_FIELDS.split("|"))
"""Those after which a name may stand without a colon."""

WORDS_LIKE_NAMES = frozenset(_LIKE_NAMES.split())
GENERIC_SENDERS = WORDS_LIKE_NAMES | frozenset(_GENERIC_SENDERS.split())
