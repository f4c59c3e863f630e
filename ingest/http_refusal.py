"""Telling a page from a refusal that comes as ``200 OK``: empty bodies, stubs, challenge pages. Each is a failure of the
channel and never "no new messages". A site that challenges its client is to be asked for access, not bypassed."""

import re

_SMALL = 32_768
"""A challenge is small; a long page that quotes such words is a letter."""

_CHALLENGE = re.compile(
    rb"__jsl_clearance|acw_sc__v|_jsluid|jsluid_|cf-challenge|cf_chl|challenge-platform|/cdn-cgi/challenge|safeline|__cdn_clearance"
    rb"|aliyun_waf|waf_captcha|geetest|TencentCaptcha|\$_ts\s*=\s*window|HttpOnlyToken|yunsuo_session|bot_guard",
    re.IGNORECASE,
)
_WORDS = re.compile(
    "访问过于频繁|请求过于频繁|访问被(?:拒绝|拦截|阻断|禁止)|您的访问|安全验证|人机验证|滑动验证|请完成验证|输入验证码|网站防火墙|云防护|创宇盾"
    "|Web应用防火墙|请开启\\s*JavaScript|enable JavaScript|Just a moment|Access Denied|Request blocked",
    re.IGNORECASE,
)
_SCRIPTED = re.compile(
    rb"location\s*(?:\.\s*(?:href|replace|reload)|=)|document\.cookie|http-equiv\s*=\s*[\"']?refresh|window\.open", re.IGNORECASE
)
_TAGS = re.compile(rb"<[^<>]*>")
_LEAST_TEXT = 40


def refusal(body: bytes, text: str) -> str:
    """In words why this 200 answer is a refusal, or empty. ``text`` is the decoded body."""
    if not body.strip():
        return "the answer is empty"
    if len(body) > _SMALL or text.lstrip()[:1] in ("{", "["):
        return ""
    if _CHALLENGE.search(body):
        return "the site answers with a challenge page"
    visible = visible_characters(body)
    if visible < 400 and _WORDS.search(text):
        return "the site answers with a page that refuses access"
    if visible < _LEAST_TEXT and _SCRIPTED.search(body):
        return "the site answers with a stub that only runs a script"
    return ""


def visible_characters(body: bytes) -> int:
    """About how many bytes of a page are text that a reader would see."""
    head, found, rest = body.lower().partition(b"<body")
    seen = rest if found else head
    pieces = seen.split(b"<script")
    kept = pieces[0] + b"".join(piece.partition(b"</script>")[2] for piece in pieces[1:])
    return len(b"".join(_TAGS.sub(b"", kept).split()))
