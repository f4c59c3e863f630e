"""Whatever is accused, and whatever is done with it later, no excluded unit is ever chosen."""

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.decisions import Decision, Outcome, Suggestion
from domain.errors import Refused
from domain.ids import UnitCode
from domain.messages import Message, MessageKind
from route.calendar import WorkingCalendar
from route.decide import Decider, DecideSettings
from route.rules_file import load_rules
from tests.support.accusations import accusations
from tests.support.routing import NOW, letter
from tests.support.small_city import UNITS, small_city
from tests.support.stories import WORK, stories

CITY = small_city()
RULES = load_rules([], CITY)
DECIDER = Decider(CITY, RULES, WorkingCalendar(), DecideSettings(threshold=0.1))
CODES = sorted(CITY.units)
codes = st.sampled_from(CODES)
made = st.integers(0, 100_000).map(lambda seed: next(accusations(UNITS, 1, seed)))
formal = made.map(lambda one: letter(one.subject, one.body, kind=one.kind, place=one.place))
told = st.builds(letter, st.sampled_from(("反映问题", "来信", "")), st.sampled_from(stories(WORK)))
accusing = st.one_of(formal, told)


def sealed(message: Message) -> Decision:
    screening = DECIDER.screen(message)
    assert screening.action == "seal"
    return DECIDER.seal(message, rule=screening.rule, reason=screening.reason, now=NOW)


@settings(max_examples=150, deadline=None)
@given(accusing)
def test_sealing_chooses_nobody_excluded(message: Message) -> None:
    decision = sealed(message)
    assert decision.sealed
    assert not {decision.lead, *decision.co_units} & set(decision.excluded)
    assert all(CITY.under(code) <= set(decision.excluded) for code in decision.excluded)


@settings(max_examples=150, deadline=None)
@given(accusing, st.lists(codes, min_size=1, max_size=4, unique=True), st.sampled_from((None, *MessageKind)))
def test_a_revision_after_unsealing_by_mistake_keeps_the_exclusions(
    message: Message, offered: list[UnitCode], kind: MessageKind | None
) -> None:
    shut = sealed(message).excluded
    revised = letter("补充", "请问办得怎么样了？" + message.body, kind=kind, version=2)
    suggestions = tuple(Suggestion(code, 0.9 / at) for at, code in enumerate(offered, 1))
    decision = DECIDER.decide(revised, suggestions, automatic=True, model="m", now=NOW, excluded=shut)
    assert not {decision.lead, *decision.co_units, *(one.unit for one in decision.suggestions)} & set(shut)


@settings(max_examples=150, deadline=None)
@given(accusing, codes, st.lists(codes, max_size=3, unique=True))
def test_a_person_cannot_choose_the_excluded_nor_what_a_return_suggests(
    message: Message, suggested: UnitCode, co_units: list[UnitCode]
) -> None:
    shut = sealed(message).excluded
    others = [code for code in co_units if code != suggested]
    try:
        decision = DECIDER.by_person(
            message, actor="office", now=NOW, lead=suggested, co_units=others, excluded=shut, sealed=True
        )
    except Refused:
        assert {suggested, *others} & set(shut)
        return
    assert decision.outcome is Outcome.DISPATCH
    assert not {suggested, *others} & set(shut)
