"""A channel's place filter: of a governor's board only the posts that concern this city are worked on."""

from collections.abc import Iterable, Sequence


def in_place(names: Sequence[str], texts: Iterable[str]) -> bool:
    """True when there is no filter, or one of its names stands in one of the texts."""
    wanted = [name.strip() for name in names if name.strip()]
    return not wanted or any(name in text for text in texts for name in wanted)
