"""A full-width sign in a city's pattern means its half-width form too, and changes nothing else of the pattern."""

import pytest
import re2

from route.rules_table import compiled
from route.widths import both_widths


@pytest.mark.parametrize(
    ("pattern", "wide"),
    [
        ("违建，举报", "违建[，,]举报"),
        ("[^，。]", "[^，,。]"),
        ("[！-～]", "[！-～]"),
        ("[a！-／：]", "[a！-／：:]"),
        ("[０-？]", "[０-？]"),
        (r"\.，[\]，]", r"\.[，,][\]，,]"),
        ("[[:alpha:]，]，", "[[:alpha:]，,][，,]"),
        ("[]，]，", "[]，,][，,]"),
        ("[^]，]，", "[^]，,][，,]"),
    ],
)
def test_signs_of_a_pattern_stand_for_both_forms(pattern: str, wide: str) -> None:
    assert both_widths(pattern) == wide
    re2.compile(both_widths(pattern))


def test_a_range_of_full_width_signs_stays_what_it_was() -> None:
    assert compiled("[！-～]").search("路灯坏了".encode()) is None
