"""Ten thousand mails whose server changes UIDVALIDITY, up and down: no matter twice, none missed."""

from pathlib import Path

import pytest

from tests.support.dovecot_box import fresh_box
from tests.support.renumbered import renumbered

MAILS = 10_000


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("step", [-50_000, 50_000], ids=["down", "up"])
def test_ten_thousand_renumbered_mails_make_no_second_matter(tmp_path: Path, step: int) -> None:
    with fresh_box() as box:
        renumbered(box, tmp_path, MAILS, step)
