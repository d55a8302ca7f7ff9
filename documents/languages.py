"""In which language a text is, by the little words that each language cannot do without. Pure and cheap."""

from __future__ import annotations

from documents.words import words_of

#: Languages whose words are searched by their stems; a text in another is searched as it is spelled.
PORTUGUESE, ENGLISH, OTHER = "pt", "en", ""
LANGUAGES = (PORTUGUESE, ENGLISH)
#: Characters of a text that are looked at.
_ENOUGH = 1_500
_PORTUGUESE = (
    "a ao aos apenas aquele aquela as ate com como da das de dela dele depois do dos e ela ele eles em entao"
    " entre era essa esse esta estao este eu foi for foram ha isso isto ja la lhe mais mas me mesmo meu minha"
    " muito na nao nas nem no nos nossa nosso num numa o os ou para pela pelas pelo pelos por porque pode"
    " qual quando que quem sao se seja sem ser seu seus sido so sobre sua suas tambem tem ter todo todos um"
    " uma umas uns voce voces"
)
_ENGLISH = (
    "a about after all also an and any are as at be because been but by can could did do does for from had"
    " has have he her his how i if in into is it its may me more must my no not of on only or other our out"
    " own she should so some such than that the their them then there these they this to up use used was we"
    " were what when where which who why will with would you your"
)
#: Without accents, as `documents.words` spells words; what both languages have says nothing.
_SAID = {PORTUGUESE: frozenset(_PORTUGUESE.split()), ENGLISH: frozenset(_ENGLISH.split())}
_TELLING = {
    PORTUGUESE: _SAID[PORTUGUESE] - _SAID[ENGLISH],
    ENGLISH: _SAID[ENGLISH] - _SAID[PORTUGUESE],
}


def language_of(text: str) -> str:
    """`pt`, `en`, or empty where neither is plain: too short, evenly mixed, or another language."""
    said = set(words_of(text[:_ENOUGH]))
    portuguese, english = (len(said & _TELLING[one]) for one in LANGUAGES)
    if portuguese == english:
        return OTHER
    return PORTUGUESE if portuguese > english else ENGLISH
