"""Masks personal data by what it is, so that a letter can be read, routed and searched without telling who wrote it."""

from collections.abc import Sequence

from ingest.personal import PersonalKind, find_personal

NAME_MASK = "【姓名】"
_WORDS = {
    PersonalKind.PHONE: "【电话】",
    PersonalKind.ID_NUMBER: "【证件号】",
    PersonalKind.EMAIL: "【邮箱】",
    PersonalKind.PLATE: "【车牌】",
    PersonalKind.NAME: NAME_MASK,
    PersonalKind.ACCOUNT: "【账号】",
}

# What is masked can free what stood beside it; more rounds than this no text of people needs.
_MOST_ROUNDS = 6


def mask(text: str, names: Sequence[str] = ()) -> str:
    """The text with phones, ID numbers, e-mails, plates, accounts and names replaced by 【电话】 and the like.

    ``names`` are the sender's: replaced wherever they stand (two characters and more). Other names go only where the text
    says they are the writer's own: 我叫…, 姓名：…, a signature. Masking a masked text changes nothing.
    """
    known = tuple(names)
    for _ in range(_MOST_ROUNDS):
        found = find_personal(text, known)
        if not found:
            return text
        pieces: list[str] = []
        end = 0
        for one in found:
            pieces += (text[end : one.start], _WORDS[one.kind])
            end = one.end
        text = "".join((*pieces, text[end:]))
    return text
