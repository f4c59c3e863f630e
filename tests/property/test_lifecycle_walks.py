"""Random walks through the lifecycles: nothing outside the tables is ever allowed, and nothing in them is refused."""

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decisions import AssignmentState, MatterState
from domain.errors import Refused
from domain.lifecycle import (
    ASSIGNMENT_MOVES,
    MATTER_MOVES,
    MESSAGE_MOVES,
    check_assignment_move,
    check_message_move,
    matter_state,
)
from domain.messages import MessageState

OPEN = {AssignmentState.SENT, AssignmentState.SIGNED}


def test_every_state_has_its_moves() -> None:
    assert set(MESSAGE_MOVES) == set(MessageState)
    assert set(ASSIGNMENT_MOVES) == set(AssignmentState)
    assert set(MATTER_MOVES) == set(MatterState)


@pytest.mark.parametrize(("old", "new"), list(product(MessageState, repeat=2)))
def test_a_message_moves_by_the_table_alone(old: MessageState, new: MessageState) -> None:
    if new in MESSAGE_MOVES[old]:
        check_message_move(old, new)
    else:
        with pytest.raises(Refused, match=f"{old} cannot become {new}"):
            check_message_move(old, new)


@pytest.mark.parametrize(("old", "new"), list(product(AssignmentState, repeat=2)))
def test_an_assignment_moves_by_the_table_alone(old: AssignmentState, new: AssignmentState) -> None:
    if new in ASSIGNMENT_MOVES[old]:
        check_assignment_move(old, new)
    else:
        with pytest.raises(Refused, match=f"{old} cannot become {new}"):
            check_assignment_move(old, new)


@given(st.lists(st.sampled_from(list(MessageState)), max_size=40))
def test_a_walk_of_a_message_keeps_what_the_design_promises(wishes: list[MessageState]) -> None:
    state, path = MessageState.NEW, [MessageState.NEW]
    for wish in wishes:
        try:
            check_message_move(state, wish)
        except Refused:
            continue
        state = wish
        path.append(state)
    for before, after in pairwise(path):
        assert after is not MessageState.REJECTED or before is MessageState.HELD
        assert after is not MessageState.FILTERED or before is MessageState.NEW
        assert before is not MessageState.HELD or after is not MessageState.DISPATCHED
        assert before is not MessageState.SEALED_REVIEW or after not in {MessageState.JOINED, MessageState.IN_REVIEW}


@given(st.lists(st.sampled_from(list(AssignmentState)), max_size=40))
def test_an_assignment_that_was_given_back_stays_so(wishes: list[AssignmentState]) -> None:
    state, ended = AssignmentState.SENT, False
    for wish in wishes:
        try:
            check_assignment_move(state, wish)
        except Refused:
            continue
        assert not ended
        state = wish
        ended = state in {AssignmentState.RETURNED, AssignmentState.WITHDRAWN}


@given(st.lists(st.sampled_from(list(AssignmentState)), max_size=8))
def test_a_matter_is_answered_when_one_part_is_done_and_none_is_open(states: list[AssignmentState]) -> None:
    answered = AssignmentState.COMPLETED in states and not OPEN & set(states)
    assert matter_state(states) is (MatterState.ANSWERED if answered else MatterState.OPEN)


@given(st.lists(st.sampled_from(list(AssignmentState)), min_size=1, max_size=6), st.data())
def test_a_matters_state_moves_by_its_table_when_a_part_moves(states: list[AssignmentState], data: st.DataObject) -> None:
    moving = data.draw(st.integers(0, len(states) - 1))
    allowed = sorted(ASSIGNMENT_MOVES[states[moving]])
    if not allowed:
        return
    before = matter_state(states)
    after = matter_state([*states[:moving], data.draw(st.sampled_from(allowed)), *states[moving + 1 :]])
    assert after is before or after in MATTER_MOVES[before]
