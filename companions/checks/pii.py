"""Data about persons in folded text: CPF, CNPJ (with letters too), e-mail, card, telephone.

A number counts with right check digits, a plausible length and a usual grouping only, so that orders,
dates, amounts and keys of invoices pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_GAP = r"[ .\-/]{0,3}"
#: Nothing of a longer number stands right before or after.
_BEFORE, _AFTER = r"(?<!\d)(?<!\d[.\-/,])", r"(?!\d)(?![.\-/,]\d)"
#: Letters that stand in keys and digests too.
_HEX = frozenset("abcdefABCDEF")
#: Area codes that there are: all of two digits without zero but these.
_NO_DDD = frozenset({23, 25, 26, 29, 36, 39, 52, 56, 57, 58, 59, 72, 76, 78})
_ISSUERS = re.compile(r"4|5[0-8]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|6|35|38")
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "py"})


def _expression(*bodies: str) -> re.Pattern[str]:
    """Any of the bodies, wherever it begins."""
    return re.compile(rf"(?={_BEFORE}({'|'.join(bodies)}){_AFTER})", re.IGNORECASE | re.ASCII)


def _grouped(*sizes: int, sign: str = r"\d") -> str:
    return _GAP.join(f"{sign}{{{size}}}" for size in sizes)


def _single(count: int) -> str:
    """Digit by digit: "1 1 1 4 4 …"; no digit stands beside, which a list of numbers would have."""
    return rf"(?<!\d[ .\-])\d(?:[ .\-]\d){{{count - 1}}}(?![ .\-]\d)"


_CPF = _expression(_grouped(3, 3, 3, 2), _single(11))
_CNPJ = _expression(_grouped(2, 3, 3, 4, 2), _grouped(8, 4, 2), _single(14))
_CNPJ_LETTERS = _expression(_grouped(2, 3, 3, 4, sign="[0-9A-Z]") + _GAP + r"\d{2}")
_EMAIL = re.compile(r"(?<![\w.+%\-])[\w.+%\-]{1,64}@(?:[^\W_](?:[\w\-]{0,62})\.){1,8}([^\W\d_]{2,24})")
_FOURS = r"(?<!\d{4}[ .\-]\d{4}[ .\-])%s(?![ .\-]\d{4}[ .\-]\d{4})"
_CARDS = tuple(
    _expression(body)
    for body in (
        _FOURS % _grouped(4, 4, 4, 4),
        _FOURS % _grouped(4, 4, 4, 4, 3),
        _grouped(4, 6, 5),
        _grouped(4, 6, 4),
        _single(16),
        _single(15),
    )
)
_PHONE = re.compile(
    rf"(?=(?<!\+)(?<!\+ ){_BEFORE}((?P<land>(?:\+ ?|00)?55[ .\-]{{0,2}})?(?P<trunk>0(?:\d\d)?[ .\-]{{0,2}})?"
    r"(?P<open>\( ?0?)?(?P<ddd>[1-9]\d)(?P<close> ?\))?[ .\-]{0,2}"
    rf"(?P<first>9[ .]?\d{{4}}|[2-5]\d{{3}})(?P<gap>[ .\-]{{0,3}})(?P<last>\d{{4}})){_AFTER})",
    re.ASCII,
)
_ABROAD = re.compile(rf"(?=(?<![^\W_])(\+[1-9](?:[ .\-()]{{0,2}}\d){{7,14}}){_AFTER})", re.ASCII)
_THOUSANDS = re.compile(r"\+\d{1,3}(?:\.\d{3})+")

#: What may become a number, a CNPJ or an address as more text arrives.
_NUMBER_AT_END = re.compile(r"[\d+(][\d +().\-/,]*\Z", re.ASCII)
_CNPJ_AT_END = re.compile(r"[0-9A-Za-z][0-9A-Za-z .\-/,]*\Z")
_EMAIL_AT_END = re.compile(r"[\w.+%\-@]+\Z")


@dataclass(frozen=True, slots=True)
class PiiClass:
    """Where its data begin, from a place on; and from where on the end of a text may still become some.

    `most` is the number of signs that are looked back.
    """

    spans: Callable[[str, int], Iterator[tuple[int, int]]]
    at_end: tuple[tuple[re.Pattern[str], int], ...]

    def open_from(self, text: str) -> int:
        """From there on nothing is decided yet; len(text) where all is."""
        return min(_from(text, *one) for one in self.at_end)


def _from(text: str, expression: re.Pattern[str], most: int) -> int:
    found = expression.search(text, max(0, len(text) - most))
    return found.start() if found else len(text)


def _cpfs(text: str, begin: int = 0) -> Iterator[tuple[int, int]]:
    return (span for span in _spans(_CPF, text, begin) if is_cpf(_signs(text, span)))


def _cnpjs(text: str, begin: int = 0) -> Iterator[tuple[int, int]]:
    yield from (span for span in _spans(_CNPJ, text, begin) if is_cnpj(_signs(text, span)))
    for found in _CNPJ_LETTERS.finditer(text, begin):
        if _is_written_cnpj(text, found):
            yield found.span(1)


def _emails(text: str, begin: int = 0) -> Iterator[tuple[int, int]]:
    for found in _EMAIL.finditer(text, begin):
        if found[1].lower() not in _FILES and not found[0].startswith("git@"):
            yield found.span()


def _cards(text: str, begin: int = 0) -> Iterator[tuple[int, int]]:
    for expression in _CARDS:
        yield from (span for span in _spans(expression, text, begin) if is_card(_signs(text, span)))


def _phones(text: str, begin: int = 0) -> Iterator[tuple[int, int]]:
    yield from (
        found.span(1) for found in _PHONE.finditer(text, begin) if _is_phone(found) and _apart(text, found)
    )
    for found in _ABROAD.finditer(text, begin):
        if not _THOUSANDS.fullmatch(found[1]):
            yield found.span(1)


def _spans(expression: re.Pattern[str], text: str, begin: int) -> Iterator[tuple[int, int]]:
    return (found.span(1) for found in expression.finditer(text, begin) if _apart(text, found))


def _apart(text: str, found: re.Match[str]) -> bool:
    """Digits without a gap are no part of a key: what stands around them is a word or nothing."""
    if not found[1].isdigit():
        return True
    around = {*_letters(text, found.start(1) - 1, -1), *_letters(text, found.end(1), 1)}
    return not around or not around <= _HEX


def _letters(text: str, at: int, step: int) -> Iterator[str]:
    """The letters of the word that goes on from there."""
    while 0 <= at < len(text) and text[at].isalnum():
        if text[at].isalpha():
            yield text[at]
        at += step


def _signs(text: str, span: tuple[int, int]) -> str:
    return "".join(sign for sign in text[slice(*span)] if sign.isalnum())


def is_cpf(digits: str) -> bool:
    """Eleven digits, the last two of which follow from the others."""
    return len(set(digits)) > 1 and all(
        int(digits[size]) == _check_digit(digits[:size], range(size + 1, 1, -1)) for size in (9, 10)
    )


def is_cnpj(signs: str) -> bool:
    """Twelve digits or capital letters (since 2026), and two digits that follow from them."""
    return len(set(signs)) > 1 and all(
        signs[size] == str(_check_digit(signs[:size], [*range(size - 7, 1, -1), *range(9, 1, -1)]))
        for size in (12, 13)
    )


def _check_digit(signs: str, weights: range | list[int]) -> int:
    rest = sum((ord(sign) - 48) * weight for sign, weight in zip(signs, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest


def _is_written_cnpj(text: str, found: re.Match[str]) -> bool:
    """With letters: words are none, so it has digits among them, and its slash or capital letters only."""
    signs = "".join(sign for sign in found[1] if sign.isalnum())
    beside = text[max(0, found.start(1) - 1) : found.start(1)] + text[found.end(1) : found.end(1) + 1]
    alone = signs == signs.upper() and not any(sign.isalpha() for sign in beside)
    mixed = any(sign.isdigit() for sign in signs[:12])
    return mixed and ("/" in found[1] or alone) and is_cnpj(signs.upper())


def is_card(digits: str) -> bool:
    """Fourteen to nineteen digits of a known issuer, the last of which is Luhn's."""
    size = len(digits)
    issued = {
        14: digits.startswith(("30", "36", "38", "39")),
        15: digits.startswith(("34", "37")),
        16: _ISSUERS.match(digits) is not None,
        19: digits[0] in "46",
    }
    return issued.get(size, False) and len(set(digits)) > 1 and _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = (int(one) * (1 + place % 2) for place, one in enumerate(reversed(digits)))
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


def is_area(code: str) -> bool:
    """Whether there is such an area in Brazil; `code` has two digits."""
    return "0" not in code and int(code) not in _NO_DDD


def _is_phone(found: re.Match[str]) -> bool:
    """In Brazil, with its area code. A landline also needs something that only telephones have."""
    if not is_area(found["ddd"]) or bool(found["open"]) != bool(found["close"]):
        return False
    if found["land"] or found["open"] or found["first"].startswith("9"):
        return True
    years = found["first"].startswith("20") and found["last"].startswith(("19", "20"))
    return bool(found["trunk"] or "-" in found["gap"]) and not years


_NUMBER = (_NUMBER_AT_END, 64)
PII = {
    "cpf": PiiClass(_cpfs, (_NUMBER,)),
    "cnpj": PiiClass(_cnpjs, (_NUMBER, (_CNPJ_AT_END, 32))),
    "email": PiiClass(_emails, ((_EMAIL_AT_END, 320),)),
    "card": PiiClass(_cards, (_NUMBER,)),
    "phone": PiiClass(_phones, (_NUMBER,)),
}
