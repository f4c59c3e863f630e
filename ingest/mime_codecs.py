"""Names of charsets as mailers write them, and the codecs they mean."""

import codecs
from functools import lru_cache

_FAMILIES = {
    "gb18030": (
        "gb2312",
        "gbk",
        "gb18030",
        "cp936",
        "ms936",
        "windows-936",
        "x-gbk",
        "euc-cn",
        "gb_2312-80",
        "gb2312-80",
        "csgb2312",
        "gb",
        "chinese",
    ),
    "big5hkscs": ("big5", "big5-hkscs", "big5hkscs", "cp950", "x-big5", "cn-big5", "windows-950", "ms950"),
    "cp932": ("shift_jis", "shift-jis", "sjis", "x-sjis", "ms_kanji", "cp932", "windows-31j", "ms932"),
    "euc_jis_2004": ("euc-jp", "x-euc-jp", "eucjp"),
    "cp949": ("euc-kr", "ks_c_5601-1987", "ksc5601", "ks_c_5601-1989", "korean", "cp949", "uhc", "ks_c_5601", "windows-949"),
    "iso2022_jp_2": ("iso-2022-jp", "iso-2022-jp-1", "iso-2022-jp-2", "csiso2022jp"),
    "iso2022_kr": ("iso-2022-kr",),
    "hz": ("hz-gb-2312", "hz"),
    "utf-7": ("utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "csunicode11utf7"),
    "utf-8": ("utf-8", "utf8", "utf-8n", "unicode-1-1-utf-8", "x-unicode-2-0-utf-8"),
    "cp1252": ("iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "iso8859-1", "iso_8859-1", "x-ansi", "ansi"),
    "mac_cyrillic": ("x-mac-cyrillic", "mac-cyrillic"),
    "mac_roman": ("macintosh", "x-mac-roman", "mac"),
    "cp1250": ("x-cp1250",),
    "iso8859-8": ("iso-8859-8-i", "iso-8859-8-e"),
    "cp1251": ("x-cp1251", "win-1251", "windows1251"),
    "cp874": ("windows-874", "x-windows-874"),
    "iso2022_cn": ("iso-2022-cn", "iso-2022-cn-ext"),
}
_CODEC_OF = {name: codec for codec, names in _FAMILIES.items() for name in names}
_SAYS_NOTHING = frozenset(
    {
        "",
        "us-ascii",
        "ascii",
        "unknown",
        "unknown-8bit",
        "x-unknown",
        "x-user-defined",
        "default",
        "8bit",
        "binary",
        "iso-10646-ucs-2",
        "none",
        "utf",
        "unicode",
    }
)
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"})
"""Python's own codecs, by which no mail is written."""


@lru_cache(maxsize=256)
def codec_of(declared: str) -> str:
    """The codec for a declared charset, by the widest superset that mailers mean by it; empty when it names none."""
    name = declared.strip().strip("\"'").split("*")[0].strip().lower()
    if name in _SAYS_NOTHING:
        return ""
    if name in _CODEC_OF:
        return _CODEC_OF[name]
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    return found.name if getattr(found, "_is_text_encoding", True) and found.name not in _NO_CHARSETS else ""
