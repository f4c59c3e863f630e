"""``fenban train`` and ``suggest``."""

import getpass
import json
import sys
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from app.cli.base import WRONG, ByOption, JsonOption, SettingsOption, emit, lines_in, open_system, progress_bar, say, show
from app.documents import axes_dict, axes_text, named
from app.phrases import phrase, spoken
from app.register_plan import masked_text as masked
from app.reports import unit_names
from app.texts import text
from app.transactions import reading
from app.wiring import System
from domain.decisions import Suggestion
from domain.models import ModelState
from domain.standings import NONE_YET, Standings
from route.axes import by_place
from store.standings import SqlStandings

if TYPE_CHECKING:
    from app.learning import Learned

SUGGEST_BATCH = 256
NOT_A_LETTER = 'a line is not a JSON object {"id", "subject", "body"}: passed over'


def register(app: typer.Typer) -> None:
    app.command("train")(train)
    app.command("suggest")(suggest)


def train(
    csv: Annotated[Path | None, typer.Option("--csv", help="已办来信（CSV） / past letters")] = None,
    columns: Annotated[str, typer.Option("--columns", help="subject=标题,body=内容,unit=单位,at=时间,reply=答复")] = "",
    from_store: Annotated[
        bool, typer.Option("--from-store", help="用系统里办结和人工分办的 / from the store's own labels")
    ] = False,
    promote: Annotated[
        bool | None,
        typer.Option(help="启用与否；缺省：没有在用的才启用 / let it serve; default: only where none serves yet"),
    ] = None,
    hold_out: Annotated[
        float | None,
        typer.Option(
            "--hold-out",
            min=0.0,
            max=0.9,
            help="第一次训练时留出多少作固定测试集；缺省 0.15 / the share set aside as frozen test",
        ),
    ] = None,
    new_test: Annotated[
        bool, typer.Option("--new-test-set", help="另留一个测试集 / set other letters aside from now on")
    ] = False,
    curve: Annotated[
        bool,
        typer.Option("--curve", help="也学部分来信，给报告画学习曲线 / learn from parts too, for the report's learning curve"),
    ] = False,
    stream: Annotated[
        bool | None,
        typer.Option(
            help="不整份读入内存，逐批学习；缺省：文件很大时 / read in passes, never whole; default: when the file is large"
        ),
    ] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """训练分办模型。 / Trains the routing model."""
    from app.learning import learn
    from app.promoting import let_serve
    from app.streaming import learn_stream
    from app.training import letters_from_file, letters_from_store
    from classify.rows import parse_columns

    if csv is None and not from_store:
        raise typer.BadParameter(phrase("say what to train from: --csv FILE, --from-store, or both"))
    try:
        mapping = parse_columns(columns)
    except ValueError as error:
        raise typer.BadParameter(phrase(str(error)), param_hint="--columns") from None
    if stream and (csv is None or new_test):
        raise typer.BadParameter(phrase("--stream reads a file (--csv) and does not go with --new-test-set"))
    with open_system(settings, may_make_store=True) as system:
        rows = letters_from_store(system) if from_store else []
        who = by or getpass.getuser()
        source = "+".join([*([csv.name] if csv is not None else []), *(["store"] if from_store else [])])
        if csv is not None and _streams(csv, stream, new_test):
            with progress_bar("read") as tell:
                learned = learn_stream(system, csv, mapping, rows, by=who, progress=tell, hold_out=hold_out, source=source)
        else:
            if csv is not None:
                found, notes = letters_from_file(system, csv, mapping)
                rows += found
                for note in notes:
                    say(spoken(note))
            with progress_bar("read") as tell:
                learned = learn(
                    system, rows, by=who, progress=tell, hold_out=hold_out, new_test=new_test, source=source, curve=curve
                )
        _tell_learned(system, learned)
        serves = system.registry.placed(ModelState.LIVE)
        if promote or (promote is None and not serves):
            let_serve(system, learned.row, who)
        elif serves:
            say(text("train.kept").format(serves, learned.row.version, learned.row.version))
        if as_json:
            emit(_learned_document(system, learned))


def _learned_document(system: System, learned: "Learned") -> dict[str, Any]:
    """``fenban train --json``. ``threshold`` null: none keeps the target; ``test`` null: nothing is set aside."""
    target, test = system.settings.decide.target_precision, learned.test
    return {
        "version": learned.row.version,
        "letters": learned.model.data.n_rows,
        "units": len(learned.model.units),
        "target_precision": target,
        "threshold": learned.model.threshold(target),
        "test": {"letters": test.letters, "hash": test.hash} if test is not None else None,
        "serves": system.registry.placed(ModelState.LIVE) == learned.row.version,
    }


def _streams(csv: Path, asked: bool | None, new_test: bool) -> bool:
    from app.streaming import LARGE

    return asked if asked is not None else not new_test and csv.exists() and csv.stat().st_size > LARGE


def _tell_learned(system: System, learned: "Learned") -> None:
    model, test = learned.model, learned.test
    target = system.settings.decide.target_precision
    least = model.threshold(target)
    automatic = f"{least:.3f}" if least is not None else text("train.no_threshold")
    path = system.registry.path(model.version)
    say(text("train.done").format(path, model.data.n_rows, len(model.units), target, automatic))
    if test is None:
        say(text("train.no_test"))
        return
    say(text("train.test_made" if learned.made else "train.test").format(test.letters, test.hash[:12], learned.aside))
    if found := learned.row.metrics:
        say(text("train.reached").format(**found))


def suggest(
    as_json: JsonOption = False,
    axes: Annotated[
        bool, typer.Option("--axes", help="JSON 中加上职能与地点各占多少 / with --json, what each axis said")
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """从标准输入逐行读 {"id","subject","body"}，给出建议单位。 / Reads letters, a JSON object a line, and suggests units."""
    wrong = 0
    with open_system(settings) as system:
        lines = lines_in()
        while batch := list(islice(lines, SUGGEST_BATCH)):
            wrong += _suggest(system, batch, as_json, axes)
    if wrong:
        raise typer.Exit(WRONG)


def _suggest(system: System, lines: list[tuple[int, str]], as_json: bool, axes: bool) -> int:
    letters: list[dict[str, Any]] = []
    places: list[int] = []
    wrong = 0
    for place, line in lines:
        letter = _read(line)
        if not isinstance(letter, dict):
            say(f"{text('line').format(place)}: {phrase(NOT_A_LETTER)}")
            wrong += 1
            continue
        letters.append(letter)
        places.append(place)
    texts = [(masked(_text(letter, "subject")), masked(_text(letter, "body"))) for letter in letters]
    standings = _standings(system)
    for letter, place, offered in zip(letters, places, system.classifier.suggest(texts), strict=True):
        named_place = _text(letter, "place") or f"{_text(letter, 'subject')}\n{_text(letter, 'body')}"
        placed = by_place(offered, system.directory.places_in(named_place), system.directory)
        known = [one for one in placed if one.unit in system.directory]
        automatic = bool(known) and known[0] == placed[0] and _automatic(system, known[0], standings)
        if as_json:
            _emit(letter.get("id"), known, automatic, axes)
        else:
            ident = letter.get("id") if letter.get("id") is not None else text("line").format(place)
            _show(ident, known, automatic, unit_names(system))
    sys.stdout.flush()
    return wrong


def _read(line: str) -> object:
    """What the line holds; None where it is no JSON: NaN and numbers beyond all bounds are none either, and could not be answered."""
    try:
        return json.loads(line, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _no_number(text)


def _text(letter: dict[str, Any], key: str) -> str:
    """The field as text; half a surrogate pair, which JSON allows, becomes a question mark."""
    return str(letter.get(key) or "").encode("utf-8", "replace").decode()


def _automatic(system: System, first: Suggestion, standings: Standings) -> bool:
    """Whether it would go out without a person; nothing is drawn by lot here."""
    if system.model is None or not system.settings.decide.automatic or first.unit in standings.stopped:
        return False
    least = standings.threshold(first.unit, system.threshold)
    return least is not None and first.probability >= least


def _standings(system: System) -> Standings:
    """What the store says; nothing where there is none yet."""
    file = system.settings.store_file()
    if file is not None and not file.exists():
        return NONE_YET
    return reading(system.store, lambda tx: SqlStandings(tx).now())


def _emit(ident: object, offered: list[Suggestion], automatic: bool, axes: bool) -> None:
    suggestions = [
        {
            "unit": one.unit,
            "probability": round(one.probability, 6),
            "evidence": [{"kind": why.kind, "text": why.text, "weight": round(why.weight, 4)} for why in one.evidence],
            **({"axes": axes_dict(one)} if axes else {}),
        }
        for one in offered
    ]
    emit({"id": ident, "suggestions": suggestions, "automatic": automatic})


def _show(ident: object, offered: list[Suggestion], automatic: bool, names: dict[str, str]) -> None:
    words = "  ".join(
        f"{named(one.unit, names)} {one.probability:.0%}{axes_text(axes_dict(one))} ({'、'.join(why.text for why in one.evidence[:3])})"
        for one in offered
    )
    show(f"{ident}: {'→ ' if automatic else '? '}{words}")
