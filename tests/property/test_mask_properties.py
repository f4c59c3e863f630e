"""Whatever its dress, planted personal data never survives masking; what holds none is left as it is."""

import re
import unicodedata

from hypothesis import example, given, note
from hypothesis import strategies as st

from ingest.mask import mask
from ingest.normalise import normalise
from ingest.personal import find_contacts

HAN_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
WIDE_DIGITS = str.maketrans("0123456789Xx", "０１２３４５６７８９Ｘｘ")
WORDS = [
    "路灯坏了",
    "请尽快处理",
    "小区停水三天",
    "联系物业没有结果",
    "共交了",
    "天气很冷",
    "谢谢领导",
    "从去年冬天开始",
    "噪音很大",
]
EDGES = ["，", "。", "；", " ", "\n", "（", "）", "：", "、", "电话", "我的手机", "联系方式："]

mobiles = st.builds(
    lambda second, rest: f"1{second}{rest:09d}", st.sampled_from("3456789"), st.integers(min_value=0, max_value=999_999_999)
)
ids = st.builds(
    lambda area, year, month, day, serial, check: f"{area}{year}{month:02d}{day:02d}{serial:03d}{check}",
    st.integers(110000, 659999),
    st.integers(1930, 2020),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 999),
    st.sampled_from("0123456789X"),
)
landlines = st.builds(
    lambda area, number: f"{area}-{number}", st.sampled_from(["010", "0451", "0933", "025"]), st.integers(2_000_000, 89_999_999)
)
locals_ = st.from_regex(r"[a-z][a-z0-9]{2,12}([._][a-z0-9]{1,5})?", fullmatch=True)
emails = st.builds(
    lambda name, host: f"{name}@{host}", locals_, st.sampled_from(["letters.example", "qq.com", "mail.city.gov.cn"])
)
filler = st.lists(st.sampled_from(WORDS), min_size=0, max_size=3).map("，".join)
edge = st.sampled_from(EDGES)


def plainly(text: str) -> str:
    """Digits and letters alone, in their plainest form."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(character for character in folded if character.isalnum())


def grouped(number: str, mark: str, sizes: tuple[int, ...]) -> str:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(number[start : start + size])
        start += size
    return mark.join(pieces)


def dress_mobile(number: str, how: int) -> str:
    dresses = [
        number,
        grouped(number, " ", (3, 4, 4)),
        grouped(number, "-", (3, 4, 4)),
        grouped(number, "　", (3, 4, 4)),
        grouped(number, " ", (3, 8)),
        grouped(number, "-", (4, 4, 3)),
        " ".join(number),
        "+86 " + number,
        "86-" + number,
        "(+86)" + number,
        "0086" + number,
        number.translate(WIDE_DIGITS),
        grouped(number.translate(WIDE_DIGITS), "－", (3, 4, 4)),
        number.translate(HAN_DIGITS),
        "幺" + number[1:].translate(HAN_DIGITS).replace("零", "〇"),
        "\u200b".join(number),
        number[:5] + "\ufeff" + number[5:],
    ]
    return dresses[how % len(dresses)]


def dress_id(number: str, how: int) -> str:
    dresses = [
        number,
        number.lower(),
        grouped(number, " ", (6, 8, 4)),
        grouped(number, "-", (6, 4, 4, 4)),
        number.translate(WIDE_DIGITS),
        " ".join(number),
        number[:17].translate(HAN_DIGITS) + number[17:].translate(HAN_DIGITS),
        "\u200b".join(number),
    ]
    return dresses[how % len(dresses)]


@given(filler, edge, mobiles, st.integers(0, 100), edge, filler)
def test_no_mobile_survives(before: str, left: str, number: str, how: int, right: str, after: str) -> None:
    text = before + left + dress_mobile(number, how) + right + after
    note(text)
    for masked in (mask(text), mask(normalise(text))):
        assert "【电话】" in masked
        assert number[3:] not in plainly(masked)
        assert number.translate(HAN_DIGITS)[3:] not in plainly(masked)


@given(filler, edge, ids, st.integers(0, 100), edge, filler)
def test_no_id_number_survives(before: str, left: str, number: str, how: int, right: str, after: str) -> None:
    text = before + left + dress_id(number, how) + right + after
    for masked in (mask(text), mask(normalise(text))):
        assert "【证件号】" in masked
        assert number[6:17] not in plainly(masked)


@given(filler, edge, landlines, st.sampled_from(["-", " ", "—", "", " - ", "）"]), edge, filler)
def test_no_landline_survives(before: str, left: str, number: str, mark: str, right: str, after: str) -> None:
    text = before + left + number.replace("-", mark) + right + after
    assert number.split("-")[1] not in plainly(mask(normalise(text)))


@given(filler, edge, emails, st.sampled_from(["@", "＠", " @ ", "(at)", "[at]"]), edge, filler)
def test_no_address_survives(before: str, left: str, address: str, at: str, right: str, after: str) -> None:
    name, host = address.split("@")
    masked = mask(normalise(before + left + name + at + host + right + after))
    assert "【邮箱】" in masked
    assert name not in masked


@given(
    filler,
    st.sampled_from(["我叫", "姓名：", "联系人：", "举报人：", "投诉人:", "我的名字叫", "本人姓名："]),
    st.sampled_from(["王小明", "李芳", "欧阳小兰", "赵一鸣", "谢伟", "司马青"]),
    st.sampled_from(["，", "。", " ", "\n", "，男，", " 电话："]),
    filler,
)
def test_no_name_that_is_called_the_writers_own_survives(before: str, label: str, name: str, right: str, after: str) -> None:
    text = f"{before}。{label}{name}{right}{after}{name}"
    assert name not in mask(text)
    assert name not in mask(normalise(text))


@given(filler, st.sampled_from(["王小明", "张伟", "Zhang Wei", "热娜古丽"]), filler)
def test_a_given_name_survives_nowhere(before: str, name: str, after: str) -> None:
    spaced = " ".join(name) if not name.isascii() else name.upper()
    masked = mask(f"{before}{name}，{after}{spaced}。", [name])
    assert name not in masked
    assert spaced not in masked


@given(filler, st.lists(st.tuples(mobiles, ids, emails), max_size=3), st.integers(0, 100), filler)
def test_masking_a_masked_text_changes_nothing(before: str, planted: list[tuple[str, str, str]], how: int, after: str) -> None:
    text = before + "".join(f"{dress_mobile(a, how)} {dress_id(b, how)}，{c}" for a, b, c in planted) + after
    masked = mask(text)
    assert mask(masked) == masked


@given(st.text(max_size=200))
@example("1" * 200)
@example("1 " * 100)
@example("@" * 100)
@example("我叫" * 60)
def test_any_text_is_masked_without_error_and_once_for_all(text: str) -> None:
    masked = mask(text, ["张伟", "a", ""])
    assert mask(masked, ["张伟"]) == masked


amounts = st.builds(
    lambda number, unit: f"{number}{unit}",
    st.integers(1, 9_999_999),
    st.sampled_from(["元", "平方米", "户", "万元", "吨", "号楼"]),
)
dates = st.builds(
    lambda year, month, day, form: form.format(year, month, day),
    st.integers(1949, 2030),
    st.integers(1, 12),
    st.integers(1, 28),
    st.sampled_from(["{}年{}月{}日", "{}-{:02d}-{:02d}", "{}.{}.{}", "{}/{}/{}", "{}-{:02d}-{:02d} 12:30:05"]),
)
plain_pieces = st.one_of(
    st.sampled_from(
        [*WORDS, "12345", "110", "拨打12345热线", "王家庄村", "李家堡镇", "张掖市", "本人强烈要求解决", "市民反映", "本人于二月"]
    ),
    st.sampled_from(
        ["合同号：HT20150312001", "保单号 8861200001234567", "第3栋2单元501室", "一、二、三", "二〇一九年十一月二十二日"]
    ),
    amounts,
    dates,
)


@given(st.lists(plain_pieces, min_size=1, max_size=8))
def test_a_text_without_personal_data_is_left_as_it_is(pieces: list[str]) -> None:
    text = "，".join(pieces) + "。"
    assert mask(text) == text


@given(mobiles, st.sampled_from(["物业电话", "开发商老板电话：", "他的手机号"]))
def test_others_numbers_are_masked_but_are_no_contacts_of_the_writer(number: str, label: str) -> None:
    text = f"小区停水三天，我打了{label}{number}，没有人接，请领导帮助我们解决，我们全楼的居民都等着，已经等了很久很久很久很久很久，谢谢"
    assert find_contacts(text).phones == ()
    assert number not in mask(text)


@given(mobiles, st.sampled_from(["我的电话", "联系电话：", "，手机号：", "本人电话是"]))
def test_the_writers_own_numbers_are_contacts(number: str, label: str) -> None:
    assert find_contacts(f"小区停水三天。{label}{number}，请回电").phones == (number,)
    assert re.fullmatch(r"1\d{10}", number)
