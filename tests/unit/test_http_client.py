"""The polite client against a server that misbehaves in every way we know."""

import random
import socket
import threading
from collections.abc import Iterator

import pytest

from domain.clock import SystemClock
from domain.errors import BadSettings, HaltForPerson, OutOfReach, RetryLater
from ingest.http import Blocked, Gone, HttpClient, HttpLimits, HttpRequest, ServerFault, TooLarge
from ingest.http_gate import HostGate
from ingest.http_network import AddressRule, is_loopback_host
from tests.support.hostile_server import HostileServer, hostile_server, redirect, unframed, whole
from tests.support.web_clock import HandClock

LIMITS = HttpLimits(min_interval=0.0, deadline=0.6, read_timeout=0.5, max_bytes=200_000)


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with hostile_server() as running:
        yield running


def client(server: HostileServer, limits: HttpLimits = LIMITS) -> HttpClient:
    return HttpClient(server.address, limits, HostGate(SystemClock(), random.Random(1)))


def test_a_page_is_decoded_by_its_bytes_and_not_by_its_declaration(server: HostileServer) -> None:
    server.script["/"] = whole("<html><p>喆镕堃来信".encode("gb18030"), "text/html; charset=gb2312")
    page = client(server).fetch(HttpRequest(server.address + "/"))
    assert "喆镕堃来信" in page.text
    assert server.asked[0].headers["user-agent"].startswith("fenban/")


def test_odd_percent_encodings_are_sent_as_they_stand(server: HostileServer) -> None:
    server.script["/a"] = whole(b"<p>long enough to be a page</p>")
    client(server).fetch(HttpRequest(server.address + "/a?box=%u6240%u6709&t=%C4%E3&x=%25&n=名"))
    assert server.asked[0].target == "/a?box=%u6240%u6709&t=%C4%E3&x=%25&n=%E5%90%8D"


@pytest.mark.parametrize(
    "path", ["/drop", "/reset", "/partial", "/cut-chunks", "/trickle", "/trickle-head", "/silent", "/bomb", "/too-large"]
)
def test_every_broken_answer_is_bounded_and_passing(server: HostileServer, path: str) -> None:
    before = SystemClock().monotonic()
    with pytest.raises(RetryLater) as caught:
        client(server).fetch(HttpRequest(server.address + path))
    assert SystemClock().monotonic() - before < 3.0
    assert caught.value.after
    assert isinstance(caught.value, TooLarge) is (path in ("/bomb", "/too-large"))


def test_a_site_that_cannot_be_reached_is_told_from_one_that_answers_badly(server: HostileServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(OutOfReach) as caught:
        HttpClient(nobody, LIMITS, HostGate(HandClock(), random.Random(1))).fetch(HttpRequest(nobody + "/a"))
    assert caught.value.after


def test_a_redirect_circle_ends(server: HostileServer) -> None:
    server.script["/a"], server.script["/b"] = redirect("/b"), redirect("/a")
    with pytest.raises(ServerFault, match="circle"):
        client(server).fetch(HttpRequest(server.address + "/a"))
    assert len(server.asked) == 6


def test_a_redirect_is_followed_and_a_post_becomes_a_get(server: HostileServer) -> None:
    server.script["/a"], server.script["/b"] = redirect("/b"), whole(b"<p>arrived where it was sent</p>")
    page = client(server).fetch(HttpRequest(server.address + "/a", "POST", body=b"x=1"))
    assert page.url.endswith("/b")
    assert [asked.method for asked in server.asked] == ["POST", "GET"]


@pytest.mark.parametrize("to", ["http://10.0.0.7/", "http://169.254.169.254/latest", "http://192.168.1.1/", "http://[fd00::1]/"])
def test_a_redirect_into_a_private_network_is_refused(server: HostileServer, to: str) -> None:
    server.script["/a"] = redirect(to)
    with pytest.raises(HaltForPerson, match="not public"):
        client(server).fetch(HttpRequest(server.address + "/a"))


def test_loopback_is_refused_to_a_channel_whose_own_address_is_not(server: HostileServer) -> None:
    outside = HttpClient("http://portal.example/", HttpLimits(deadline=1.0), HostGate(HandClock(), random.Random(1)))
    with pytest.raises(HaltForPerson, match="not public"):
        outside.fetch(HttpRequest(server.address + "/a"))
    assert server.asked == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("403 Forbidden", b"no", Blocked),
        ("412 Precondition Failed", b"no", Blocked),
        ("418 I'm a teapot", b"no", Blocked),
        ("521 Down", b"no", Blocked),
        ("200 OK", b"", Blocked),
        ("200 OK", b"  \r\n ", Blocked),
        ("200 OK", b"<html><script>document.cookie='__jsl_clearance_s=1';location.reload()</script></html>", Blocked),
        ("200 OK", b"<html><body><script>window.location.href='/verify'</script></body></html>", Blocked),
        ("200 OK", "<html><body>您的访问过于频繁，请输入验证码</body></html>".encode(), Blocked),
        ("500 Internal Server Error", b"oops", ServerFault),
        ("400 Bad Request", b"oops", ServerFault),
        ("404 Not Found", b"oops", Gone),
        ("410 Gone", b"oops", Gone),
    ],
)
def test_what_is_no_page_is_a_failure(server: HostileServer, status: str, body: bytes, kind: type[Exception]) -> None:
    server.script["/a"] = whole(body, status=status)
    with pytest.raises(kind):
        client(server).fetch(HttpRequest(server.address + "/a"))


def test_a_long_letter_that_quotes_a_challenge_is_a_letter(server: HostileServer) -> None:
    letter = "<html><body><p>" + "网上办事大厅总是要求安全验证，请完成验证后又提示您的访问被拒绝，" * 20 + "</p></body></html>"
    server.script["/a"] = whole(letter.encode())
    assert "安全验证" in client(server).fetch(HttpRequest(server.address + "/a")).text


def test_429_leaves_the_host_alone_until_it_may_be_asked_again(server: HostileServer) -> None:
    clock = HandClock()
    polite = HttpClient(server.address, LIMITS, HostGate(clock, random.Random(1)))
    server.script["/a"] = whole(b"slow down", status="429 Too Many Requests", extra="Retry-After: 120\r\n")
    with pytest.raises(RetryLater) as caught:
        polite.fetch(HttpRequest(server.address + "/a"))
    assert caught.value.after == 120
    server.script["/a"] = whole(b"<p>here we are again</p>")
    clock.advance(60)
    with pytest.raises(RetryLater) as caught:
        polite.fetch(HttpRequest(server.address + "/a"))
    assert caught.value.after == pytest.approx(60)
    assert len(server.asked) == 1
    clock.advance(61)
    assert "again" in polite.fetch(HttpRequest(server.address + "/a")).text


def test_429_without_a_header_backs_off_longer_each_time(server: HostileServer) -> None:
    clock = HandClock()
    polite = HttpClient(server.address, LIMITS, HostGate(clock, random.Random(1)))
    server.script["/a"] = whole(b"slow down", status="429 Too Many Requests")
    pauses = []
    for _ in range(3):
        with pytest.raises(RetryLater) as caught:
            polite.fetch(HttpRequest(server.address + "/a"))
        pauses.append(caught.value.after)
        clock.advance(caught.value.after or 0)
    assert pauses == [60, 120, 180]


@pytest.mark.parametrize("value", ["Sun, 22 Nov 2026 04:10:00 GMT", "600"])
def test_retry_after_is_read_as_date_or_seconds(server: HostileServer, value: str) -> None:
    polite = HttpClient(server.address, LIMITS, HostGate(HandClock(), random.Random(1)))
    server.script["/a"] = whole(b"down", status="503 Service Unavailable", extra=f"Retry-After: {value}\r\n")
    with pytest.raises(RetryLater) as caught:
        polite.fetch(HttpRequest(server.address + "/a"))
    assert caught.value.after == pytest.approx(600)


def test_requests_to_one_host_keep_their_distance(server: HostileServer) -> None:
    clock = HandClock()
    gate = HostGate(clock, random.Random(1))
    server.script["/a"] = whole(b"<p>long enough to be a page</p>")
    clients = [HttpClient(server.address, HttpLimits(min_interval=1.5), gate) for _ in range(2)]
    for polite in clients * 2:
        polite.fetch(HttpRequest(server.address + "/a"))
    assert len(clock.waited) == 3
    assert all(1.5 <= pause <= 1.95 for pause in clock.waited)


def test_no_politeness_is_refused_outside_loopback() -> None:
    gate = HostGate(HandClock(), random.Random(1))
    with pytest.raises(BadSettings, match="loopback only"):
        HttpClient("http://portal.example/", HttpLimits(min_interval=0.0), gate)
    with pytest.raises(BadSettings, match="no http"):
        HttpClient("ftp://portal.example/", HttpLimits(), gate)


def test_proxies_in_the_environment_are_not_used(server: HostileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    server.script["/a"] = whole(b"<p>long enough to be a page</p>")
    assert client(server).fetch(HttpRequest(server.address + "/a"))


def test_a_stop_ends_a_silent_request_soon(server: HostileServer) -> None:
    stop = threading.Event()
    gate = HostGate(SystemClock(), random.Random(1), stop)
    slow = HttpClient(server.address, HttpLimits(min_interval=0.0, deadline=30, read_timeout=30), gate)
    threading.Timer(0.2, stop.set).start()
    before = SystemClock().monotonic()
    with pytest.raises(RetryLater, match="stopping"):
        slow.fetch(HttpRequest(server.address + "/silent"))
    assert SystemClock().monotonic() - before < 2.5


def test_an_unframed_body_says_so(server: HostileServer) -> None:
    server.script["/a"] = unframed(b"<html><p>long enough to be a page</p></html>")
    assert client(server).fetch(HttpRequest(server.address + "/a")).framed is False


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("2400:3200::1", True),
    ],
)
def test_only_public_addresses_are_connected_to(address: str, allowed: bool) -> None:
    assert AddressRule(loopback=False).allows(address) is allowed


def test_an_internal_network_is_reached_only_when_it_is_named() -> None:
    rule = AddressRule(loopback=False, networks=("10.20.0.0/16",))
    assert rule.allows("10.20.3.4")
    assert not rule.allows("10.21.3.4")
    assert not rule.allows("127.0.0.1")
    assert is_loopback_host("localhost")
    assert is_loopback_host("127.9.9.9")
    assert not is_loopback_host("localhost.example")
