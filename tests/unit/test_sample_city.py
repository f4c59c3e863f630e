"""The sample city: what is planted in its letters, and that its servers behave as the real channels do."""

import csv
import hashlib
import importlib
import io
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from imapclient import IMAPClient

CITY = Path(__file__).parents[2] / "deploy" / "sample-city"
LIVE_LETTERS = 600
START_SECONDS = 60
CHECK_DIGITS = "10X98765432"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@pytest.fixture(scope="module")
def city() -> Iterator[Any]:
    """The city's modules, by name; they stand outside of the program and its packages."""
    sys.path.insert(0, str(CITY))
    try:
        yield lambda name: importlib.import_module(name)
    finally:
        sys.path.remove(str(CITY))
        for name in [name for name in sys.modules if name == "city" or name.startswith("city.") or name == "letters"]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def items(city: Any) -> list[Any]:
    found: list[Any] = city("city.live").Live().items()
    return found


def test_six_hundred_letters_with_every_planted_case(items: list[Any]) -> None:
    cases = Counter(item.case.value for item in items)
    assert len(items) == LIVE_LETTERS
    assert cases["copy"] + cases["near-copy"] >= 25
    assert cases["copy"] >= 10
    assert cases["near-copy"] >= 10
    assert cases["repeat"] >= 15
    assert cases["similar"] >= 15
    assert cases["accusation"] >= 10
    assert cases["urgent"] >= 2
    assert cases["illegal"] >= 1
    assert cases["out-of-remit"] >= 2
    assert cases["odd"] + cases["unreadable"] >= 8
    assert cases["unreadable"] >= 3
    assert cases["elsewhere"] >= 10
    assert cases["ambiguous"] >= 20
    assert cases["vague"] >= 5
    assert min(cases["auto-reply"], cases["bounce"], cases["list"], cases["own"]) >= 1
    assert sum(item.revised is not None for item in items) >= 20
    assert {item.channel for item in items if item.late} == {"portal", "board"}
    assert len({(item.channel, item.external_id) for item in items}) == LIVE_LETTERS


def test_copies_are_of_one_person_within_a_day_and_repeats_later(items: list[Any]) -> None:
    by_key = {item.key: item for item in items}
    for item in items:
        if not item.original:
            continue
        original, case = by_key[item.original], item.case.value
        apart = item.at - original.at
        if case in ("copy", "near-copy"):
            assert item.sender == original.sender
            assert timedelta() < apart < timedelta(hours=24)
            assert (item.letter.body == original.letter.body) == (case == "copy")
            assert jaccard(item.letter.body, original.letter.body) >= 0.8
        elif case == "repeat":
            assert item.sender == original.sender
            assert apart > timedelta(hours=24)
        else:
            assert case == "similar"
            assert item.sender != original.sender
            assert item.sender.phone not in original.letter.body
    across = [item for item in items if "copy" in item.case.value and item.channel != by_key[item.original].channel]
    assert len(across) >= 12


def test_the_same_seed_writes_the_same_letters_and_the_committed_files_are_those(city: Any, items: list[Any]) -> None:
    letters = city("letters")
    assert city("city.live").Live().items() == items
    assert letters.truth_csv(items) == (CITY / "truth.csv").read_text(encoding="utf-8")
    assert letters.past_csv() == (CITY / "past-letters.csv").read_text(encoding="utf-8")


def test_letters_are_varied(city: Any, items: list[Any]) -> None:
    themes = city("city.compose").load_themes()
    assert len(themes) >= 45
    assert min(len(theme.texts) for theme in themes) >= 6
    past = [letter for letter, _ in city("city.live").past_letters(400)]
    own = [item.letter for item in items if not item.original and item.letter.body]
    bodies = [letter.body for letter in (*past, *own)]
    assert len(set(bodies)) >= 900
    assert all(40 <= len(body) <= 600 for body in bodies)
    assert max(map(len, bodies)) >= 300
    assert len({letter.subject for letter in (*past, *own)}) >= 650
    sentences: Counter[str] = Counter()
    for body in bodies:
        sentences.update({part.strip() for part in re.split(r"[。！？!?.\n]", body) if len(part.strip()) >= 12})
    sentence, times = sentences.most_common(1)[0]
    assert times <= 8, sentence


def test_senders_are_obviously_made_up_and_still_look_like_people(items: list[Any]) -> None:
    people = {item.sender.phone: item.sender for item in items}
    assert len({person.name for person in people.values()}) >= 300
    for person in people.values():
        assert re.fullmatch(r"1990000\d{4}", person.phone)
        assert person.id_number[:6].startswith("6801")
        total = sum(int(digit) * weight for digit, weight in zip(person.id_number, WEIGHTS, strict=False))
        assert person.id_number[-1] == CHECK_DIGITS[total % 11]
        assert person.email.endswith(".example")


def test_the_directory_holds_every_unit_and_place_of_the_letters(city: Any, items: list[Any]) -> None:
    units = {unit["code"]: unit for unit in tomllib.loads((CITY / "units.toml").read_text("utf-8"))["unit"]}
    assert len(units) >= 40
    assert {unit["level"] for unit in units.values()} == {"city", "county", "township"}
    assert sum(bool(unit.get("catch_all")) for unit in units.values() if unit["level"] == "county") >= 4
    named = {item.letter.unit for item in items if item.letter.unit} | {code for item in items for code in item.accused}
    assert named <= set(units)
    with (CITY / "past-letters.csv").open(encoding="utf-8") as file:
        past = [row["unit"] for row in csv.DictReader(file)]
    assert len(past) == 400
    assert set(past) <= set(units)
    for town in city("city.places").load_places().towns:
        places = units[town.code]["places"]
        assert {*town.communities, *town.quarters, *town.villages} <= set(places)


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, Any]]:
    command = [sys.executable, str(CITY / "serve.py"), "--with-parent"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, "the city did not start"
        yield json.loads(line)
    finally:
        process.stdin.close()
        assert process.wait(10) == 0
        process.stdout.close()


def test_the_portal_calls_its_gb18030_pages_gb2312_and_counts_clicks(served: dict[str, Any]) -> None:
    first = httpx.get(f"{served['portal']}/szxx/list.jsp")
    assert "charset=gb2312" in first.headers["content-type"]
    page = first.content.decode("gb18030")
    assert "charset=gb2312" in page
    assert all(label in page for label in ("信件编号", "信件标题", "信件类型", "来信时间", "办理状态", "点击次数"))
    assert page.count("<tr><td>CL") == 15
    assert httpx.get(f"{served['portal']}/szxx/list.jsp").content != first.content
    beyond = httpx.get(f"{served['portal']}/szxx/list.jsp?cur_page=999").content.decode("gb18030")
    assert "暂无信件" in beyond
    number = re.findall(r"show\.jsp\?id=(CL\d+)", page)[0]
    letter = httpx.get(f"{served['portal']}/szxx/show.jsp?id={number}").content.decode("gb18030")
    assert all(label in letter for label in ("来信人", "联系电话", "信件内容", "市长信箱", number))
    assert httpx.get(f"{served['portal']}/szxx/show.jsp?id=CL0").status_code == 404


def test_the_board_wants_a_post_with_a_referer_and_cuts_bodies(served: dict[str, Any]) -> None:
    board = served["board"]
    url, fid = f"{board['url']}/threads/queryThreadsList", board["city_fid"]
    referer = {"Referer": f"{board['url']}/threads/list?fid={fid}"}
    assert httpx.get(url).status_code == 405
    assert httpx.post(url, data={"fid": fid, "lastItem": "0"}).status_code == 403
    posts = all_posts(board, fid)
    assert len(posts) == len({post["tid"] for post in posts})
    cut = [post for post in posts if post["content"].endswith("...")]
    assert len(cut) > len(posts) / 4
    assert all(len(post["content"]) == 103 for post in cut)
    detail = httpx.get(f"{board['url']}/threads/content", params={"tid": cut[0]["tid"]}).text
    assert cut[0]["content"][:20].split("\n")[0] in detail
    assert httpx.post(url, data={"fid": fid, "lastItem": str(posts[-1]["tid"])}, headers=referer).json()["responseData"] == []
    elsewhere = [post for post in all_posts(board, board["governor_fid"]) if "澄岭" not in post["from"]]
    assert len(elsewhere) >= 10


def test_the_mailbox_gives_the_bytes_of_the_ground_truth(served: dict[str, Any], items: list[Any]) -> None:
    mailbox = served["mailbox"]
    with IMAPClient(mailbox["host"], port=mailbox["port"], ssl=False, timeout=START_SECONDS) as client:
        client.login(mailbox["username"], mailbox["password"])
        client.select_folder("INBOX", readonly=True)
        found = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
    digests = {hashlib.sha256(mail[b"BODY[]"]).hexdigest() for mail in found.values()}
    assert digests == {item.external_id for item in items if item.channel == "mailbox"}


def test_the_second_serving_changes_what_was_planted_and_the_third_nothing(served: dict[str, Any], items: list[Any]) -> None:
    before = everything(served)
    assert httpx.get(f"{served['portal']}/_control/state").json()["serving"] == 1
    assert httpx.post(f"{served['portal']}/_control/advance").json()["serving"] == 2
    after = everything(served)
    late = {(item.channel, item.external_id) for item in items if item.late}
    changed = {(item.channel, item.external_id) for item in items if item.revised or item.answer}
    assert set(after) - set(before) == late
    assert {key for key in before if before[key] != after[key]} == changed
    assert httpx.post(f"{served['portal']}/_control/advance").json()["serving"] == 2
    assert everything(served) == after


def test_a_taken_port_is_told_in_one_line(served: dict[str, Any]) -> None:
    taken = served["portal"].rpartition(":")[2]
    done = subprocess.run([sys.executable, str(CITY / "serve.py"), "--portal-port", taken], capture_output=True, text=True)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "→" in done.stderr


def everything(served: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Each letter of portal and boards as its list and detail show it, click counts left out."""
    shown = {}
    with httpx.Client() as client:
        number, page = 1, ""
        while "暂无信件" not in page:
            page = client.get(f"{served['portal']}/szxx/list.jsp?cur_page={number}").content.decode("gb18030")
            number += 1
            for row in re.findall(r"<tr><td>CL.*?</tr>", page):
                ident = row[8 : row.index("</td>")]
                detail = client.get(f"{served['portal']}/szxx/show.jsp?id={ident}").content.decode("gb18030")
                shown["portal", ident] = row.rpartition("<td>")[0] + detail.partition("点击次数")[0]
        for fid, channel in ((served["board"]["city_fid"], "board"), (served["board"]["governor_fid"], "governor")):
            for post in all_posts(served["board"], fid):
                del post["favNum"]
                detail = client.get(f"{served['board']['url']}/threads/content", params={"tid": post["tid"]}).text
                shown[channel, str(post["tid"])] = json.dumps(post) + detail
    return shown


def all_posts(board: dict[str, Any], fid: str) -> list[dict[str, Any]]:
    posts: list[dict[str, Any]] = []
    with httpx.Client(headers={"Referer": f"{board['url']}/threads/list?fid={fid}"}) as client:
        while True:
            last = str(posts[-1]["tid"]) if posts else "0"
            answer = client.post(f"{board['url']}/threads/queryThreadsList", data={"fid": fid, "lastItem": last})
            found = answer.json()["responseData"]
            if not found:
                return posts
            posts += found


def jaccard(first: str, second: str) -> float:
    grams = [{text[place : place + 3] for place in range(len(text) - 2)} for text in (first, second)]
    return len(grams[0] & grams[1]) / len(grams[0] | grams[1])


def test_truth_has_a_line_for_each_letter() -> None:
    rows = list(csv.DictReader(io.StringIO((CITY / "truth.csv").read_text(encoding="utf-8"))))
    assert len(rows) == LIVE_LETTERS
    assert all(row["unit"] for row in rows if row["case"] in ("", "copy", "near-copy", "repeat", "similar"))
