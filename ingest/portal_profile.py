"""A portal's profile: where its lists and letters stand and what things are called there. Declarative, loaded from TOML.

A usual portal needs the list's address, the rows' selector and how its pages are numbered; fields are found by label.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import re2
from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from pydantic import AfterValidator, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from domain.errors import BadSettings
from domain.messages import MessageKind
from ingest.portal_labels import Field

_STRICT = ConfigDict(extra="forbid")


def _selector(text: str) -> str:
    if text:
        try:
            path = CSSSelector(text, translator="html").path
        except SelectorError:
            raise ValueError("is no CSS selector that can be read") from None
        if "lower-case(" in path:
            raise ValueError("uses :contains, which is not supported")
    return text


def _pattern(text: str) -> str:
    if text:
        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(text, options)
        except re2.error:
            raise ValueError("is no regular expression of RE2 (no look-around, no back-references)") from None
    return text


Css = Annotated[str, AfterValidator(_selector)]
Pattern = Annotated[str, AfterValidator(_pattern)]


@dataclass(frozen=True, slots=True)
class Pick:
    """Where one value stands: ``at`` is a CSS selector in HTML ("" the row or page itself) and a dotted path in JSON; of
    that an attribute; of that the first group of a pattern. ``value`` is a constant. A plain string is short for ``at``."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    at: str = ""
    attr: str = ""
    pattern: Pattern = ""
    value: str = ""


def _short(value: Any) -> Any:
    return {"at": value} if isinstance(value, str) else value


AnyPick = Annotated[Pick, BeforeValidator(_short)]


@dataclass(frozen=True, slots=True)
class TextPattern:
    """Several fields out of one text: ``pattern`` names them as groups, ``(?P<region>…)``. No ``css``: all of it."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    pattern: Pattern
    css: Css = ""


@dataclass(frozen=True, slots=True)
class Paging:
    """How pages are asked for. Addresses and forms may hold ``{page}`` (from ``first``, by ``step``), ``{offset}`` (from 0),
    ``{start}`` and ``{end}`` (records, from 1), ``{size}``, ``{index}`` ("" for the first page, then ``_`` and the page number).

    The last page is known by ``pages`` or ``total`` (patterns over the page, first group a number), by a 404 (``gone``), by
    the empty marker, or by the same rows again. ``viewstate`` posts an ASP.NET page's hidden fields back with ``target``.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["template", "single", "viewstate"] = "template"
    first: int = 1
    step: int = 1
    size: int = 15
    pages: Pattern = ""
    total: Pattern = ""
    gone: bool = False
    max_pages: int = 5000
    target: str = ""
    argument: str = "{page}"


@dataclass(frozen=True, slots=True)
class ListProfile:
    """``rows``: CSS selector, or dotted path to the array. ``columns`` are the cells' labels in order, when no header row
    gives them. ``empty`` is what the page says when there are no messages; a row that says so is no item, nor are those of ``skip``.
    ``identity`` names fields whose digest is the id where a portal gives neither number nor link. ``html_in``: dotted path to
    HTML inside JSON. ``ends_with``: what a whole page ends with ("" when the site never closes its pages)."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    url: str
    rows: str
    method: Literal["GET", "POST"] = "GET"
    form: Mapping[str, str] = field(default_factory=dict)
    json_body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    format: Literal["html", "json"] = "html"
    html_in: str = ""
    columns: tuple[str, ...] = ()
    header: Css = ""
    skip: Css = ""
    fields: Mapping[Field, AnyPick] = field(default_factory=dict)
    patterns: tuple[TextPattern, ...] = ()
    link: AnyPick = field(default_factory=Pick)
    id: Pattern = ""
    identity: tuple[Field, ...] = ()
    need: tuple[Field, ...] = (Field.TITLE,)
    empty: tuple[str, ...] = ()
    ends_with: str = "</html>"


@dataclass(frozen=True, slots=True)
class Repeated:
    """Blocks that stand several times in a letter's page: answers of offices, or the citizen's follow-ups."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    each: str
    text: AnyPick = field(default_factory=Pick)
    unit: AnyPick | None = None
    time: AnyPick | None = None


@dataclass(frozen=True, slots=True)
class DetailProfile:
    """``none``: the list holds all. ``url`` may hold ``{link}``, ``{id}``, ``{number}``. ``scope``: the part with labels."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["html", "json", "none"] = "html"
    url: str = "{link}"
    headers: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    scope: Css = ""
    path: str = ""
    pairs: bool = True
    fields: Mapping[Field, AnyPick] = field(default_factory=dict)
    patterns: tuple[TextPattern, ...] = ()
    answers: Repeated | None = None
    followups: Repeated | None = None
    need: tuple[Field, ...] = (Field.BODY,)
    ends_with: str = "</html>"


@dataclass(frozen=True, slots=True)
class PortalProfile:
    """``labels`` adds names of fields to the built-in table; ``dates`` adds strptime formats; ``kinds`` maps words to kinds."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    list: ListProfile
    name: str = ""
    paging: Paging = field(default_factory=Paging)
    detail: DetailProfile = field(default_factory=DetailProfile)
    labels: Mapping[Field, tuple[str, ...]] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    kinds: Mapping[str, MessageKind] = field(default_factory=dict)


def load_profile(path: Path) -> PortalProfile:
    """The profile in a TOML file. Raises BadSettings with a line per problem: file, key, what is wrong, what to write."""
    try:
        document = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise BadSettings(
            [
                f"{path}: cannot be read ({error.strerror}) → write it, or correct the channel's profile (docs/channels.md shows one)"
            ]
        ) from None
    except UnicodeDecodeError:
        raise BadSettings([f"{path}: is not in UTF-8 → save it as UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([f"{path}: is no TOML file in UTF-8 ({error}) → correct it there"]) from None
    try:
        profile = TypeAdapter(PortalProfile).validate_python(document)
    except ValidationError as error:
        raise BadSettings([_problem(path, entry) for entry in error.errors(include_url=False, include_input=False)]) from None
    problems = [f"{path}: {problem}" for problem in _contradictions(profile)]
    if problems:
        raise BadSettings(problems)
    return profile


def _problem(path: Path, entry: Any) -> str:
    key = ".".join(str(part) for part in entry["loc"]) or "the whole file"
    remedies = {"missing": "add it", "unexpected_keyword_argument": "remove it, or correct its name"}
    if entry["type"] == "unexpected_keyword_argument":
        return f"{path}: {key}: is not known → {remedies[entry['type']]}"
    return f"{path}: {key}: {entry['msg'].removeprefix('Value error, ')} → {remedies.get(entry['type'], 'correct it')}"


def _contradictions(profile: PortalProfile) -> list[str]:
    listing, paging, detail = profile.list, profile.paging, profile.detail
    problems = [
        f"{key}: is no CSS selector that can be used (:contains is not supported) → correct it"
        for key, text in _selectors(profile)
        if not _reads(text)
    ]
    places = [listing.url, listing.json_body, *listing.form.values()]
    if paging.kind == "template" and not any(mark in text for text in places for mark in _PLACEHOLDERS):
        problems.append("list.url: has no place for the page → write {page}, {offset} or {index}, or paging.kind = 'single'")
    if paging.kind == "viewstate" and not paging.target:
        problems.append("paging.target: is needed with viewstate → write the pager's __EVENTTARGET")
    ends = paging.pages or paging.total or paging.gone or listing.empty or listing.format == "json"
    if paging.kind != "single" and not ends:
        problems.append("paging: nothing says which page is the last → set paging.pages, paging.total, paging.gone or list.empty")
    if paging.step < 1 or paging.size < 1 or paging.max_pages < 1:
        problems.append("paging: step, size and max_pages are at least 1 → correct them")
    if detail.kind == "none" and Field.BODY not in listing.need:
        problems.append("list.need: without a detail the list must hold the letter → set need = ['body']")
    if detail.kind == "json" and not detail.fields:
        problems.append("detail.fields: a JSON detail has no labels → say where body stands")
    return problems


def _selectors(profile: PortalProfile) -> list[tuple[str, str]]:
    """Each CSS selector of the profile that only its format tells from a JSON path, with its key."""
    listing, detail = profile.list, profile.detail
    found: list[tuple[str, str]] = []
    if listing.format == "html":
        found += [("list.rows", listing.rows), ("list.link", listing.link.at)]
        found += [(f"list.fields.{name}", pick.at) for name, pick in listing.fields.items()]
    if detail.kind == "html":
        found += [(f"detail.fields.{name}", pick.at) for name, pick in detail.fields.items()]
        for key, block in (("detail.answers", detail.answers), ("detail.followups", detail.followups)):
            if block is not None:
                picks = (block.text, block.unit, block.time)
                found += [(key, block.each), *((key, pick.at) for pick in picks if pick is not None)]
    return found


def _reads(text: str) -> bool:
    try:
        _selector(text)
    except ValueError:
        return False
    return True


_PLACEHOLDERS = ("{page}", "{offset}", "{start}", "{end}", "{index}")
