"""How the board collector reads a board of generation 0, and how a post is understood."""

import json
from collections.abc import Iterator

import pytest

from domain.errors import RejectItem, RetryLater
from domain.ids import ChannelId
from domain.messages import Capture, CapturePart, MessageKind
from ingest.board import BoardConfig
from ingest.board_detail import read_post
from ingest.board_parser import BoardParser
from ingest.board_records import thread_of
from ingest.harvest import LayoutChanged, record_part
from tests.support.collector_rig import Rig
from tests.support.hostile_server import whole
from tests.support.rig_board import BoardSource, board_rig
from tests.support.web_clock import HandClock

HOUR = 3600.0
LONG = "从去年开始这条路上的路灯一直没有亮过，晚上下班走路非常害怕，" * 6


@pytest.fixture
def rig() -> Iterator[Rig]:
    with board_rig() as made:
        yield made


def source(rig: Rig) -> BoardSource:
    assert isinstance(rig.source, BoardSource)
    return rig.source


def texts(rig: Rig) -> list[str]:
    return [rig.understand(capture).body for capture in rig.drain()]


def test_a_short_post_needs_no_second_request_and_a_cut_one_is_read_whole(rig: Rig) -> None:
    rig.source.add("short", "短短的一条")
    rig.source.add("long", LONG)
    captures = rig.drain()
    assert {rig.understand(capture).body for capture in captures} == {"短短的一条", LONG}
    details = [asked.target for asked in source(rig).server.asked if asked.target.startswith("/threads/content")]
    assert details == ["/threads/content?tid=9000010"]


def test_a_text_of_exactly_what_the_list_shows_is_not_cut(rig: Rig) -> None:
    rig.source.add("k", "字" * 100)
    assert texts(rig) == ["字" * 100]


def test_a_citizens_own_dots_are_not_taken_for_a_cut(rig: Rig) -> None:
    rig.source.add("k", "说来话长...")
    assert texts(rig) == ["说来话长..."]


def test_a_post_that_is_approved_late_is_found_though_its_tid_is_small(rig: Rig) -> None:
    for number in range(9):
        rig.source.add(f"k{number}", f"第{number}条")
    rig.drain()
    source(rig).add_late("late", "两天后才通过审核", tid=9_000_025)
    assert texts(rig) == ["两天后才通过审核"]


def test_the_window_is_bounded_by_the_overlap(rig: Rig) -> None:
    for number in range(30):
        rig.source.add(f"k{number}", f"第{number}条")
    rig.drain()
    rig.clock.advance(80 * HOUR)
    source(rig).clicks = 0
    assert texts(rig) == []
    assert source(rig).clicks == 1


def test_an_old_post_that_changes_is_found_by_the_sweep(rig: Rig) -> None:
    for number in range(30):
        rig.source.add(f"k{number}", f"第{number}条")
    rig.drain()
    rig.clock.advance(80 * HOUR)
    source(rig).changes["k2"] = {"stateInfo": "已办理", "answerContent": "办好了", "answerOrganization": "市城管局"}
    assert texts(rig) == []
    rig.clock.advance(7 * 24 * HOUR)
    [capture] = rig.drain()
    draft = rig.understand(capture)
    assert (draft.upstream_status, draft.answers[0].unit, draft.answers[0].text) == ("已办理", "市城管局", "办好了")


def test_clicks_on_a_post_change_nothing(rig: Rig) -> None:
    rig.source.add("k", "一条留言")
    rig.drain()
    source(rig).clicks += 50
    assert rig.drain() == []


@pytest.mark.parametrize(
    "envelope",
    [
        {"code": "SN0006", "msg": "数据格式错误"},
        {"result": "fail", "success": False, "responseData": []},
        {"result": "success", "success": True, "responseData": None},
        {"result": "success", "success": "true", "responseData": []},
        [],
        "not json at all, but some page of text that is long enough",
    ],
)
def test_a_200_that_is_no_success_is_a_failure(rig: Rig, envelope: object) -> None:
    source(rig).envelope = (envelope if isinstance(envelope, str) else json.dumps(envelope)).encode()
    with pytest.raises(RetryLater):
        rig.poll()


def test_a_whole_board_that_answers_empty_is_left_alone_for_half_an_hour(rig: Rig) -> None:
    rig.source.add("k", "一条留言")
    rig.drain()
    rig.source.remove("k")
    with pytest.raises(RetryLater) as caught:
        rig.poll()
    assert caught.value.after == 1800


def test_a_board_that_gives_one_page_for_ever_is_noticed(rig: Rig) -> None:
    records = [{"tid": 5, "subject": "甲", "content": "乙"}]
    source(rig).envelope = json.dumps({"result": "success", "success": True, "responseData": records}).encode()
    rig.poll()
    with pytest.raises(RetryLater, match="same page"):
        rig.poll()


def test_a_post_that_is_gone_is_kept_as_its_record(rig: Rig) -> None:
    rig.source.add("k", LONG)
    source(rig).gone.add("k")
    [reject] = rig.poll().rejects
    assert reject.reason == "the post is no longer there"


def test_posts_that_are_found_nowhere_are_a_changed_layout(rig: Rig) -> None:
    for number in range(6):
        rig.source.add(f"k{number}", f"{number}{LONG}")
    source(rig).server.script["/threads/content"] = whole("<html><body><article>别的样子的网页</article></body></html>".encode())
    with pytest.raises(LayoutChanged, match="layout changed"):
        rig.drain()


def test_generation_0b_by_settings() -> None:
    with board_rig(list_path="/pro-dfbbs-front/threads/queryThreadsList", page_size=20) as rig:
        board = source(rig)
        board.server.script["/pro-dfbbs-front/threads/queryThreadsList"] = board.server.script.pop("/threads/queryThreadsList")
        rig.source.add("k", "一条留言")
        assert texts(rig) == ["一条留言"]
        assert b"pageSize=20" in board.server.asked[0].body


WRITTEN = HandClock().now()
RECORD: dict[str, object] = {
    "tid": 777,
    "userId": 4711,
    "fid": 1,
    "typeId": 2,
    "nickName": "网友甲",
    "subject": "<label style='color:#D5313F'>路</label><label style='color:#D5313F'>灯</label>不亮",
    "content": "东门<label style='color:#D5313F'>路</label>的灯&nbsp;不亮<br/>请修",
    "dateline": int(WRITTEN.timestamp()),
    "ip": "198.51.100.*",
    "stateInfo": "待回复",
    "forumName": "澜山市委书记",
    "typeName": "投诉/求助",
    "from": " 虚构省 澜山市 ",
    "threadPlace": None,
}


def draft_of(**changes: object):  # type: ignore[no-untyped-def]
    parser = BoardParser(BoardConfig(ChannelId("board"), "http://board.example", "1", place_filter=("澜山",)))
    thread = thread_of({name: str(value) if type(value) is int else value for name, value in (RECORD | changes).items()})
    return parser.understand(Capture(ChannelId("board"), thread.external_id, WRITTEN, (record_part(thread.record),)))


def test_a_record_is_understood() -> None:
    draft = draft_of()
    assert (draft.subject, draft.body) == ("路灯不亮", "东门路的灯 不亮\n请修")
    assert draft.kind is MessageKind.COMPLAINT
    assert (draft.addressed_to, draft.place, draft.submitted_at) == ("澜山市委书记", "虚构省 澜山市", WRITTEN)
    assert (draft.sender.name, draft.sender.account, draft.sender.ip) == ("网友甲", "people.com.cn:4711", "198.51.100.*")
    assert draft.in_place
    assert not draft.truncated


@pytest.mark.parametrize(
    ("type_id", "name", "kind"),
    [
        (1, "咨询", MessageKind.CONSULT),
        (5, "建言", MessageKind.SUGGESTION),
        (2, "投诉", MessageKind.COMPLAINT),
        (6, "求助", MessageKind.HELP),
        (9, "感谢", MessageKind.THANKS),
        (2, "投诉举报", MessageKind.ACCUSATION),
        (77, "咨询", MessageKind.CONSULT),
        (77, "新类型", None),
    ],
)
def test_types_become_kinds(type_id: int, name: str, kind: MessageKind | None) -> None:
    assert draft_of(typeId=type_id, typeName=name).kind is kind


@pytest.mark.parametrize("user", [0, None, "", "-1", "anonymous"])
def test_an_anonymous_user_has_no_account(user: object) -> None:
    assert draft_of(userId=user).sender.account == ""


@pytest.mark.parametrize("name", ["甲***", "13********9", "匿名网友", "网友", None])
def test_a_masked_name_is_none(name: object) -> None:
    assert draft_of(nickName=name).sender.name == ""


def test_another_city_is_out_of_place() -> None:
    assert not draft_of(**{"from": "虚构省 泊林市", "forumName": "虚构省委书记"}).in_place


PAGES = {
    "content": f"<div class='content'>{LONG}</div><div class='content'>答复：已修</div>",
    "zoom": f"<div class='zoom'><p>{LONG}</p></div>",
    "box": f"<div class='liuyan_box03'><h2><b>标题</b></h2><p>{LONG}</p><p>答复：已修</p></div>",
    "reply first": f"<div class='content'>答复：已修</div><div class='content'>{LONG}</div>",
}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_post_is_found_where_it_stood_by_year(name: str) -> None:
    assert read_post(f"<html><body>{PAGES[name]}</body></html>", LONG[:100] + "...") == LONG


def test_a_page_without_a_post_is_refused() -> None:
    with pytest.raises(RejectItem, match="not found"):
        read_post("<html><body><p>该留言正在审核</p></body></html>", LONG[:100])


def test_without_details_a_cut_text_says_so() -> None:
    parser = BoardParser(BoardConfig(ChannelId("board"), "http://board.example", "1", details=False))
    thread = thread_of(RECORD | {"tid": "777", "content": LONG[:100] + "..."})
    draft = parser.understand(Capture(ChannelId("board"), thread.external_id, WRITTEN, (record_part(thread.record),)))
    assert draft.truncated
    wrong = Capture(ChannelId("board"), thread.external_id, WRITTEN, (CapturePart("list", "", b"\xff{"),))
    with pytest.raises(RejectItem):
        parser.understand(wrong)
