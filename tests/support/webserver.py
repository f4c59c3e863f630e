"""A portal and a leadership board on loopback, as real ones behave: paged GB18030 that calls itself gb2312, cut list bodies."""

import html
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.support.scenario import BOARD, PORTAL, Item, Scenario

PORTAL_PAGE = 20
BOARD_PAGE = 20
BOARD_FID = "3611"
GONE = 404
GATE_SECONDS = 60


def _open_gate() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


@dataclass(slots=True)
class Serving:
    """What is served now. ``fault``: "" or what the whole site does wrong; ``requests`` counts by path. While ``gate`` is
    closed every request waits."""

    number: int = 1
    fault: str = ""
    gate: threading.Event = field(default_factory=_open_gate)
    requests: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str) -> int:
        with self.lock:
            self.requests[name] = self.requests.get(name, 0) + 1
            return self.requests[name]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is killed leaves its connection open: no fault of the server's."""


class Site:
    """One loopback server. ``start`` returns itself; ``url`` has no trailing slash."""

    def __init__(self, scenario: Scenario) -> None:
        self.serving = Serving()
        self._scenario = scenario
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> "Site":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def listed(self, channel: str) -> list[Item]:
        """The items shown now, newest first."""
        shown = [item for item in self._scenario.on(channel) if item.serving <= self.serving.number]
        return sorted(shown, key=lambda item: (item.at, item.ident), reverse=True)

    def answer(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, str, bytes]:
        raise NotImplementedError

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                self._reply("GET", {})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                self._reply("POST", {name: values[0] for name, values in parse_qs(body).items()})

            def _reply(self, method: str, form: dict[str, str]) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()} | form
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, media_type, body = site.answer(method, parts.path, query, headers)
                site.serving.gate.wait(GATE_SECONDS)
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


class PortalSite(Site):
    """Lists at ``/zmhd/list?page=N`` (rows newest first), letters at ``/zmhd/view?id=N`` (a table of labels and values)."""

    def answer(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, str, bytes]:
        clicks = self.serving.count(path)
        if self.serving.fault == "error":
            return 500, "text/html", b"error"
        if self.serving.fault == "challenge":
            return 200, "text/html", b"<html><body><script>location.reload()</script></body></html>"
        if path == "/zmhd/list":
            return self._page(self._list(int(query.get("page", "1")), clicks))
        if path == "/zmhd/view":
            found = next((item for item in self.listed(PORTAL) if str(item.ident) == query.get("id")), None)
            if found is None or found.poison == "gone":
                return GONE, "text/html", b"<html><body>404</body></html>"
            return self._page(self._detail(found, clicks))
        return GONE, "text/html", b"<html><body>404</body></html>"

    def _page(self, body: str) -> tuple[int, str, bytes]:
        if self.serving.fault == "cut":
            return 200, "text/html; charset=gb2312", body[: len(body) // 2].encode("gb18030")
        if self.serving.fault == "new layout":
            body = body.replace('class="letters"', 'class="list-2027"').replace('class="letter"', 'class="view-2027"')
        encoding = "utf-8" if self.serving.fault == "another charset" else "gb18030"
        head = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"><title>互动交流</title></head>'
        return 200, "text/html; charset=gb2312", f"{head}<body>{body}</body></html>".encode(encoding)

    def _list(self, page: int, clicks: int) -> str:
        items = self.listed(PORTAL)
        pages = max(1, -(-len(items) // PORTAL_PAGE))
        rows = "".join(self._row(item, clicks) for item in items[(page - 1) * PORTAL_PAGE : page * PORTAL_PAGE])
        following = f'<a class="next" href="/zmhd/list?page={page + 1}">下一页</a>' if page < pages else ""
        heads = "".join(f"<th>{head}</th>" for head in ("信件编号", "标题", "类别", "状态", "来信时间", "点击次数"))
        table = f'<table class="letters"><tr>{heads}</tr>{rows}</table>'
        return f'<div id="nav">首页 &gt; 市长信箱</div>{table}<div class="pages">第{page}页 共{pages}页 {following}</div>'

    def _row(self, item: Item, clicks: int) -> str:
        return (
            f'<tr class="row"><td>{item.ident}</td><td><a href="/zmhd/view?id={item.ident}">{html.escape(item.title)}</a></td>'
            f"<td>{item.kind}</td><td>{self._state(item)}</td><td>{item.at:%Y-%m-%d %H:%M:%S}</td><td>{clicks}</td></tr>"
        )

    def _state(self, item: Item) -> str:
        second = self.serving.number > 1
        return "已回复" if second and item.answered else ("补充待办" if second and item.revised else "待办理")

    def _detail(self, item: Item, clicks: int) -> str:
        if item.poison == "no content":
            return '<div class="wrong">系统维护中，请稍后访问</div>'
        second = self.serving.number > 1
        content = item.revised if second and item.revised else item.content
        paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in content.splitlines() or [content])
        rows = [
            ("信件编号", str(item.ident)),
            ("信件标题", html.escape(item.title)),
            ("来信人", item.person.name),
            ("联系电话", item.person.phone),
            ("身份证号", item.person.id_number),
            ("电子邮箱", item.person.email),
            ("诉求类别", item.kind),
            ("来信时间", f"{item.at:%Y-%m-%d %H:%M:%S}"),
            ("来信内容", paragraphs),
            ("办理状态", self._state(item)),
        ]
        if second and item.answered:
            rows += [
                ("回复单位", item.unit),
                ("回复时间", f"{item.at:%Y-%m-%d} 17:00:00"),
                ("回复内容", "<p>已转有关科室办理。</p>"),
            ]
        cells = "".join(f'<tr><td class="label">{label}：</td><td class="value">{value}</td></tr>' for label, value in rows)
        return f'<table class="letter">{cells}</table><div class="foot">浏览次数：{clicks}</div>'


class BoardSite(Site):
    """people.com.cn, generation 0: the list is POSTed for with a Referer, bodies are cut at 100 characters."""

    def answer(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, str, bytes]:
        self.serving.count(path)
        if self.serving.fault == "error":
            return 500, "text/html", b"error"
        if self.serving.fault == "challenge":
            return 200, "text/html", b"<html></html>"
        if path == "/threads/queryThreadsList":
            if method != "POST":
                return 405, "text/html", b"method not allowed"
            if f"fid={BOARD_FID}" not in headers.get("referer", "") or query.get("fid") != BOARD_FID:
                return 403, "text/html", b"forbidden"
            return 200, "application/json;charset=UTF-8", self._list(int(query.get("lastItem") or 0))
        if path == "/threads/content":
            found = next((item for item in self.listed(BOARD) if str(self._tid(item)) == query.get("tid")), None)
            if found is None or found.poison == "gone":
                return GONE, "text/html", b"<html><body>404</body></html>"
            return 200, "text/html;charset=UTF-8", self._detail(found).encode()
        return GONE, "text/html", b"<html><body>404</body></html>"

    @staticmethod
    def _tid(item: Item) -> int:
        return item.ident

    def _list(self, last: int) -> bytes:
        threads = sorted(self.listed(BOARD), key=lambda item: item.ident, reverse=True)
        after = [item for item in threads if not last or self._tid(item) < last][:BOARD_PAGE]
        records = [self._record(item) for item in after]
        document = {"result": "success", "resultDesc": None, "success": True, "responseData": records}
        return json.dumps(document, ensure_ascii=False).encode()

    def _content(self, item: Item) -> str:
        return item.revised if self.serving.number > 1 and item.revised else item.content

    def _record(self, item: Item) -> dict[str, object]:
        content, second = self._content(item), self.serving.number > 1
        kinds = {"咨询": (1, "咨询"), "举报": (2, "投诉")}
        type_id, type_name = kinds.get(item.kind, (6, "求助"))
        written = int(item.at.timestamp())
        answered = second and item.answered
        return {
            "tid": self._tid(item),
            "userId": item.person.account,
            "fid": int(BOARD_FID),
            "typeId": type_id,
            "domainId": 7,
            "topicId": 0,
            "nickName": item.person.name if item.shown else item.person.name[0] + "***",
            "subject": item.title,
            "content": content if len(content) <= 100 else content[:100] + "...",
            "dateline": written,
            "ip": "203.0.113.*",
            "stateInfo": "已办理" if answered else "待回复",
            "traceInfo": "待回复",
            "processInfo": "未交办",
            "forumName": "云泽市委书记",
            "typeName": type_name,
            "domainName": "城建",
            "sourceName": "PC浏览器",
            "answerId": 1 if answered else None,
            "answerContent": "已转有关科室办理。" if answered else None,
            "answerDateline": written + 86_400 if answered else None,
            "answerOrganization": item.unit if answered else None,
            "threadState": 1,
            "attachment": 1,
            "publicAttachment": 1,
            "threadsCheckTime": written + 3600 + (86_400 if second and item.revised else 0),
            "from": " 甘肃省 云泽市",
        }

    def _detail(self, item: Item) -> str:
        if item.poison == "no content":
            return "<html><body><div class='notice'>该留言正在审核</div></body></html>"
        text = html.escape(self._content(item)).replace("\n", "<br/>")
        answer = '<div class="reply"><p>已转有关科室办理。</p></div>' if self.serving.number > 1 and item.answered else ""
        bodies = (
            f'<div class="content">{text}</div>',
            f'<div class="zoom"><p>{text}</p></div>',
            f'<div class="liuyan_box03"><h2><b>{html.escape(item.title)}</b></h2><p>{text}</p></div>',
        )
        head = f"<html><head><meta charset='utf-8'></head><body><h1>{html.escape(item.title)}</h1>"
        return f"{head}{bodies[item.ident % 3]}{answer}</body></html>"
