"""The portal parser: what a captured letter says. A pure function of the capture's bytes and the profile."""

import re
from collections.abc import Mapping

from lxml import etree

from domain.errors import RejectItem
from domain.messages import Capture, Draft, MessageKind, Sender, UpstreamAnswer
from ingest.decode import declared_charset, decode
from ingest.html_text import text_of, tidy
from ingest.place_filter import in_place
from ingest.portal import PortalConfig
from ingest.portal_dates import parse_time
from ingest.portal_detail import Letter, Letters, answers_of, list_answers
from ingest.portal_fields import Found
from ingest.portal_json import read_json
from ingest.portal_labels import Field, Labels
from ingest.portal_profile import PortalProfile
from ingest.portal_rows import Row, read_record

KIND_WORDS: tuple[tuple[str, MessageKind], ...] = (
    ("举报", MessageKind.ACCUSATION),
    ("控告", MessageKind.ACCUSATION),
    ("检举", MessageKind.ACCUSATION),
    ("投诉", MessageKind.COMPLAINT),
    ("批评", MessageKind.COMPLAINT),
    ("求助", MessageKind.HELP),
    ("求决", MessageKind.HELP),
    ("诉求", MessageKind.HELP),
    ("建议", MessageKind.SUGGESTION),
    ("建言", MessageKind.SUGGESTION),
    ("献策", MessageKind.SUGGESTION),
    ("意见", MessageKind.SUGGESTION),
    ("感谢", MessageKind.THANKS),
    ("表扬", MessageKind.THANKS),
    ("咨询", MessageKind.CONSULT),
    ("询问", MessageKind.CONSULT),
)
"""Accusations first: "投诉举报" is one. In doubt a message is handled as an accusation."""

_SEVERAL = re.compile(r"[、,，;；/|\s]+")
_SUBJECT_FROM_BODY = 30
_ODD = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError, etree.LxmlError)


def kind_of(text: str, own: Mapping[str, MessageKind]) -> MessageKind | None:
    """The kind that a portal's word for it means, the profile's own words first; None when it says none."""
    for word, kind in (*own.items(), *KIND_WORDS):
        if word in text:
            return kind
    return None


class PortalParser:
    """``domain.ports.Parser``."""

    def __init__(self, profile: PortalProfile, config: PortalConfig) -> None:
        self._profile = profile
        self._config = config
        self._labels = Labels(profile.labels)
        self.letters = Letters(profile)

    def understand(self, capture: Capture) -> Draft:
        try:
            return self._understand(capture)
        except RejectItem:
            raise
        except _ODD:
            raise RejectItem("the letter's page is malformed") from None

    def _understand(self, capture: Capture) -> Draft:
        record = capture.part("list")
        if record is None:
            raise RejectItem("the capture has no list record")
        row = read_record(self._profile, self._labels, record.data)
        letter, defects = self._letter(capture)
        if row.problem:
            raise RejectItem(row.problem)
        if letter is not None and letter.problem:
            raise RejectItem(letter.problem)
        return self._draft(row, letter, defects)

    def _letter(self, capture: Capture) -> tuple[Letter | None, tuple[str, ...]]:
        if self._profile.detail.kind == "none":
            return None, ()
        detail = capture.part("detail")
        if detail is None:
            raise RejectItem("the letter's own page could not be had")
        decoded = decode(detail.data, declared_charset(detail.media_type))
        return self.letters.take(decoded.text), decoded.defects

    def _draft(self, row: Row, letter: Letter | None, defects: tuple[str, ...]) -> Draft:
        says = _Says(letter.found if letter is not None else Found(), row.found)
        body, submitted = says(Field.BODY), parse_time(says(Field.TIME), self._profile.dates)
        subject = says(Field.TITLE)
        if row.followup:
            followup = next((each for each in letter.followups if each.order == row.followup), None) if letter else None
            if followup is None:
                raise RejectItem("the follow-up is no longer in the letter's page")
            body, submitted = text_of(followup.text), followup.at
        if not body:
            raise RejectItem("the letter has no text")
        subject = " ".join(subject.split()) or body.split("\n", 1)[0][:_SUBJECT_FROM_BODY]
        place = _joined(says(Field.REGION), says(Field.PLACE))
        addressed_to = says(Field.ADDRESSED_TO)
        return Draft(
            subject=subject,
            body=body,
            body_own=body,
            sender=_sender(says),
            kind=kind_of(says(Field.KIND), self._profile.kinds) or kind_of(says(Field.CATEGORY), self._profile.kinds),
            addressed_to=addressed_to,
            place=place,
            submitted_at=submitted,
            upstream_status=says(Field.STATUS),
            answers=() if row.followup else self._answers(row, letter),
            in_place=in_place(self._config.place_filter, (place, subject, body, addressed_to)),
            defects=defects,
        )

    def _answers(self, row: Row, letter: Letter | None) -> tuple[UpstreamAnswer, ...]:
        """The page's answers, else the list's; a unit that only the list names is added to the first."""
        answers = list(letter.answers) if letter is not None else self._list_answers(row)
        units = row.found.all(Field.UNIT)
        if answers and not answers[0].unit and units:
            answers[0] = UpstreamAnswer(units[0], answers[0].text, answers[0].at)
        return tuple(UpstreamAnswer(tidy(answer.unit), text_of(answer.text), answer.at) for answer in answers)

    def _list_answers(self, row: Row) -> list[UpstreamAnswer]:
        record = read_json(row.record.decode("utf-8"))
        nested = list_answers(self._profile, record.get("json")) if isinstance(record, dict) else []
        return nested or answers_of(self._profile, row.found)


class _Says:
    """What page or list say of a field, the page first; readable text."""

    def __init__(self, page: Found, listed: Found) -> None:
        self._page = page
        self._listed = listed

    def __call__(self, name: Field) -> str:
        return tidy(self._page.first(name) or self._listed.first(name))


def _joined(region: str, place: str) -> str:
    return place if not region or region in place else f"{region} {place}".strip()


def _sender(says: _Says) -> Sender:
    return Sender(
        name=says(Field.NAME),
        phones=_several(says(Field.PHONE)),
        id_numbers=_several(says(Field.ID_NUMBER)),
        emails=_several(says(Field.EMAIL)),
        address=says(Field.ADDRESS),
        ip=says(Field.IP),
    )


def _several(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in _SEVERAL.split(text) if part))
