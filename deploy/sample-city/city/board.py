"""The province's leadership board as people.com.cn served it in its generation 0: lists by POST with a Referer, cut bodies."""

import json
from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from typing import Any

from city.items import BOARD, GOVERNOR, Item
from city.places import CITY, PROVINCE
from city.web import Reply, Request, Serving, not_found

PER_PAGE = 20
CUT = 100
LIST_PATH, DETAIL_PATH = "/threads/queryThreadsList", "/threads/content"
FIDS = {"7311": BOARD, "7300": GOVERNOR}
FORUMS = {BOARD: f"{CITY}委书记", GOVERNOR: f"{PROVINCE}省长"}
TYPES = {
    "consult": (1, "咨询"), "suggestion": (5, "建言"), "complaint": (2, "投诉"), "accusation": (2, "投诉"), "help": (6, "求助"),
    "thanks": (9, "感谢"),
}  # fmt: skip
DOMAINS = {
    "housing": (1, "城建"), "urban": (1, "城建"), "transport": (2, "交通"), "traffic-police": (2, "交通"), "bus": (2, "交通"),
    "agriculture": (3, "三农"), "ecology": (4, "环保"), "education": (5, "教育"), "health": (6, "医疗"), "police": (7, "治安"),
    "culture-tourism": (8, "旅游"), "hrss": (9, "就业"), "market": (12, "企业"),
}  # fmt: skip
ORDER = {"待回复": 2, "办理中": 3, "已办理": 4}
PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>{subject}--领导留言板</title></head><body>
<div class="liuyan_box03"><h2><b>{subject}</b><span>{state}</span></h2>
<h3>留言人：{nick} <em>[{type}][{domain}]</em> {written}</h3><p class="zoom content">{content}</p></div>
{replies}</body></html>"""
REPLY = '<div class="liuyan_box04"><h3>{unit} 回复 {at}</h3><p class="zoom">{text}</p></div>'


class Board:
    def __init__(self, items: Sequence[Item], serving: Serving) -> None:
        mine = [item for item in items if item.channel in (BOARD, GOVERNOR)]
        self._items = sorted(mine, key=lambda item: int(item.external_id), reverse=True)
        self._by_tid = {item.external_id: item for item in mine}
        self._serving = serving

    def answer(self, request: Request) -> Reply:
        if request.path == LIST_PATH:
            return self._list(request)
        if request.path == DETAIL_PATH:
            return self._detail(request.query.get("tid", ""))
        return not_found()

    def _shown(self, item: Item) -> bool:
        return not item.late or self._serving.number > 1

    def _list(self, request: Request) -> Reply:
        if request.method != "POST":
            return Reply(b"", status=HTTPStatus.METHOD_NOT_ALLOWED)
        fid = request.form.get("fid", "")
        if f"/threads/list?fid={fid}" not in request.referer or fid not in FIDS:
            return Reply(b"", status=HTTPStatus.FORBIDDEN)
        last = request.form.get("lastItem", "0")
        before = int(last) if last.isdecimal() and int(last) else None
        shown = [
            item
            for item in self._items
            if item.channel == FIDS[fid] and self._shown(item) and (before is None or int(item.external_id) < before)
        ]
        wanted = request.form.get("state", "1")
        records = [record for record in map(self._record, shown) if wanted in ("", "1", str(record["threadState"]))]
        document = {"result": "success", "resultDesc": None, "success": True, "responseData": records[:PER_PAGE]}
        return Reply(json.dumps(document, ensure_ascii=False).encode(), "application/json;charset=UTF-8")

    def _record(self, item: Item) -> dict[str, Any]:
        subject, body = item.words(self._serving.number)
        number, name = TYPES[item.letter.kind]
        domain, domain_name = DOMAINS.get(item.letter.function, (13, "政务"))
        answer = item.answer if self._serving.number > 1 else None
        state = self._state(item)
        written = int(item.at.timestamp())
        revised = self._serving.number > 1 and item.revised is not None
        return {
            "tid": int(item.external_id),
            "userId": item.sender.account,
            "fid": next(int(fid) for fid, channel in FIDS.items() if channel == item.channel),
            "typeId": number,
            "domainId": domain,
            "topicId": 0,
            "nickName": item.sender.nickname,
            "subject": subject,
            "content": body if len(body) <= CUT else body[:CUT] + "...",
            "dateline": written,
            "threadsCheckTime": written + 7 * 3600,
            "lastUpdate": written + (30 * 3600 if answer or revised else 0),
            "ip": item.sender.ip.rsplit(".", 1)[0] + ".*",
            "stateInfo": state,
            "threadState": ORDER[state],
            "typeName": name,
            "domainName": domain_name,
            "forumName": FORUMS[item.channel],
            "sourceName": "PC浏览器",
            "from": f" {PROVINCE} {item.letter.town.city}",
            "favNum": self._serving.count(),
            "attachment": 0,
            "publicAttachment": 0,
            "answerId": int(item.external_id) + 1 if answer else None,
            "answerContent": answer.text if answer else None,
            "answerDateline": int(answer.at.timestamp()) if answer else None,
            "answerOrganization": answer.unit_name if answer else None,
            "grade": None,
        }

    def _state(self, item: Item) -> str:
        if self._serving.number > 1 and item.answer is not None:
            return "已办理"
        return "办理中" if int(item.external_id) % 5 == 0 else "待回复"

    def _detail(self, tid: str) -> Reply:
        item = self._by_tid.get(tid)
        if item is None or not self._shown(item):
            return not_found()
        subject, body = item.words(self._serving.number)
        answer = item.answer if self._serving.number > 1 else None
        replies = ""
        if answer is not None:
            replies = REPLY.format(unit=answer.unit_name, at=f"{answer.at:%Y-%m-%d %H:%M}", text=escape(answer.text))
        page = PAGE.format(
            subject=escape(subject),
            state=self._state(item),
            nick=item.sender.nickname,
            type=TYPES[item.letter.kind][1],
            domain=DOMAINS.get(item.letter.function, (13, "政务"))[1],
            written=f"{item.at:%Y-%m-%d %H:%M}",
            content="<br/>".join(escape(line) for line in body.splitlines()),
            replies=replies,
        )
        return Reply(page.encode())
