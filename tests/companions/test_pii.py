"""Which data about persons are found, and what only looks like them."""

from __future__ import annotations

import random
import time

import pytest

from companions.checks.folding import Folded
from companions.checks.pii import PII

FOUND = [
    ("cpf", "111.444.777-35"),
    ("cpf", "CPF: 11144477735."),
    ("cpf", "CPF11144477735"),
    ("cpf", "11144477735x"),
    ("cpf", "x111.444.777-35e mora"),
    ("card", "n4111 1111 1111 1111e"),
    ("phone", "tel(11) 98765-4321e"),
    ("cnpj", "CNPJ11222333000181, e11.222.333/0001-81f"),
    ("cpf", "meu cpf é 111 444 777 35, ok?"),
    ("cpf", "111.444.777/35"),
    ("cpf", "111444777-35 2 vias"),
    ("cpf", "1 1 1 4 4 4 7 7 7 3 5"),
    ("cpf", "１１１.４４４.７７７-３５"),
    ("cpf", "١١١٤٤٤٧٧٧٣٥"),
    ("cpf", "111.444\u200b.777\u2011\u206035"),
    ("cpf", "𝟏𝟏𝟏·𝟒𝟒𝟒·𝟕𝟕𝟕–𝟑𝟓"),
    ("cpf", "111\u00a0444\u202f777\u200935"),
    ("cpf", "(529.982.247-25)"),
    ("cnpj", "11.222.333/0001-81"),
    ("cnpj", "CNPJ 11222333000181"),
    ("cnpj", "11 222 333 0001 81"),
    ("cnpj", "11222333/0001-81"),
    ("cnpj", "12.ABC.345/01DE-35"),
    ("cnpj", "12ABC34501DE35"),
    ("cnpj", "é12.ABC.345/01DE-35e"),
    ("cnpj", "12.abc.345/01de-35"),
    ("cnpj", "12 ABC 345 01DE 35"),
    ("cnpj", "１２.ＡＢＣ.345/01DE-35"),
    ("email", "fale com ana.souza+x@empresa.com.br!"),
    ("email", "ANA@EMPRESA.COM"),
    ("email", "ana＠empresa.com"),
    ("email", "ana@em\u200bpresa.com"),
    ("email", "joão@padaria.br."),
    ("email", "<a@b.co>"),
    ("email", "ana@empresa.com111"),
    ("card", "4111 1111 1111 1111"),
    ("card", "4111111111111111"),
    ("card", "4111-1111-1111-1111 12/28 123"),
    ("card", "4111 1111 1111 1111 123"),
    ("card", "5555.5555.5555.4444"),
    ("card", "3782 822463 10005"),
    ("card", "30569309025904"),
    ("card", "2223003122003222"),
    ("card", "6062825624254001"),
    ("card", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
    ("card", "４１１１ 1111 １１１１ 1111"),
    ("phone", "(11) 98765-4321"),
    ("phone", "+55 11 98765-4321"),
    ("phone", "+5511987654321"),
    ("phone", "0055 11 98765 4321"),
    ("phone", "11987654321"),
    ("phone", "11 9 8765-4321"),
    ("phone", "011 3265-4321"),
    ("phone", "0 15 11 98765-4321"),
    ("phone", "(21)3265-4321"),
    ("phone", "21 3265-4321"),
    ("phone", "11.98765.4321"),
    ("phone", "+1 (415) 555-0132"),
    ("phone", "+351 912 345 678"),
    ("phone", "+442071838750"),
    ("phone", "(１１) 98765\u20134321"),
]

PASSED = [
    ("cpf", "111.444.777-36"),
    ("cpf", "111.111.111-11"),
    ("cpf", "000.000.000-00"),
    ("cpf", "1111444777351"),
    ("cpf", "a11144477735"),
    ("cpf", "11144477735e and b11144477735f"),
    ("cpf", "9.111.444.777-35"),
    ("cpf", "111.444.777-35.2"),
    ("cpf", "1 1 1 1 4 4 4 7 7 7 3 5"),
    ("cpf", "11 14447 77 35"),
    ("cpf", "R$ 111.444.777,35"),
    ("cpf", "(11) 98765-4321"),
    ("cnpj", "11.222.333/0001-82"),
    ("cnpj", "00.000.000/0000-00"),
    ("cnpj", "12.ABC.345/01DE-36"),
    ("cnpj", "12abc34501de35"),
    ("cnpj", "X12ABC34501DE35, 12ABC34501DE35X"),
    ("cnpj", "111222333000181"),
    ("cnpj", "is the end when 22, or at the back then 35"),
    ("cnpj", "e3b0c44298fc1c149afbf4c8996fb924"),
    ("email", "@ana and a@b, ana@localhost"),
    ("email", "logo@2x.png"),
    ("email", "npm i @scope/pkg@1.2.3"),
    ("email", "git@github.com:house/repo.git"),
    ("email", "ana at empresa.com"),
    ("card", "4111 1111 1111 1112"),
    ("card", "1111 1111 1111 1117"),
    ("card", "411111111111111"),
    ("card", "41111111111111110"),
    ("card", "7891000315507, 4006381333931"),
    ("card", "3520 0312 4111 1111 1111 1111 5500 1000 0001 2345 6789"),
    ("card", "23793.38128 60007.827136 95000.063305 9 75520000063700"),
    ("card", "DE89 3704 0044 0532 0130 00"),
    ("card", "4111111111111111a"),
    ("phone", "01310-100"),
    ("phone", "98765-4321"),
    ("phone", "0800 123 4567"),
    ("phone", "1732650000"),
    ("phone", "2026-11-27 10:32:15"),
    ("phone", "artigo 11 2023-2024"),
    ("phone", "(20) 98765-4321"),
    ("phone", "0001234-56.2023.8.26.0100"),
    ("phone", "+10.000.000 de clientes"),
    ("phone", "+1.000.000,00"),
    ("phone", "11 3265 4321"),
    ("phone", "111.444.777-35"),
    ("phone", "192.168.100.200"),
    ("phone", "R$ 11.987,65"),
]


def found(name: str, text: str) -> list[str]:
    folded = Folded(text)
    return [folded.text[start:end] for start, end in PII[name].spans(folded.text, 0)]


@pytest.mark.parametrize(("name", "text"), FOUND)
def test_data_about_persons_are_found(name: str, text: str) -> None:
    assert found(name, text)
    assert found(name, f"Veja:\n{text}\n— obrigado")


@pytest.mark.parametrize(("name", "text"), PASSED)
def test_what_only_looks_like_it_passes(name: str, text: str) -> None:
    assert not found(name, text)


def test_folded_signs_know_where_they_were_written() -> None:
    folded = Folded("a\u200be")
    folded.add("\u0301x e")
    folded.add("\u0301\uff11½")
    assert folded.text == "aéx é11⁄2"
    assert folded.places == [0, 2, 4, 5, 6, 8, 9, 9, 9]
    folded.forget(2)
    assert (folded.text, folded.places[0]) == ("x é11⁄2", 4)


def test_prose_and_figures_of_every_day_pass() -> None:
    """Lines of dates, times, amounts, orders and versions: nothing is found in them."""
    dice = random.Random(7)
    lines = []
    for _ in range(500):
        day, month = dice.randint(1, 28), dice.randint(1, 12)
        lines.append(
            f"Em {day:02}/{month:02}/2026 às {dice.randint(0, 23):02}:{dice.randint(0, 59):02}, pedido "
            f"#{dice.randint(1, 10**8)}: R$ {dice.randint(1, 999)}.{dice.randint(0, 999):03},"
            f"{dice.randint(0, 99):02}; v{dice.randint(0, 9)}.{dice.randint(0, 99)}.{dice.randint(0, 99)}; "
            f"CEP {dice.randint(10000, 99999)}-{dice.randint(0, 999):03}, {dice.randint(2, 50)} unidades."
        )
    text = "\n".join(lines)
    assert {name: found(name, text) for name in PII} == {name: [] for name in PII}


@pytest.mark.parametrize("sign", ["1 ", "1", "a@", "+1", "(11) ", "A1.", "1.1/", "a.", "@a."])
def test_hostile_text_does_not_make_it_slow(sign: str) -> None:
    """Sixty thousand signs of the worst kind are looked through in well under the time of an answer."""
    text = Folded(sign * (60_000 // len(sign))).text
    began = time.monotonic()
    for one in PII.values():
        list(one.spans(text, 0))
        one.open_from(text)
    assert time.monotonic() - began < 5
