"""Whether an answer leaves the matter to others: what is surely a unit's own is what it did not send away.

Labels come from ``classify.replies``. Read on one city's answers and nothing of its accidents: no unit's,
place's or office's own name stands here.
"""

import re

from classify.names import shortens

_READ = 600
_SOON = 80
"""Who does not take a matter says so at once."""
_SHORT = 160
"""... and has little else to say."""

_SCOPE = "职责|职能|职权|管辖|监管|管理|业务|权限|受理|负责"
_DECLINES = re.compile(
    rf"(?:不(?:属|归|在|是|由)于?|非)[^。；！？，,]{{0,16}}?(?:{_SCOPE})"
    rf"|(?:我|本)(?:局|委|办|区|县|市|中心|单位|部门|公司|支队|处)[^。；！？，,]{{0,4}}(?:无权|没有)[^。；！？，,]{{0,8}}(?:{_SCOPE}|权)"
    r"|(?:不|非)(?:属|归|在|是)于?(?:我|本)(?:局|委|办|区|县|市|中心|单位|部门|公司|支队|处|们)"
)
_SENDS = re.compile(
    r"(?:请|建议|可以?|应该?)(?:您|你)?(?:们)?(?:可以?)?(?:直接)?(?:去|再)?"
    r"(?:(?P<asks>咨询|询问|联系|问询)|向|到|与|和|同|去|找|想|由|于)(?:一?下)?(?:您|你)?(?:所在)?(?:的)?"
    r"(?P<name>[^。；！？，,：:]{0,16}?(?:局|委|办|部门|政府|机关|支队|大队|[区县市](?=咨|反|联|建|住))[^。；！？，,：:]{0,8})"
)
_TELL = re.compile(r"咨询|询问|反映|反应|反馈|联系|投诉|举报|解答|沟通|寻求|解决|处理")
_ACTS = re.compile(
    r"(?:已|立即|将|经)[^。；！？，,]{0,6}(?:责成|协调|联系|安排|派|转|督促|沟通|反馈|调查|告知|上报)|我(?:局|办|区)将"
)
_GREETING = re.compile(r"^[^，,。：:！!]{0,14}(?:您|你)好[，,。：:！!]*(?:欢迎您?[^。，]{0,12}[。，])?")
_NO_ORGAN = re.compile(r"公司|物业(?!办)|开发(?!办)|销售|售楼|公证|医院|学校|您所")
_OWN = re.compile(r"^(?:我|本|贵|该|此|这)")


def sent_elsewhere(reply: str, unit: str) -> bool:
    """Whether this reply says that the matter is not the answering unit's own, or has nothing to say but whom else to ask.

    ``unit``: the answering unit's name. Its own sections, companies and property managers are not elsewhere; nor is what it
    passed on itself.
    """
    text = _GREETING.sub("", re.sub(r"\s+", "", reply[:_READ]))
    if _ACTS.search(text):
        return False
    declined = _DECLINES.search(text)
    if declined and (declined.start() < _SOON or len(text) <= _SHORT):
        return True
    head = text[: _SOON + 40]
    sent = next((found for found in _SENDS.finditer(head) if found.start() < _SOON and _is_elsewhere(found, head, unit)), None)
    return sent is not None and len(text) <= _SHORT


def _is_elsewhere(found: re.Match[str], text: str, unit: str) -> bool:
    name = found["name"]
    if _NO_ORGAN.search(name):
        return False
    told = found["asks"] or _TELL.search(name) or _TELL.match(text[found.end() : found.end() + 2])
    return bool(told) and not _OWN.match(name) and not _is_own(name, unit)


def _is_own(name: str, unit: str) -> bool:
    core = re.sub(r"(?:局|委员会|委|办公室|办|中心|有限公司|公司|支队)$", "", unit)
    if unit[-1:] in ("区", "县") and name.startswith(unit[-1]):
        return True
    return core[:2] in name or any(shortens(short, unit) for short in re.findall(r"[\u4e00-\u9fff]{2,4}[局委办]", name))
