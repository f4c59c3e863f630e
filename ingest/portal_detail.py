"""A letter's own page: its fields, the answers of offices, the citizen's follow-ups."""

from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from domain.messages import UpstreamAnswer
from ingest.html_text import parse_html
from ingest.portal_dates import parse_time, without_time
from ingest.portal_fields import Found, json_document, label_pairs, match_patterns, pick_html, pick_json, select
from ingest.portal_json import at_path
from ingest.portal_labels import Field, Labels
from ingest.portal_profile import Pick, PortalProfile, Repeated

_MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Followup:
    """What the citizen wrote again under the same item (追问). ``order`` is 1 for the first."""

    order: int
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Letter:
    """``found`` are the page's fields. ``problem`` says which of the profile's must-have fields is missing, or is empty."""

    found: Found
    answers: tuple[UpstreamAnswer, ...]
    followups: tuple[Followup, ...]
    problem: str


def read_detail(profile: PortalProfile, labels: Labels, text: str) -> Letter:
    """What a detail page says. Raises RejectItem when it cannot be read at all."""
    if profile.detail.kind == "json":
        return _from_json(profile, text)
    return _from_html(profile, labels, parse_html(text))


class Letters:
    """Reads letters' pages for a portal's collector and its parser: what the one has just read, the other need not."""

    def __init__(self, profile: PortalProfile) -> None:
        self._profile = profile
        self._labels = Labels(profile.labels)
        self._kept: dict[str, Letter] = {}

    def __reduce__(self) -> tuple[type["Letters"], tuple[PortalProfile]]:
        """Another process gets no letters with it."""
        return Letters, (self._profile,)

    def read(self, text: str) -> Letter:
        """``read_detail``, kept until it is taken or forgotten."""
        letter = read_detail(self._profile, self._labels, text)
        if len(self._kept) < _MOST_KEPT:
            self._kept[text] = letter
        return letter

    def take(self, text: str) -> Letter:
        """``read_detail``, as it was read when it was."""
        return self._kept.pop(text, None) or read_detail(self._profile, self._labels, text)

    def forget(self) -> None:
        self._kept.clear()


def answers_of(profile: PortalProfile, found: Found) -> list[UpstreamAnswer]:
    """Answers that stand as fields: the n-th reply with the n-th unit and time, where there are as many."""
    replies, units, times = found.all(Field.REPLY), found.all(Field.UNIT), found.all(Field.REPLY_TIME)
    signed = found.all(Field.REPLY_BY)
    answers = []
    for number, reply in enumerate(replies):
        unit = _nth(units, number, len(replies))
        at = parse_time(_nth(times, number, len(replies)), profile.dates)
        if number < len(signed):
            unit, at = without_time(signed[number]) or unit, parse_time(signed[number], profile.dates) or at
        answers.append(UpstreamAnswer(unit, reply, at))
    return answers


def _nth(values: list[str], number: int, wanted: int) -> str:
    """The value that belongs to the n-th reply; a single one belongs to the first."""
    if len(values) >= wanted or number < len(values):
        return values[number]
    return ""


def _from_html(profile: PortalProfile, labels: Labels, page: HtmlElement) -> Letter:
    detail = profile.detail
    found = Found()
    answers = [_answer(profile, node, detail.answers) for node in _blocks(page, detail.answers)] if detail.answers else []
    followups = _followups(profile, page)
    if detail.followups is not None or detail.answers is not None:
        _take_out(page, [block.each for block in (detail.answers, detail.followups) if block is not None])
    for name, pick in detail.fields.items():
        value = pick_html(page, pick)
        if value:
            found.add(name, value)
    match_patterns(page, detail.patterns, found)
    if detail.pairs:
        for scope in select(page, detail.scope) if detail.scope else [page]:
            label_pairs(scope, labels, found)
    if not followups:
        texts, times = found.all(Field.FOLLOWUP), found.all(Field.FOLLOWUP_TIME)
        followups = [
            Followup(order, text, parse_time(_nth(times, order - 1, len(texts)), profile.dates))
            for order, text in enumerate(texts, 1)
        ]
    return _letter(profile, found, answers or answers_of(profile, found), followups)


def _letter(profile: PortalProfile, found: Found, answers: list[UpstreamAnswer], followups: list[Followup]) -> Letter:
    missing = [name.value for name in profile.detail.need if not found.first(name)]
    problem = f"the letter's page lacks {', '.join(missing)}" if missing else ""
    return Letter(found, tuple(answer for answer in answers if answer.text), tuple(followups), problem)


def _blocks(page: HtmlElement, repeated: Repeated | None) -> list[HtmlElement]:
    return select(page, repeated.each)[:50] if repeated is not None else []


def _answer(profile: PortalProfile, node: HtmlElement, repeated: Repeated) -> UpstreamAnswer:
    unit = pick_html(node, repeated.unit) if repeated.unit is not None else ""
    time = pick_html(node, repeated.time) if repeated.time is not None else ""
    return UpstreamAnswer(without_time(unit), pick_html(node, repeated.text), parse_time(time, profile.dates))


def _followups(profile: PortalProfile, page: HtmlElement) -> list[Followup]:
    repeated = profile.detail.followups
    if repeated is None:
        return []
    found: list[Followup] = []
    for node in _blocks(page, repeated):
        text = pick_html(node, repeated.text)
        if text:
            time = pick_html(node, repeated.time) if repeated.time is not None else ""
            found.append(Followup(len(found) + 1, text, parse_time(time, profile.dates)))
    return found


def _take_out(page: HtmlElement, selectors: list[str]) -> None:
    """Blocks that are answers or follow-ups are not searched for the letter's own fields."""
    for css in selectors:
        for node in select(page, css):
            if node.getparent() is not None:
                node.drop_tree()


def _from_json(profile: PortalProfile, text: str) -> Letter:
    detail = profile.detail
    record = json_document(text, detail.path)
    found = Found()
    for name, pick in detail.fields.items():
        value = pick_json(record, pick)
        if value:
            found.add(name, value)
    answers = (
        [_json_answer(profile, entry, detail.answers) for entry in _entries(record, detail.answers)] if detail.answers else []
    )
    followups: list[Followup] = []
    for entry in _entries(record, detail.followups):
        text = pick_json(entry, detail.followups.text) if detail.followups else ""
        if text:
            time = pick_json(entry, detail.followups.time or Pick(value=" ")) if detail.followups else ""
            followups.append(Followup(len(followups) + 1, text, parse_time(time, profile.dates)))
    return _letter(profile, found, answers or answers_of(profile, found), followups)


def _json_answer(profile: PortalProfile, entry: object, repeated: Repeated) -> UpstreamAnswer:
    unit = pick_json(entry, repeated.unit) if repeated.unit is not None else ""
    time = pick_json(entry, repeated.time) if repeated.time is not None else ""
    return UpstreamAnswer(unit, pick_json(entry, repeated.text), parse_time(time, profile.dates))


def _entries(record: object, repeated: Repeated | None) -> list[object]:
    found = at_path(record, repeated.each) if repeated is not None else None
    return list(found[:50]) if isinstance(found, list) else []


def list_answers(profile: PortalProfile, record: object) -> list[UpstreamAnswer]:
    """Answers inside a JSON list's record, for portals whose list holds all."""
    if profile.detail.answers is None or profile.detail.kind != "none":
        return []
    return [_json_answer(profile, entry, profile.detail.answers) for entry in _entries(record, profile.detail.answers)]
