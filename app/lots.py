"""Which letters a person decides although the model is sure of them: a share of all, so that its precision is known and not
only of what it left to persons."""

from hashlib import sha256

from app.worker import Lot
from domain.ids import Number


def lot(share: float) -> Lot:
    """Draws by the hash of the number: the same letter is drawn or not whoever decides it, and however often."""
    below = int(share * 2**64)

    def drawn(number: Number) -> bool:
        return int.from_bytes(sha256(f"check:{number}".encode()).digest()[:8], "big") < below

    return drawn
