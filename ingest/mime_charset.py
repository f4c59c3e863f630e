"""Bytes of a mail to text: the declared charset is tried against the bytes and against what people write, never believed.

Mailers declare gb2312 for GBK and GB18030, us-ascii or iso-8859-1 for whatever they hold, and join lines of two charsets in
one body. A decoding counts when it is strict and reads as one of the written languages; Chinese ones are told from the others
by how many of the characters are everyday ones.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass

from ingest.mime_codecs import codec_of

_SIMPLIFIED = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里"
    "如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或"
    "但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将"
    "组见计别她手角期根论运农指几九区强放决西被干做必先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清"
    "己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观"
    "越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院"
    "查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严请您镇村乡街址贵诉投咨询信箱居民户证谢盼敬礼停尊望附件答复邮箱姓校学费补"
    "，。、：；？！（）“”《》—…·【】"
)
_TRADITIONAL = (
    "這為個國時來們會發動說產種麼對學經過還進著電裡實現點從業應開點關線間樣與長數問題與質氣變條沒結見無軍農員強處給門領導壓戰爭術極聯認權證轉單風車務萬達積議聲報鬥類"
    "隊幹計費據裏邊後資補戶組場熱總濟規劃設圖兩隻頭東圓義較郵錶養體麵黨內別則將帶當於曆機決級統維製複誌論運郷採階"
    "離華張馬節話況傳許廣記觀織裝眾書復兒須際驗連斷難礦週備辦習響約勞團歷構稱準選標寫親層專狀廠識適屬調滿縣參紅細聽該鐵價嚴請您鎮鄉貴訴諮詢證謝禮來號臺灣灣區"
)
_EVERYDAY = frozenset(_SIMPLIFIED + _TRADITIONAL)
_STRANGE = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd\ufff0-\uffff]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HIGH = re.compile("[\u0800-\ufffc\ufffe-\U0010ffff]")
_KANA = re.compile("[\u3041-\u30fe]")
_KOREAN = frozenset("이다는을의에가로고하지서한기도를은사인있해자스습니합요")
_ODD_CYRILLIC = re.compile("[а-яё][А-ЯЁ]|[^А-яЁёІіЇїЄєҐґ«»№\u00a0\u2010-\u203a]")
_RARE_SCRIPTS = re.compile("[\u0180-\u036f\u0370-\u0385\u0460-\u058f\u05c0-\u05cf\u05f0-\u0620\u064b-\u07ff]")
"""What two bytes of GBK look like in UTF-8 and what nobody here writes: phonetic letters, rare Cyrillic, Armenian, Syriac."""
_HAN_WORD = re.compile("[\u4e00-\u9fff]{2}")
_INSIDE_WORD = re.compile(r"[A-Za-z][\u3400-\u9fff][a-z]")

_NOT_TRIED = frozenset(
    {"", "utf-8", "utf-7", "hz", "iso2022_cn", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "ascii"}
)
_WESTERN_CODECS = frozenset(
    {"cp1252", "iso8859-1", "iso8859-15", "iso8859-2", "cp1250", "iso8859-9", "cp1254", "mac_roman", "latin_1"}
)
_OTHERS = frozenset(
    {
        "big5hkscs",
        "cp932",
        "euc_jis_2004",
        "cp949",
        "iso2022_jp_2",
        "cp1251",
        "koi8-r",
        "koi8-u",
        "mac_cyrillic",
        "iso8859-5",
        "cp866",
    }
    | {"iso8859-7", "cp1253", "iso8859-8", "cp1255", "iso8859-6", "cp1256", "cp874", "tis-620", "iso8859-11", "cp1258"}
)
"""Charsets that nobody declares by default: where they fit the bytes they are believed, unless the text reads as Chinese."""
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SHIFTED_CHINESE = re.compile(rb"\x1b\$[)*+][AGEH]|\x0e([^\x0f]*)\x0f?")


@dataclass(frozen=True, slots=True)
class Reading:
    """``charset`` as the bytes turned out; ``damaged`` when characters had to be replaced."""

    text: str
    charset: str
    damaged: bool = False


def read(data: bytes, declared: str = "", hint: str = "") -> Reading:
    """The text of the bytes. ``declared`` is what their own header says, ``hint`` what the rest of the mail does."""
    codec = codec_of(declared)
    if data.isascii():
        return _read_ascii(data, codec)
    for mark, charset in _BOMS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(charset, "replace")
            return Reading(text, charset, "\ufffd" in text)
    wide = _strict(data, codec) if codec.startswith(("utf-16", "utf-32")) else None
    if wide is not None and (b"\x00" in data or _everyday_share(wide) > 0.3):
        return Reading(wide, codec)
    return _read_high(data, codec, codec_of(hint))


def _read_ascii(data: bytes, codec: str) -> Reading:
    if codec == "iso2022_cn" or b"\x1b$)A" in data:
        return Reading(_shifted_chinese(data), "iso2022_cn")
    if b"\x1b$" in data or b"\x1b(" in data:
        for japanese in ("iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr"):
            text = _strict(data, japanese)
            if text is not None:
                return Reading(text, japanese)
        return Reading(data.decode("iso2022_jp_2", "replace"), "iso2022_jp_2", True)
    if codec == "hz" or (b"~{" in data and b"~}" in data):
        text = _strict(data, "hz")
        if text is not None and (codec == "hz" or _everyday_share(text) > 0.4):
            return Reading(text, "hz")
    if codec == "utf-7" and (text := _strict(data, "utf-7")) is not None:
        return Reading(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), "utf-7")
    if codec.startswith(("utf-16", "utf-32")) and b"\x00" in data and (text := _strict(data, codec)) is not None:
        return Reading(text, codec)
    return Reading(data.decode("ascii"), "us-ascii")


def _read_high(data: bytes, codec: str, hint: str) -> Reading:
    utf8 = _strict(data, "utf-8")
    if utf8 is not None:
        chinese = _chance_utf8(utf8, data, codec)
        return Reading(utf8, "utf-8") if chinese is None else Reading(chinese, "gb18030")
    mostly_utf8 = _mostly_utf8(data) or (codec == "utf-8" and _cut_utf8(data))
    best = None if mostly_utf8 else _one_charset(data, codec, hint)
    if best is not None:
        return best
    if b"\n" in data.strip() and (lines := _by_lines(data, codec, hint)) is not None:
        return lines
    return Reading(data.decode("utf-8", "replace"), "utf-8", True) if mostly_utf8 else _with_replacement(data, codec or hint)


def _cut_utf8(data: bytes) -> bool:
    """Nothing is wrong with this Chinese text but that its last character is cut."""
    whole = next((text for short in (1, 2, 3) if (text := _strict(data[:-short], "utf-8"))), "")
    return _HAN.search(whole) is not None and _RARE_SCRIPTS.search(whole) is None


def _mostly_utf8(data: bytes) -> bool:
    """Whole UTF-8 characters outnumber broken ones: a cut or damaged text, or one with a line in another charset."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if len(text) - _plain_count(text) - broken < 3 * broken:
        return False
    chinese = _strict(data, "gb18030") if _HIGH.search(text) is None else None
    return chinese is None or _everyday_share(chinese) < 0.3


def _chance_utf8(text: str, data: bytes, codec: str) -> str | None:
    """The Chinese text, where its GBK bytes are valid UTF-8 by chance, as in 谢谢 or 联通; only short texts ever are."""
    if len(text) - _plain_count(text) > 40:
        return None
    beyond = [character for character in text if character > "\x7f"]
    if codec in _OTHERS or (chinese := _strict(data, "gb18030")) is None:
        return None
    share = _everyday_share(chinese)
    if any(unicodedata.category(character) in ("Cn", "Co", "Cc") for character in beyond):
        return chinese
    if any(_RARE_SCRIPTS.match(character) for character in beyond):
        return chinese if share > 0 or len(beyond) > 1 else None
    if any(character >= "\u0800" for character in beyond):
        return None
    latin = all(character < "\u0180" for character in beyond)
    if codec == "gb18030":
        return None if latin and share == 0 else chinese
    return chinese if share == 1 and len(beyond) > 1 and not latin else None


def _one_charset(data: bytes, codec: str, hint: str) -> Reading | None:
    """The charset of bytes that are no UTF-8: what is declared where it fits, else Chinese where that reads at all."""
    chinese = _strict(data, "gb18030")
    share = _everyday_share(chinese) if chinese is not None else 0.0
    for declared in dict.fromkeys((codec, hint)):
        if declared not in _OTHERS or (text := _strict(data, declared)) is None:
            continue
        score = _score(text, declared)
        if chinese is not None and ((share > 0.3 and share > score + 0.2) or (share > score < 0.3 and _paired(data))):
            break
        return Reading(text, declared)
    if chinese is not None:
        other = _better_than_chinese(data, chinese, share, codec)
        if other is not None:
            return other
        written = share >= 0.3 or _paired(data) or _HAN_WORD.search(chinese)
        if codec == "gb18030" or (written and not _INSIDE_WORD.search(chinese)):
            return Reading(chinese, "gb18030")
    return _guess(data, codec)


def _better_than_chinese(data: bytes, chinese: str, share: float, codec: str) -> Reading | None:
    """Another East Asian charset, when the text is long enough to show that it is not GB18030."""
    if share > 0.5:
        return None
    own = _score(chinese, "gb18030")
    few = len(_HAN.findall(chinese)) < 10
    if few and (own > 0.3 or len(_HIGH.findall(chinese)) < 4):
        return None
    tried = ("big5hkscs",) if codec == "gb18030" else ("big5hkscs", "cp932", "cp949")
    scores = [(_score(text, name), name, text) for name in tried if (text := _strict(data, name)) is not None]
    score, name, text = max(scores, default=(0.0, "", ""))
    return Reading(text, name) if score > own + 0.25 and score > (0.5 if few or own > 0 else 0.3) else None


def _paired(data: bytes) -> bool:
    """High bytes come in twos, as in GB 2312; accented letters of European texts stand alone among ASCII."""
    return all(len(run) % 2 == 0 for run in re.findall(rb"[\xa1-\xfe]+", data)) and not re.search(rb"[\x80-\xa0]", data)


def _guess(data: bytes, codec: str) -> Reading | None:
    scores = [
        (_score(text, name) + (0.35 if name == codec else 0.0), -place, name, text)
        for place, name in enumerate(
            dict.fromkeys((codec or "cp1252", "big5hkscs", "cp932", "cp949", "cp1251", "koi8-r", "cp1252"))
        )
        if name not in _NOT_TRIED and (text := _strict(data, name)) is not None
    ]
    score, _, name, text = max(scores, default=(0.0, 0, "", ""))
    return Reading(text, name) if score > 0.3 else None


def _score(text: str, codec: str) -> float:
    """0 to about 1: how much of what is beyond ASCII looks written on purpose."""
    beyond = [character for character in text if character > "\x7f"]
    if not beyond:
        return 0.5
    sample = "".join(beyond[:4000])
    size = len(sample)
    strange = len(_STRANGE.findall(sample)) / size
    if codec in ("gb18030", "big5hkscs"):
        return _everyday_share(sample) * 1.1 - 2 * strange
    if codec in ("cp932", "euc_jis_2004", "iso2022_jp_2"):
        return min(1.0, 2.5 * len(_KANA.findall(sample)) / size) * 0.95 - 2 * strange
    if codec in ("cp949", "iso2022_kr"):
        return min(1.0, 4 * sum(character in _KOREAN for character in sample) / size) * 0.9 - 2 * strange
    if codec in ("cp1251", "koi8-r", "koi8-u", "mac_cyrillic", "iso8859-5", "cp866"):
        return _cyrillic(sample) - 2 * strange
    if codec in _WESTERN_CODECS:
        return _western(text, size) - 2 * strange
    return 0.6 * sum(character.isalpha() for character in sample) / size - 2 * strange


def _everyday_share(text: str) -> float:
    beyond = len(text) - _plain_count(text)
    return sum(map(_EVERYDAY.__contains__, text)) / beyond if beyond else 0.0


def _plain_count(text: str) -> int:
    return len(text.encode("ascii", "ignore"))


def _cyrillic(sample: str) -> float:
    """Russian has few capitals inside words, nothing but letters, and its commonest letters make up half of it."""
    common = sum(character in "оеаинтсрвлкмдпуя" for character in sample.lower())
    odd = len(_ODD_CYRILLIC.findall(sample))
    return max(0.0, common - 2 * odd) / len(sample) if len(sample) > 2 else 0.0


def _western(text: str, size: int) -> float:
    """Accented letters stand among plain ones; a row of them is another charset read wrongly."""
    alone = len(re.findall("(?<![\u0080-\uffff])[\u0080-\uffff]{1,2}(?![\u0080-\uffff])", text))
    return 0.6 * min(1.0, alone / size) if size else 0.0


def _by_lines(data: bytes, codec: str, hint: str) -> Reading | None:
    """Each line in its own charset: a body that was joined of several. None when some line fits none."""
    lines = []
    for line in data.split(b"\n"):
        text = line.decode("ascii") if line.isascii() else _strict(line, "utf-8")
        if text is None:
            best = _one_charset(line, codec, hint)
            if best is None:
                return None
            text = best.text
        lines.append(text)
    return Reading("\n".join(lines), "mixed", True)


def _with_replacement(data: bytes, codec: str) -> Reading:
    """Damaged text: the charset that loses least."""
    candidates = ["utf-8", "gb18030"] if codec in ("", "utf-8", "gb18030") else [codec, "utf-8", "gb18030"]
    readings = [(data.decode(name, "replace"), name) for name in candidates if _decodes(name)]
    costs = [
        (text.count("\ufffd") + 2 * len(re.findall("[\ue000-\uf8ff]", text)), place) for place, (text, _) in enumerate(readings)
    ]
    text, name = readings[min(costs)[1]]
    if codec in ("", "cp1252") and min(costs)[0] * 3 > sum(byte > 0x7F for byte in data) / 2:
        return Reading(data.decode("cp1252", "replace"), "cp1252", True)
    return Reading(text, name, True)


def _decodes(name: str) -> bool:
    return name not in ("iso2022_cn",)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _shifted_chinese(data: bytes) -> str:
    """ISO-2022-CN as far as mailers use it: GB 2312 between SO and SI. Python has no codec for it."""

    def shifted(found: re.Match[bytes]) -> bytes:
        return bytes(byte | 0x80 if byte > 0x20 else byte for byte in found[1]) if found[1] else b""

    return _SHIFTED_CHINESE.sub(shifted, data).decode("gb18030", "replace")
