"""What no browser of ours sends: every answer is a refusal in good order, never a fault of the server."""

import socket

import pytest

from tests.support.console import ConsoleCity, Person

JSON = {"Content-Type": "application/json"}


def test_an_origin_that_is_no_address_is_another_site(city: ConsoleCity) -> None:
    assert Person(city.base).post("/sign-in", {"login": "x"}, headers={"Origin": "http://["}).status_code == 403


@pytest.mark.parametrize("opened", [b"[", b'{"a":'])
def test_json_without_bottom_is_none(city: ConsoleCity, opened: bytes) -> None:
    answer = Person(city.base).client.post(f"{city.base}/sign-in", content=opened * 200_000, headers=JSON)
    assert answer.status_code == 400


def test_a_body_in_chunks_is_not_taken_whatever_length_it_claims(city: ConsoleCity) -> None:
    host, _, port = city.base.removeprefix("http://").partition(":")
    head = (
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(head + b"a\r\nlogin=wang\r\n0\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 411 ")


@pytest.mark.parametrize(("role", "path", "name"), [("handler", "/department", "q"), ("auditor", "/settings/audit", "action")])
def test_words_longer_than_a_database_compares_are_cut(city: ConsoleCity, role: str, path: str, name: str) -> None:
    person = city.demo_person("sun", [role], ["water"] if role == "handler" else [])
    assert person.get(path, params={name: "路" * 6_000}).status_code == 200
    assert person.get(path, params={name: "a" * 60_000}).status_code == 200


@pytest.mark.parametrize("back", ["/register?words=路灯", "/a\r\nX-More: y", "/\t/elsewhere.example"])
def test_where_to_go_is_an_address_of_ours_in_one_line(city: ConsoleCity, back: str) -> None:
    person = city.demo_person("sun", ["analyst"])
    form = {"language": "zh", "back": back}
    for headers, name in (({"HX-Request": "true"}, "HX-Redirect"), ({}, "Location")):
        answer = person.post("/account/language", form, headers=headers)
        assert answer.status_code in (204, 303)
        assert "x-more" not in answer.headers
        assert answer.headers[name].isascii()
        assert not answer.headers[name].startswith(("//", "/\t"))
