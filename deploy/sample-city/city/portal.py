"""The city's portal: 市长信箱 as paged HTML in GB18030 that calls itself gb2312, with click counts that change at each look."""

import json
from collections.abc import Sequence
from html import escape

from city.items import KIND_NAMES, PORTAL, Item
from city.web import Reply, Request, Serving, not_found

PER_PAGE = 15
MEDIA_TYPE = "text/html; charset=gb2312"
LIST_PATH, DETAIL_PATH = "/szxx/list.jsp", "/szxx/show.jsp"
HEADINGS = ("信件编号", "信件标题", "信件类型", "来信时间", "办理状态", "点击次数")
PAGE = """<!DOCTYPE html>
<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"><title>{title}-澄岭市人民政府门户网站</title></head>
<body><div class="top"><a href="/">首页</a> &gt; <a href="/szxx/list.jsp">市长信箱</a></div>
<div class="main">{main}</div>
<div class="foot">主办：澄岭市人民政府办公室　网站标识码：6801000001</div></body></html>"""


class Portal:
    """``POST /_control/advance`` starts the second serving on every channel, ``GET /_control/state`` tells which is shown."""

    def __init__(self, items: Sequence[Item], serving: Serving) -> None:
        mine = [item for item in items if item.channel == PORTAL]
        self._items = sorted(mine, key=lambda item: (item.at, item.external_id), reverse=True)
        self._by_number = {item.external_id: item for item in mine}
        self._serving = serving

    def answer(self, request: Request) -> Reply:
        if request.path == LIST_PATH:
            return self._list(request)
        if request.path == DETAIL_PATH:
            return self._detail(request.query.get("id", ""))
        if request.path.startswith("/_control/"):
            return self._control(request)
        return not_found()

    def _control(self, request: Request) -> Reply:
        if (request.method, request.path) == ("POST", "/_control/advance"):
            self._serving.advance()
        elif (request.method, request.path) != ("GET", "/_control/state"):
            return not_found()
        state = {"serving": self._serving.number, "requests": self._serving.requests, "letters": len(self._shown())}
        return Reply(json.dumps(state).encode(), "application/json")

    def _shown(self) -> list[Item]:
        return [item for item in self._items if not item.late or self._serving.number > 1]

    def _list(self, request: Request) -> Reply:
        number = request.query.get("cur_page", "1")
        page = int(number) if number.isdecimal() and number.isascii() and int(number[:6]) > 0 else 1
        shown, clicks = self._shown(), self._serving.count()
        pages = -(-len(shown) // PER_PAGE)
        rows = [self._row(item, clicks + place) for place, item in enumerate(shown[(page - 1) * PER_PAGE : page * PER_PAGE])]
        heads = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
        following = f'<a class="next" href="{LIST_PATH}?cur_page={page + 1}">下一页</a>' if page < pages else ""
        table = (
            f'<table class="letters"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
            if rows
            else '<p class="none">暂无信件</p>'
        )
        return _page("信件列表", f'{table}<div class="pages">共{len(shown)}封 第{page}/{pages}页 {following}</div>')

    def _row(self, item: Item, clicks: int) -> str:
        subject, _ = item.words(self._serving.number)
        link = f'<a href="{DETAIL_PATH}?id={item.external_id}" title="{escape(subject)}">{escape(subject)}</a>'
        cells = (item.external_id, link, KIND_NAMES[item.letter.kind], f"{item.at:%Y-%m-%d %H:%M}", self._status(item), clicks)
        return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"

    def _status(self, item: Item) -> str:
        if self._serving.number > 1 and item.answer is not None:
            return "已办结"
        return "已补充" if self._serving.number > 1 and item.revised is not None else "待受理"

    def _detail(self, number: str) -> Reply:
        item = self._by_number.get(number)
        if item is None or (item.late and self._serving.number == 1):
            return not_found()
        subject, body = item.words(self._serving.number)
        rows = [
            ("信件编号", item.external_id),
            ("信件标题", escape(subject)),
            ("信件类型", KIND_NAMES[item.letter.kind]),
            ("收信单位", "市长信箱"),
            ("来信人", item.sender.name),
            ("联系电话", item.sender.phone),
            ("电子邮箱", item.sender.email),
            ("来信时间", f"{item.at:%Y-%m-%d %H:%M:%S}"),
            ("事发地点", f"{item.letter.town.county_name}{item.letter.town.name}" if _gives_place(item) else ""),
            ("信件内容", "<br/>".join(escape(line) for line in body.splitlines())),
            ("办理状态", self._status(item)),
        ]
        if item.answer is not None and self._serving.number > 1:
            rows += [
                ("回复单位", item.answer.unit_name),
                ("回复时间", f"{item.answer.at:%Y-%m-%d %H:%M:%S}"),
                ("回复内容", escape(item.answer.text)),
            ]
        rows.append(("点击次数", str(self._serving.count())))
        cells = "".join(f'<tr><td class="label">{label}：</td><td class="value">{value}</td></tr>' for label, value in rows)
        return _page(escape(subject), f'<table class="letter">{cells}</table>')


def _gives_place(item: Item) -> bool:
    """Every other citizen fills in where it happened."""
    return bool(item.letter.town.code) and item.sender.account % 2 == 0 and item.letter.town.code != item.letter.town.county


def _page(title: str, main: str) -> Reply:
    return Reply(PAGE.format(title=title, main=main).encode("gb18030"), MEDIA_TYPE)
