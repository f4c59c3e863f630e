"""The tables of docs/accuracy.md are made from figures."""

from pathlib import Path

from tests.accuracy.figures import Figure, allowed, to_reach
from tests.accuracy.run import PARTS
from tests.accuracy.table import with_table

DOCUMENT = "# x\n\n<!-- figures: a -->\nold\n<!-- end of a -->\n\nrest\n"


def test_a_part_is_put_in_its_place_alone() -> None:
    figures = [
        to_reach("top-1", 0.6951, "of 1", 0.70),
        allowed("size", 41.26, "MB", 50),
        Figure("rate", 12345.6, "messages/s"),
    ]
    made = with_table(DOCUMENT, "a", figures)
    assert "| top-1 | 0.695  | to reach 0.7 | missed |" in made
    assert "| size | 41.26 MB | allowed 50 | reached |" in made
    assert "| rate | 12,346 messages/s |  |  |" in made
    assert "old" not in made
    assert made.endswith("\n\nrest\n")
    assert with_table(made, "a", figures) == made
    assert with_table(DOCUMENT, "b", figures) == DOCUMENT


def test_every_part_has_its_place() -> None:
    document = (Path(__file__).parents[2] / "docs" / "accuracy.md").read_text(encoding="utf-8")
    assert [part for part in PARTS if f"<!-- figures: {part} -->" not in document] == []
