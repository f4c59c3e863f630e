"""Portals of fictional cities, each built like a product that real cities use; what is served, and what must be read from it.

Names, numbers and addresses are made up.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.hostile_server import Asked

PROFILES = Path(__file__).parent.parent / "data" / "portals"
HTML = "text/html; charset=gb2312"
JSON = "application/json"

Answer = tuple[str, bytes] | None
Serve = Callable[[Asked], Answer]


@dataclass(frozen=True, slots=True)
class PortalSite:
    """``serve`` answers a request with (media type, body), None for a 404. ``expected``: by external id, fields of its Draft."""

    profile: Path
    serve: Serve
    expected: dict[str, dict[str, object]]


def _page(body: str) -> Answer:
    return HTML, f"<html><head><meta charset='gb2312'></head><body>{body}</body></html>".encode("gb18030")


def _query(asked: Asked) -> dict[str, str]:
    text = urlsplit(asked.target).query + "&" + asked.body.decode("ascii")
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _trs(asked: Asked) -> Answer:
    letters = [
        {
            "TITLE": f"第{number}号信",
            "CONTENT": f"<p>小区{number}停水&nbsp;三天</p><p>请处理</p>",
            "METADATAID": 880000000000 + number,
            "SUBMITTIME": 1700000000000 + number,
            "TYPENAME": "投诉举报" if number == 1 else "咨询",
            "BOXNAME": "市长信箱",
            "PUBLISHURL": '{"url":"x"}' if number == 2 else "http://portal.example/x.html",
            "REPLYS": [{"CONTENT": "<div>已恢复供水</div>", "DEPT": "市水务局", "TIME": 1700086400000}] if number == 3 else [],
        }
        for number in (3, 2, 1)
    ]
    page = int(_query(asked)["pageIndex"])
    answer = {"statusCode": 200, "datas": {"total": len(letters), "data": letters[(page - 1) * 2 : page * 2]}}
    return JSON, json.dumps(answer, separators=(",", ":")).encode()


def _jact(asked: Asked) -> Answer:
    if urlsplit(asked.target).path.endswith(".action"):
        assert asked.method == "POST"
        rows = "".join(
            f"<record><![CDATA[<tr class='tr_css'><td>BL-00{n}</td><td><a href='mailpubdetail.do?sysid=12&transactId=T-{n}'>"
            f"关于路灯{n}</a></td><td>已办结</td><td>2025-03-0{n} 09:10</td><td>市城管局</td><td>{n * 7}</td></tr>]]></record>"
            for n in range(9, 0, -1)[int(_query(asked)["startrecord"]) - 1 : int(_query(asked)["endrecord"])]
        )
        return "text/xml", f"<datastore><totalrecord>9</totalrecord><recordset>{rows}</recordset></datastore>".encode()
    number = _query(asked)["transactId"].removeprefix("T-")
    return _page(
        f"<table><tr><th>办件标题</th><td>关于路灯{number}</td><th>办件编号</th><td>BL-00{number}</td></tr>"
        f"<tr><th>内容</th><td colspan=3>第{number}盏路灯不亮<br>喆镕街</td></tr><tr><th>附件</th><td></td></tr>"
        f"<tr><th>答复内容</th><td colspan=3><p>已修</p></td></tr><tr><th>答复人</th><td>城管局</td><th>答复时间</th><td>2025-03-20</td></tr></table>"
    )


def _static(asked: Asked) -> Answer:
    path = urlsplit(asked.target).path
    pages = {"/zmhd/szxx/index.htm": (5, 4), "/zmhd/szxx/index_1.htm": (3, 2), "/zmhd/szxx/index_2.htm": (1,)}
    if path in pages:
        rows = "".join(
            f"<tr><td>建议</td><td><a href='./2025/letter_{n}.htm' title='第{n}条很长很长的标题'>第{n}条很长…</a></td><td>办理中</td>"
            f"<td>2025/1/{n}</td></tr>"
            for n in pages[path]
        )
        return _page(f"<table id=list><tr><td>诉求类别</td><td>诉求标题</td><td>状态</td><td>时间</td></tr>{rows}</table>")
    if path.startswith("/zmhd/szxx/2025/"):
        n = path.rpartition("_")[2].removesuffix(".htm")
        return _page(
            f"<table class=xx><tr><td>信件类型：</td><td>建议</td><td>来信时间：</td><td>2025年1月{n}日 8时30分</td></tr><tr><td>来信标题：</td>"
            f"<td colspan=3>第{n}条很长很长的标题</td></tr><tr><td>来信内容：</td><td colspan=3>建议增加公交{n}路。\n电话：另附</td></tr>"
            f"<tr><td>信件状态：</td><td>办理中</td><td>回复时间：</td><td></td></tr><tr><td>回复内容：</td><td colspan=3></td></tr></table>"
        )
    return None


def _onenode(asked: Asked) -> Answer:
    path = urlsplit(asked.target).path
    if path.startswith("/Index_index_p_"):
        page = int(path.removeprefix("/Index_index_p_").strip("_"))
        items = "".join(
            f"<div class=item><h3><a href='/Index_show_id_{n}'>标题{n}</a></h3><span class=no>编号 10{n}</span><span class=who>网友{n}</span>"
            f"<p class=meta>市教育局 / 城东区 / 教育 IP：198.51.100.{n} 2025-06-0{n} 10:00:00</p><div class=words>孩子上学的事{n}<br>盼复</div>"
            f"<em class=state>已回复</em></div>"
            for n in ((3, 2) if page == 1 else (1,))
        )
        return _page(f"<div class=booklist>{items}</div><div>共 2 页</div>")
    n = path.rpartition("_")[2]
    more = "<div class=more><p>还是没有解决</p><i>2025-06-20 09:00</i></div>" if n == "2" else ""
    reply = "<div class='booklist official'><div class=orgInfo><b>市教育局</b><i>2025-06-10</i><div class=text>已安排</div></div></div>"
    return _page(f"<p>浏览次数：9</p>{reply if n != '1' else ''}{more}")


def _viewstate(asked: Asked) -> Answer:
    parts = urlsplit(asked.target)
    if parts.path == "/Mail/Allemail.aspx":
        assert "MailBox=%u6240%u6709%u4fe1%u7bb1" in parts.query
        form = _query(asked) if asked.method == "POST" else {}
        page = int(form.get("__EVENTARGUMENT", "1"))
        assert page == 1 or form["__VIEWSTATE"].startswith("state+/="), "the hidden fields come back"
        rows = "".join(
            f"<tr><td>投诉</td><td>2025-02-0{n}</td><td><a href='Show.aspx?Id={n:03}'>噪音{n}</a></td><td>市民{n}</td><td>书记信箱</td><td></td>"
            f"<td>办理中</td></tr>"
            for n in ((4, 3), (2, 1))[page - 1]
        )
        head = "".join(f"<th>{label}</th>" for label in ("类别", "时间", "标题", "发送人", "接收人", "回复人", "状态"))
        hidden = f"<input type=hidden name=__VIEWSTATE value='state+/={page}'><input type=hidden name=__EVENTVALIDATION value=v>"
        return _page(f"<form>{hidden}<table id=GridView1><tr>{head}</tr>{rows}</table>共2页</form>")
    n = int(_query(asked)["Id"])
    return _page(
        f"<dl><dt>标题</dt><dd>噪音{n}</dd><dt>来信人</dt><dd>市民{n}</dd><dt>来信时间</dt><dd>2025-02-0{n} 23:05:00</dd>"
        f"<dt>来信内容</dt><dd><p>夜里施工</p><p>回复内容：没人管</p></dd></dl>"
    )


def _jsonp(asked: Asked) -> Answer:
    query = _query(asked)
    if urlsplit(asked.target).path == "/api/list":
        codes = (("0007", "0006"), ("0005",), ())[int(query["pageNo"])]
        rows = ",".join(
            f"{{sq_code:'{code}',sq_title2:'事项{code}',sq_time:{1740000000 + int(code)},sq_state:'待办',}}" for code in codes
        )
        return "text/javascript", f"cb({{total:3,rows:[{rows}]}});".encode()
    code = query["code"]
    answer = {
        "code": 0,
        "data": {
            "content": f"积水严重{code}\n请看看",
            "created": 1740000000 + int(code),
            "author": {"name": "某某", "tel": "000-0000"},
            "answer": {"text": "", "dept": "市政", "date": "0001-01-01T00:00:00"},
            "type": "我要求助",
            "place": "虚桥路",
        },
    }
    return JSON, json.dumps(answer, ensure_ascii=False).encode()


def _whole(asked: Asked) -> Answer:
    letters = [
        f"<div class=msg><p><b>网友：</b>访客{n} <b>时间：</b>2025-04-0{n} 11:00</p><p><b>留言对象：</b>市长</p><div><span>留言内容：</span>"
        f"<div>第{n}件事<br>电话：请看附件</div></div><p>回复部门：市政府办</p><div><span>回复内容：</span><div>收到{n}</div></div></div>"
        for n in (3, 2, 1)
    ]
    offset = int(_query(asked)["offset"])
    return _page("".join(letters[offset : offset + 2]) or "<p>没有留言</p>")


def _posted(asked: Asked) -> Answer:
    path = unquote(urlsplit(asked.target).path)
    if path == "/Home/AppealList":
        assert asked.method == "POST"
        numbers = {"1": (3, 2), "2": (1,)}.get(_query(asked)["page"], ())
        rows = "".join(
            f"<li><a href='javascript:void(0)' onclick=\"open('ap{n}')\">物业{n}</a> 编号：S{n} 来信人：业主{n} 状态：已答 时间：2025-05-0{n}</li>"
            for n in numbers
        )
        return _page(f"<ul class=appeals>{rows}</ul>" if rows else "<p>暂无诉求</p>")
    n = path.removeprefix("/Home/Appeal/ap")
    return _page(
        f"<div id=main><p>诉求主题：物业{n}　来信类型：反腐线索</p><h4>来信内容</h4><p>第一段{n}</p><p>第二段</p>"
        "<table><tr><td>回复1</td><td>已转办</td></tr><tr><td>回复1单位及时间</td><td>住建局 2025-05-08 10:00</td></tr>"
        "<tr><td>回复2</td><td>已整改</td></tr><tr><td>回复2单位及时间</td><td>街道办 2025-05-09</td></tr></table></div>"
    )


def _site(name: str, serve: Serve, expected: dict[str, dict[str, object]]) -> PortalSite:
    return PortalSite(PROFILES / f"{name}.toml", serve, expected)


SITES: dict[str, PortalSite] = {
    "trs": _site(
        "trs",
        _trs,
        {
            "880000000003": {
                "subject": "第3号信",
                "body": "小区3停水 三天\n请处理",
                "kind": "consult",
                "submitted_at": "2023-11-14T22:13:20+00:00",
                "addressed_to": "市长信箱",
                "answers": [("市水务局", "已恢复供水", "2023-11-15")],
            },
            "880000000002": {"kind": "consult", "answers": []},
            "880000000001": {"kind": "accusation"},
        },
    ),
    "jact": _site(
        "jact",
        _jact,
        {
            f"BL-00{n}": {
                "subject": f"关于路灯{n}",
                "body": f"第{n}盏路灯不亮\n喆镕街",
                "addressed_to": "市城管局",
                "submitted_at": f"2025-03-0{n}T09:10:00+08:00",
                "answers": [("城管局", "已修", "2025-03-20")],
            }
            for n in range(1, 10)
        },
    ),
    "static": _site(
        "static",
        _static,
        {
            f"letter_{n}": {
                "subject": f"第{n}条很长很长的标题",
                "body": f"建议增加公交{n}路。 电话：另附",
                "kind": "suggestion",
                "submitted_at": f"2025-01-0{n}T08:30:00+08:00",
                "upstream_status": "办理中",
                "phones": (),
                "answers": [],
            }
            for n in range(1, 6)
        },
    ),
    "onenode": _site(
        "onenode",
        _onenode,
        {
            "103": {
                "subject": "标题3",
                "body": "孩子上学的事3\n盼复",
                "addressed_to": "市教育局",
                "place": "城东区",
                "ip": "198.51.100.3",
                "name": "网友3",
                "submitted_at": "2025-06-03T10:00:00+08:00",
                "answers": [("市教育局", "已安排", "2025-06-10")],
            },
            "102": {"body": "孩子上学的事2\n盼复"},
            "102+1": {
                "subject": "标题2",
                "body": "还是没有解决",
                "submitted_at": "2025-06-20T09:00:00+08:00",
                "name": "网友2",
                "answers": [],
            },
            "101": {"answers": []},
        },
    ),
    "viewstate": _site(
        "viewstate",
        _viewstate,
        {
            f"{n:03}": {
                "subject": f"噪音{n}",
                "body": "夜里施工\n回复内容：没人管",
                "kind": "complaint",
                "name": f"市民{n}",
                "addressed_to": "书记信箱",
                "submitted_at": f"2025-02-0{n}T23:05:00+08:00",
                "answers": [],
            }
            for n in range(1, 5)
        },
    ),
    "jsonp": _site(
        "jsonp",
        _jsonp,
        {
            code: {
                "subject": f"事项{code}",
                "body": f"积水严重{code}\n请看看",
                "kind": "help",
                "place": "虚桥路",
                "name": "某某",
                "phones": ("000-0000",),
                "answers": [],
            }
            for code in ("0005", "0006", "0007")
        },
    ),
    "posted": _site(
        "posted",
        _posted,
        {
            f"S{n}": {
                "subject": f"物业{n}",
                "body": f"第一段{n}\n第二段",
                "kind": "accusation",
                "name": f"业主{n}",
                "submitted_at": f"2025-05-0{n}T00:00:00+08:00",
                "answers": [("住建局", "已转办", "2025-05-08"), ("街道办", "已整改", "2025-05-09")],
            }
            for n in (1, 2, 3)
        },
    ),
    "whole": _site(
        "whole",
        _whole,
        {
            f"item:访客{n}": {
                "subject": f"第{n}件事",
                "body": f"第{n}件事\n电话：请看附件",
                "addressed_to": "市长",
                "name": f"访客{n}",
                "phones": (),
                "answers": [("市政府办", f"收到{n}", None)],
            }
            for n in (1, 2, 3)
        },
    ),
}
