"""Whose marks are equal: spellings of one value are, masked and partial values are nobody's."""

import pytest

from domain.messages import Sender
from store.marks import account, email, id_number, identifiers, phone
from store.vault import FieldVault

VAULT = FieldVault({1: b"m" * 32}, {1: b"i" * 32})


@pytest.mark.parametrize(
    "value",
    [
        "19900001234",
        " 199-0000-1234 ",
        "199 0000 1234",
        "+86 19900001234",
        "+86-199-0000-1234",
        "8619900001234",
        "0086 199 0000 1234",
        "(+86)19900001234",
        "１９９００００１２３４",
        "019900001234",
    ],
)
def test_one_mobile_number_in_many_spellings(value: str) -> None:
    assert phone(value) == "19900001234"


@pytest.mark.parametrize(
    ("value", "normal"),
    [
        ("0933-8200001", "09338200001"),
        ("(0933) 8200001", "09338200001"),
        ("010-62000001", "01062000001"),
        ("+86 10 62000001", "01062000001"),
        ("+86 933 8200001", "09338200001"),
        ("0933-8200001转802", "09338200001"),
        ("0933-8200001 ext. 5", "09338200001"),
    ],
)
def test_landlines_with_their_area_code(value: str, normal: str) -> None:
    assert phone(value) == normal


@pytest.mark.parametrize(
    "value",
    [
        "",
        "8200001",
        "62000001",
        "199****1234",
        "199xxxx1234",
        "199XXXX1234",
        "1990000****",
        "１９９＊＊＊＊１２３４",
        "199××××1234",
        "12345",
        "110",
        "400-820-0001",
        "00000000000",
        "11111111111",
        "无",
        "手机",
        "19900001234567",
    ],
)
def test_partial_masked_and_public_numbers_are_nobodys(value: str) -> None:
    assert phone(value) == ""


def test_id_numbers_emails_and_accounts() -> None:
    assert id_number("110101 19000101 001x") == id_number("11010119000101001X") == "11010119000101001X"
    assert id_number("１１０１０１１９０００１０１００１Ｘ") == "11010119000101001X"
    assert id_number("110101900101001") == "110101900101001"
    assert [id_number(value) for value in ("110101********001X", "11010119000101xxxx", "000000000000000000", "12", "")] == [
        ""
    ] * 5
    assert email(" Someone@Example.COM ") == "someone@example.com"
    assert [email(value) for value in ("s***e@example.com", "someone", "a@b", "", "x@@example.com")] == [""] * 5
    assert [email(value) for value in ("foxx@example.com", "xxx@example.com")] == ["foxx@example.com", ""]
    assert account("Board.Example:42") == "board.example:42"
    assert [account(value) for value in ("", "42", "board:", ":42", "board:0", "board:4**2")] == [""] * 6


def test_none_twice_and_none_at_all() -> None:
    twice = Sender(phones=("19900001234", "+86 19900001234"), emails=("a@example.com", "A@EXAMPLE.com"))
    assert list(identifiers(twice)) == [("phone", "19900001234"), ("email", "a@example.com")]
    assert list(identifiers(Sender(name="测试甲", address="某街", ip="192.0.2.1"))) == []
    assert VAULT.marks(Sender(name="测试甲", phones=("199****1234",))) == ()


def test_a_mark_is_a_keyed_hash_of_its_kind() -> None:
    (one,) = VAULT.marks(Sender(phones=("19900001234",)))
    (same,) = VAULT.marks(Sender(phones=("199-0000-1234",)))
    (other,) = FieldVault({1: b"m" * 32}, {1: b"j" * 32}).marks(Sender(phones=("19900001234",)))
    assert one == same
    assert (one.kind, one.key_version, len(one.hash)) == ("phone", 1, 16)
    assert one.hash != other.hash
    assert b"1990000" not in one.hash


def test_while_an_index_key_is_replaced_marks_come_under_both() -> None:
    both = FieldVault({1: b"m" * 32}, {1: b"i" * 32, 2: b"j" * 32})
    marks = both.marks(Sender(phones=("19900001234",)))
    assert [mark.key_version for mark in marks] == [1, 2]
    assert VAULT.marks(Sender(phones=("19900001234",)))[0] == marks[0]
    assert both.digest(b"text") == VAULT.digest(b"text")
