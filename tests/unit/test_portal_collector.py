"""How the portal collector goes through a portal that grows, changes, loses letters and breaks."""

import pickle
import socket
from collections.abc import Iterator

import pytest

from domain.errors import RejectItem, RetryLater
from domain.messages import Batch
from ingest import portal_detail
from ingest.harvest import LayoutChanged
from ingest.portal_detail import Letter, read_detail
from ingest.portal_labels import Labels
from ingest.portal_parser import PortalParser
from ingest.portal_profile import PortalProfile
from tests.support.collector_rig import Rig
from tests.support.hostile_server import Asked, redirect, unframed, whole
from tests.support.rig_portal import PortalSource, portal_rig

HOUR = 3600.0


@pytest.fixture
def rig() -> Iterator[Rig]:
    with portal_rig() as made:
        yield made


def source(rig: Rig) -> PortalSource:
    assert isinstance(rig.source, PortalSource)
    return rig.source


def fill(rig: Rig, count: int) -> None:
    for number in range(count):
        rig.source.add(f"k{number}", f"第{number}封信")


def bodies(rig: Rig, batch: Batch) -> list[str]:
    return [rig.understand(capture).body for capture in batch.captures]


def test_the_parser_reads_no_page_again_that_the_collector_has_read(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(profile: PortalProfile, labels: Labels, text: str) -> Letter:
        read.append(text)
        return read_detail(profile, labels, text)

    monkeypatch.setattr(portal_detail, "read_detail", counted)
    fill(rig, 4)
    batch = rig.poll()
    assert isinstance(rig.parser, PortalParser)
    by_others = [pickle.loads(pickle.dumps(rig.parser)).understand(capture) for capture in batch.captures]  # noqa: S301 — ours
    assert len(read) == 8, "what is kept stays in its process"
    assert [rig.understand(capture) for capture in batch.captures] == by_others
    assert len(read) == 8
    assert [rig.understand(capture) for capture in batch.captures] == by_others, "a replay reads again"
    assert len(read) == 12


def test_clicks_change_nothing(rig: Rig) -> None:
    fill(rig, 6)
    rig.drain()
    source(rig).clicks += 1000
    assert rig.drain() == []


def test_later_polls_stop_after_two_quiet_pages(rig: Rig) -> None:
    fill(rig, 30)
    rig.drain()
    source(rig).clicks = 0
    batch = rig.poll()
    assert source(rig).clicks == 2
    assert batch.manifest.listed == batch.manifest.unchanged == 6


def test_a_letter_that_appears_late_and_deep_is_found_by_the_daily_sweep(rig: Rig) -> None:
    fill(rig, 30)
    rig.drain()
    source(rig).add_below("late", "晚批准的信", 25)
    assert rig.drain() == []
    rig.clock.advance(24 * HOUR + 1)
    assert "晚批准的信" in [rig.understand(capture).body for capture in rig.drain()]


def test_new_letters_come_while_a_long_sweep_is_under_way(rig: Rig) -> None:
    fill(rig, 30)
    assert rig.poll().more
    rig.source.add("new", "插队的新信")
    assert "插队的新信" in bodies(rig, rig.poll())


def test_pages_that_shift_while_they_are_read_lose_nothing(rig: Rig) -> None:
    fill(rig, 20)
    got: list[str] = []
    for number in range(40):
        batch = rig.poll()
        got += bodies(rig, batch)
        if not batch.more:
            break
        if number % 2:
            rig.source.add(f"n{number}", f"新{number}")
        else:
            rig.source.remove(next(key for key in source(rig).letters if f"第{key[1:]}封信" in got))
    got += [rig.understand(capture).body for capture in rig.drain()]
    assert set(source(rig).letters.values()) <= set(got)
    assert len(got) == len(set(got))


def test_a_changed_page_is_found_when_it_is_looked_at_again(rig: Rig) -> None:
    fill(rig, 3)
    rig.drain()
    source(rig).letters["k1"] = "页面改了，列表没有改"
    assert rig.drain() == []
    rig.clock.advance(7 * HOUR)
    assert "页面改了，列表没有改" in [rig.understand(capture).body for capture in rig.drain()]


def test_recheck_of_zero_looks_at_every_letter_in_the_window() -> None:
    with portal_rig(recheck_minutes=0.0) as rig:
        fill(rig, 3)
        rig.drain()
        rig.clock.advance(1)
        assert len(rig.drain()) == 3


def test_rechecks_of_more_than_a_batch_come_to_an_end() -> None:
    with portal_rig(recheck_minutes=0.0, full_sweep_hours=0.0) as rig:
        fill(rig, 30)
        rig.drain()
        rig.clock.advance(1)
        looked_at = [capture.external_id for capture in rig.drain()]
        assert len(looked_at) == len(set(looked_at)) == 30


def test_a_letter_that_is_gone_is_kept_as_its_list_record(rig: Rig) -> None:
    fill(rig, 3)
    source(rig).gone.add("k1")
    batch = rig.poll()
    assert len(batch.captures) == 2
    [reject] = batch.rejects
    assert reject.reason == "the letter is no longer there"
    assert [part.name for part in reject.capture.parts] == ["list"]
    with pytest.raises(RejectItem, match="could not be had"):
        rig.understand(reject.capture)


def test_a_page_that_fails_alone_is_set_aside_after_three_polls(rig: Rig) -> None:
    fill(rig, 3)
    fixed = source(rig)._view

    def view(connection: socket.socket, asked: Asked) -> None:
        (whole(b"broken", status="500 Oops") if "id=2" in asked.target else fixed)(connection, asked)

    source(rig).server.script["/view"] = view
    assert len(rig.poll().captures) == 1
    with pytest.raises(RetryLater):
        rig.poll()
    batch = rig.poll()
    assert [reject.reason for reject in batch.rejects] == ["the letter's page fails again and again"]
    assert len(batch.captures) == 1


def test_a_list_without_rows_is_an_error_and_never_silence(rig: Rig) -> None:
    fill(rig, 4)
    rig.drain()
    for body in ("<html><body><p>欢迎访问</p></body></html>", "<html><body><table class='letters'></table>共1页</body></html>"):
        source(rig).list_override = body.encode()
        with pytest.raises(LayoutChanged, match="layout changed"):
            rig.poll()


def test_the_marker_for_no_messages_is_believed(rig: Rig) -> None:
    batch = rig.poll()
    assert batch.manifest.listed == 0
    assert not batch.more


def test_rows_that_are_mostly_not_understood_are_a_changed_layout(rig: Rig) -> None:
    rows = "".join(f"<tr><td>{n}</td><td></td><td></td></tr>" for n in range(3))
    source(rig).list_override = f"<html><body><table class='letters'>{rows}</table>共1页</body></html>".encode()
    with pytest.raises(LayoutChanged, match="most rows"):
        rig.poll()


def test_rows_that_share_one_id_are_a_wrong_profile(rig: Rig) -> None:
    rows = "".join(f"<tr><td>7</td><td><a href='/view?id=7'>信{n}</a></td><td></td></tr>" for n in range(3))
    head = "<tr><th>编号</th><th>标题</th><th>状态</th></tr>"
    source(rig).list_override = f"<html><body><table class='letters'>{head}{rows}</table>共1页</body></html>".encode()
    with pytest.raises(LayoutChanged, match="share one id"):
        rig.poll()


def test_a_second_page_that_repeats_the_first_is_a_wrong_paging(rig: Rig) -> None:
    row = "<tr><td>7</td><td><a href='/view?id=1'>信</a></td></tr>"
    fill(rig, 1)
    head = "<tr><th>编号</th><th>标题</th></tr>"
    source(rig).list_override = f"<html><body><table class='letters'>{head}{row}</table>共9页</body></html>".encode()
    assert len(rig.poll().captures) == 1
    with pytest.raises(LayoutChanged, match="repeats"):
        rig.poll()


def test_a_broken_page_deep_in_the_list_does_not_hold_up_new_letters(rig: Rig) -> None:
    fill(rig, 12)
    good = source(rig)._list

    def listed(connection: socket.socket, asked: Asked) -> None:
        (whole(b"<html><body>nothing here that is known</body></html>") if "page=3" in asked.target else good)(connection, asked)

    source(rig).server.script["/list"] = listed
    assert len(rig.poll().captures) == 4
    assert len(rig.poll().captures) == 2
    rig.source.add("new", "一封新信")
    assert "一封新信" in bodies(rig, rig.poll())
    with pytest.raises(LayoutChanged):
        rig.poll()


def test_letters_pages_that_are_mostly_not_understood_are_a_changed_layout(rig: Rig) -> None:
    fill(rig, 9)
    source(rig).server.script["/view"] = whole(
        "<html><body><div>全新的页面，什么都找不到，但是有很多字可以看</div></body></html>".encode()
    )
    with pytest.raises(LayoutChanged, match="most letters' pages"):
        rig.drain()


@pytest.mark.parametrize(
    "body",
    [b"<html><body><script>location.href='/x'</script></body></html>", b"", b"   "],
    ids=["challenge", "empty", "blank"],
)
def test_a_challenge_on_a_letters_page_stops_the_poll_there(rig: Rig, body: bytes) -> None:
    fill(rig, 3)
    source(rig).server.script["/view"] = whole(body)
    with pytest.raises(RetryLater):
        rig.poll()


def test_a_page_cut_short_is_not_believed(rig: Rig) -> None:
    fill(rig, 3)
    source(rig).server.script["/list"] = unframed(b"<html><body><table class='letters'><tr><td>1</td>")
    with pytest.raises(RetryLater, match="cut short"):
        rig.poll()


def test_a_link_to_another_site_is_not_followed(rig: Rig) -> None:
    head = "<tr><th>编号</th><th>标题</th></tr>"
    rows = "<tr><td>1</td><td><a href='http://10.0.0.1/view?id=1'>信</a></td></tr>"
    source(rig).list_override = f"<html><body><table class='letters'>{head}{rows}</table>共1页</body></html>".encode()
    batch = rig.poll()
    assert [reject.reason for reject in batch.rejects] == ["the link leads to another site"]


def test_a_letters_page_that_redirects_to_a_challenge_is_a_failure(rig: Rig) -> None:
    fill(rig, 1)
    source(rig).server.script["/view"] = redirect("/verify")
    source(rig).server.script["/verify"] = whole("<html><body>请完成验证</body></html>".encode())
    with pytest.raises(RetryLater, match="refuses access"):
        rig.poll()


def test_the_place_filter_looks_at_place_and_text() -> None:
    with portal_rig(place_filter=("澜山",)) as rig:
        rig.source.add("k1", "澜山市东门路灯不亮")
        rig.source.add("k2", "别处的路灯不亮")
        drafts = [rig.understand(capture) for capture in rig.drain()]
        assert {draft.body: draft.in_place for draft in drafts} == {"别处的路灯不亮": False, "澜山市东门路灯不亮": True}


def test_a_damaged_cursor_begins_anew_and_finds_all_unchanged(rig: Rig) -> None:
    fill(rig, 3)
    rig.drain()
    rig.cursor = "{broken"
    batch = rig.poll()
    assert batch.manifest.unchanged == 3


def test_a_poll_that_takes_too_long_goes_on_later() -> None:
    with portal_rig(batch_seconds=0.0, recheck_minutes=1e9) as rig:
        fill(rig, 9)
        assert len(rig.drain()) == 9
        rig.clock.advance(25 * HOUR)
        before = len(rig.batches)
        assert rig.drain() == []
        sweep = rig.batches[before:]
        assert len(sweep) > 1
        assert sum(batch.manifest.unchanged for batch in sweep) >= 9
