"""What no browser of ours sends: every answer is a refusal in good order, never a fault of the server."""

import re
import socket
from typing import Any

import pytest

from app.console.application import endpoints
from domain.accounts import Role
from tests.console.matrix import make_matters
from tests.support.console import ConsoleCity, Person

JSON = {"Content-Type": "application/json"}
FIELDS = [
    "text",
    "base",
    "reason",
    "parts",
    "number",
    "numbers",
    "also",
    "action",
    "lead",
    "lead_said",
    "co_units",
    "co_said",
    "deadline_class",
    "requirement",
    "days",
    "assignment",
    "result",
    "looked_into",
    "opinion",
    "suggest",
    "suggested_unit",
    "contact_reason",
    "unit",
    "grant",
    "login",
    "name",
    "roles",
    "units",
    "disabled",
    "letters",
    "source",
    "kind",
]
ENDS_A_SESSION = re.compile(r"^/sign-|/account/(password|sessions)|end-sessions$")


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


def test_pages_take_json_of_any_shape_without_a_fault(city: ConsoleCity) -> None:
    """Forms' addresses are no part of the JSON endpoints' description, and whoever likes sends them JSON all the same."""
    ids = make_matters(city)
    city.accounts.add("keep", "", ["admin"], [], "test", demo=True)
    office = city.demo_person("sun", [role.value for role in Role if role is not Role.HANDLER])
    unit = city.demo_person("shui", ["handler"], ["water"])
    values = {"number": ids.numbers["waiting"], "assignment": ids.assignments["water's"], "login": "keep"}
    odd: tuple[Any, ...] = ([None, {}], {"a": 1}, 10**30)
    for endpoint in endpoints():
        if endpoint.method == "GET" or endpoint.json or ENDS_A_SESSION.search(endpoint.path):
            continue
        path = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "1"), endpoint.path)
        person = office if not endpoint.roles or endpoint.roles - {Role.HANDLER} else unit
        for value in odd:
            body = {**dict.fromkeys(FIELDS, value), "action": "decide", "number": values["number"]}
            assert person.post_json(path, body).status_code < 500, (path, value)
