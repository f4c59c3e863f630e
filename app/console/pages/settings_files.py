"""Settings: the unit directory and the rules, shown, looked through, tried on past letters, saved."""

import re
from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from app.city_edit import RULES, UNITS, Checked, CityEditor
from app.city_notes import odd_units
from app.console.endpoints import Endpoint
from app.console.settings_sections import ADMIN, RULES_SAVE, RULES_TEST, SETTINGS_ROLES, sections_of
from app.console.texts import said
from app.console.visit import Visit
from app.phrases import phrase, spoken
from app.rules_trial import LETTERS, Trial, trial
from domain.errors import BadSettings, Refused
from route.rules import Rulebook

LONGEST = 2_000_000
_ENTRY = re.compile(r"(unit|rule|screen) ('[^']*'|\d+): (.*)", re.DOTALL)
FILE_TEXT: dict[str, Any] = {"type": "string", "maxLength": LONGEST}
CHECK: dict[str, Any] = {"type": "object", "required": ["text"], "properties": {"text": FILE_TEXT}}
TEST: dict[str, Any] = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": FILE_TEXT, "letters": {"type": "integer", "minimum": 1, "maximum": LETTERS}},
}
SAVE: dict[str, Any] = {
    "type": "object",
    "required": ["text", "base", "reason"],
    "properties": {
        "text": FILE_TEXT,
        "base": {"type": "string", "maxLength": 64, "description": "digest of the file that the text was made from"},
        "reason": {"type": "string", "minLength": 1, "maxLength": 500},
    },
}


def units_page(visit: Visit) -> Response:
    return visit.page(
        "settings_units.html", **_common(visit, UNITS), done=visit.query("done"), **_units(visit), may_save=visit.has(*ADMIN)
    )


def units_json(visit: Visit) -> Response:
    """The unit directory as it stands, what is odd in it, and its file."""
    return visit.json({**_units(visit), "file": _file(visit, UNITS)})


def rules_page(visit: Visit) -> Response:
    return _editor(visit, RULES, done=visit.query("done"))


def rules_json(visit: Visit) -> Response:
    """The rules that stand, and their file."""
    book = visit.system.rulebook
    return visit.json({"rules": [rule.name for rule in book.rules], "screens": _own_screens(visit), "file": _file(visit, RULES)})


def edit_units(visit: Visit) -> Response:
    return _editor(visit, UNITS)


def check_units(visit: Visit) -> Response:
    return _checked(visit, UNITS)


def check_rules(visit: Visit) -> Response:
    return _checked(visit, RULES)


def check_units_json(visit: Visit) -> Response:
    """What is wrong with a directory's text, what is odd, how it differs. Nothing is saved."""
    return visit.json(_checked_document(_editing(visit).check(UNITS, _text(visit))))


def check_rules_json(visit: Visit) -> Response:
    """What is wrong with the rules' text and how it differs. Nothing is saved."""
    return visit.json(_checked_document(_editing(visit).check(RULES, _text(visit))))


def try_rules(visit: Visit) -> Response:
    checked = _editing(visit).check(RULES, _text(visit))
    if checked.problems:
        return _editor(visit, RULES, 422, checked=checked)
    return _editor(visit, RULES, checked=checked, trial=_trial_document(_trial(visit, _read(visit))))


def try_rules_json(visit: Visit) -> Response:
    """What rules would do with past letters, old against new; example numbers for roles that read letters. Nothing is saved."""
    try:
        book = _read(visit)
    except BadSettings:
        return visit.json(_checked_document(_editing(visit).check(RULES, _text(visit))), 422)
    return visit.json(_trial_document(_trial(visit, book)))


def save_units(visit: Visit) -> Response:
    return _saved(visit, UNITS, "/settings/units?done=saved")


def save_rules(visit: Visit) -> Response:
    return _saved(visit, RULES, "/settings/rules?done=saved")


def save_units_json(visit: Visit) -> Response:
    """Saves the directory; running processes take it up between two batches."""
    return _saved_json(visit, UNITS)


def save_rules_json(visit: Visit) -> Response:
    """Saves the rules; running processes take them up between two batches."""
    return _saved_json(visit, RULES)


def _saved(visit: Visit, name: str, then: str) -> Response:
    checked = _editing(visit).check(name, _text(visit))
    if checked.problems:
        return _editor(visit, name, 422, checked=checked)
    try:
        _save(visit, name)
    except Refused as error:
        return _editor(visit, name, 409, checked=checked, wrong=error)
    return visit.go(then)


def _saved_json(visit: Visit, name: str) -> Response:
    checked = _editing(visit).check(name, _text(visit))
    if checked.problems:
        return visit.json(_checked_document(checked), 422)
    kept = _save(visit, name)
    return visit.json({"kept": kept, "file": _file(visit, name)})


def _save(visit: Visit, name: str) -> str:
    return _editing(visit).save(name, _text(visit), base=visit.sent("base"), reason=visit.sent("reason"), actor=visit.me.login)


def _checked(visit: Visit, name: str) -> Response:
    checked = _editing(visit).check(name, _text(visit))
    return _editor(visit, name, 422 if checked.problems else 200, checked=checked)


def _editor(visit: Visit, name: str, status: int = 200, **told: Any) -> Response:
    """The file in a text field, or what was sent, with what was found."""
    file = _editing(visit).present(name)
    text = _text(visit) if "text" in visit.form else file.text
    values = {"checked": None, "trial": None, "wrong": "", "done": "", "reason": visit.sent("reason"), **told}
    if values["checked"] is not None:
        values["checked"] = _checked_document(values["checked"])
    base = visit.sent("base") or file.digest
    may_save = visit.has(*(RULES_SAVE if name == RULES else ADMIN))
    return visit.page(
        "settings_file.html",
        status,
        **_common(visit, name),
        text=text,
        base=base,
        file=file.path.name,
        may_save=may_save,
        **values,
    )


def _common(visit: Visit, name: str) -> dict[str, Any]:
    trouble = [spoken(line) for line in visit.system.city_files.trouble]
    return {"sections": sections_of(visit.me), "section": name, "trouble": trouble}


def _units(visit: Visit) -> dict[str, Any]:
    directory = visit.system.directory
    units = [
        {
            "code": unit.code,
            "name": unit.name,
            "aliases": list(unit.aliases),
            "level": unit.level,
            "region": unit.region,
            "parent": unit.parent,
            "duties": list(unit.duties),
            "places": list(unit.places),
            "catch_all": unit.catch_all,
        }
        for unit in directory.units.values()
    ]
    return {"units": units, "doubts": [spoken(line) for line in odd_units(visit.system)]}


def _own_screens(visit: Visit) -> list[dict[str, str]]:
    return [{"name": screen.name, "action": screen.action} for screen in visit.system.rulebook.screens]


def _file(visit: Visit, name: str) -> dict[str, Any]:
    file = _editing(visit).present(name)
    return {"name": file.path.name, "digest": file.digest, "text": file.text, "trouble": list(visit.system.city_files.trouble)}


def _checked_document(checked: Checked) -> dict[str, Any]:
    return {
        "problems": [{"line": one.line, "what": _said(one.what), "remedy": phrase(one.remedy)} for one in checked.problems],
        "doubts": [spoken(line) for line in checked.doubts],
        "difference": [{"mark": mark, "line": line} for mark, line in checked.difference],
    }


def _said(what: str) -> str:
    """``rules.toml: rule 'x': has no name``: what it is, which one, and what is wrong with it, in the reader's language."""
    file, colon, rest = what.partition(": ")
    found = _ENTRY.fullmatch(rest) if colon else None
    if found is None:
        return spoken(what)
    return said("settings.problem_of", file, said(f"settings.a_{found[1]}"), found[2], phrase(found[3]))


def _trial_document(tried: Trial) -> dict[str, Any]:
    return {
        "letters": tried.letters,
        "changed": tried.changed,
        "rules": [
            {"rule": rule, "end": end, "before": before, "after": after}
            for rule, ends in tried.rules.items()
            for end, (before, after) in ends.items()
        ],
        "examples": [{"number": one.number, "before": asdict(one.before), "after": asdict(one.after)} for one in tried.examples],
    }


def _trial(visit: Visit, book: Rulebook) -> Trial:
    return trial(visit.system, book, visit.viewer, visit.sent_number("letters", LETTERS))


def _read(visit: Visit) -> Rulebook:
    return _editing(visit).rulebook(_text(visit))


def _editing(visit: Visit) -> CityEditor:
    return CityEditor(visit.system)


def _text(visit: Visit) -> str:
    """As it was typed, with its spaces."""
    value = visit.form.get("text", "")
    if not isinstance(value, str) or len(value) > LONGEST:
        raise Refused("the text is too long for the page", remedy="edit the file on the machine")
    return value


ENDPOINTS = (
    Endpoint("GET", "/settings/units", units_page, SETTINGS_ROLES),
    Endpoint("GET", "/settings/units/edit", edit_units, ADMIN),
    Endpoint("POST", "/settings/units", save_units, ADMIN),
    Endpoint("POST", "/settings/units/check", check_units, ADMIN),
    Endpoint("GET", "/settings/rules", rules_page, RULES_TEST),
    Endpoint("POST", "/settings/rules", save_rules, RULES_SAVE),
    Endpoint("POST", "/settings/rules/check", check_rules, RULES_TEST),
    Endpoint("POST", "/settings/rules/test", try_rules, RULES_TEST),
    Endpoint("GET", "/api/settings/units", units_json, SETTINGS_ROLES, json=True),
    Endpoint("POST", "/api/settings/units", save_units_json, ADMIN, json=True, body=SAVE),
    Endpoint("POST", "/api/settings/units/check", check_units_json, ADMIN, json=True, body=CHECK),
    Endpoint("GET", "/api/settings/rules", rules_json, RULES_TEST, json=True),
    Endpoint("POST", "/api/settings/rules", save_rules_json, RULES_SAVE, json=True, body=SAVE),
    Endpoint("POST", "/api/settings/rules/check", check_rules_json, RULES_TEST, json=True, body=CHECK),
    Endpoint("POST", "/api/settings/rules/test", try_rules_json, RULES_TEST, json=True, body=TEST),
)
