"""From a companion and what it inherits to its system prompt. Pure: data in, text out, no Django.

The order is always the same, an empty part leaves no heading, headings speak the companion's language:

    base prompt
    ## ORGANIZATIONAL CONTEXT
    ### Company Values              - title: description
    ### Compliance Requirements     - regulation: requirement
    ### Brand Guidelines            - voice and tone, style, do's and don'ts

What an answer is given beside that, instructions of its folder, skills and passages of knowledge, stands
behind it under headings of its own: see `companions.references`.

Whoever edits one part cannot pose as another. What is inherited becomes one line per item, so no
text of it ever begins a line. The base prompt keeps its own headings; only a line that reads like
one of ours (any level, any language, any look-alike of the characters) is escaped with a backslash.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """The row that a text was read from, at the version that was read."""

    id: uuid.UUID
    version: int

    def stamp(self) -> dict[str, Any]:
        return {"id": str(self.id), "version": self.version}


@dataclass(frozen=True, slots=True)
class BasePrompt(Source):
    """What the companion brings itself. `language` is `pt-br` or `en`."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class InheritedValue(Source):
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class InheritedPolicy(Source):
    """`checks` is the JSON of what is enforced beside the text, in `mode`: see `companions.checks`."""

    regulation: str
    requirement: str
    name: str = ""
    mode: str = "block"
    checks: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class InheritedBrand(Source):
    voice_and_tone: str
    style: str
    restrictions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inheritance:
    """Everything one system prompt is made of."""

    companion: BasePrompt
    values: tuple[InheritedValue, ...] = ()
    policies: tuple[InheritedPolicy, ...] = ()
    brand: InheritedBrand | None = None

    def prompt(self) -> str:
        return compile_prompt(
            companion=self.companion, values=self.values, policies=self.policies, brand=self.brand
        )

    def provenance(self) -> dict[str, Any]:
        """Ids and versions, ready for JSON: what an answer keeps about where its prompt came from."""
        return {
            "companion": self.companion.stamp(),
            "values": [one.stamp() for one in self.values],
            "policies": [one.stamp() for one in self.policies],
            "brand": self.brand.stamp() if self.brand else None,
        }


@dataclass(frozen=True, slots=True)
class Headings:
    """Our words in one language."""

    context: str
    values: str
    policies: str
    brand: str
    voice_and_tone: str
    style: str
    restrictions: str
    skills: str
    references: str
    projects: str

    def sections(self) -> tuple[str, ...]:
        return (self.context, self.values, self.policies, self.brand)

    def behind(self) -> tuple[str, ...]:
        """Those of what one answer is given beside that."""
        return (self.projects, self.skills, self.references)


HEADINGS = {
    "en": Headings(
        context="ORGANIZATIONAL CONTEXT",
        values="Company Values",
        policies="Compliance Requirements",
        brand="Brand Guidelines",
        voice_and_tone="Voice & Tone",
        style="Communication Style",
        restrictions="Do's and Don'ts",
        skills="SKILLS",
        references="REFERENCE PASSAGES",
        projects="PROJECT INSTRUCTIONS",
    ),
    "pt-br": Headings(
        context="CONTEXTO ORGANIZACIONAL",
        values="Valores",
        policies="Conformidade",
        brand="Marca",
        voice_and_tone="Voz e tom",
        style="Estilo",
        restrictions="Faça e evite",
        skills="HABILIDADES",
        references="TRECHOS DE REFERÊNCIA",
        projects="INSTRUÇÕES DO PROJETO",
    ),
}


def compile_prompt(
    *,
    companion: BasePrompt,
    values: Sequence[InheritedValue] = (),
    policies: Sequence[InheritedPolicy] = (),
    brand: InheritedBrand | None = None,
) -> str:
    """The system prompt. The same input gives the same text, to the character."""
    words = HEADINGS.get(companion.language, HEADINGS["en"])
    sections = [
        _section(words.values, (_item(one.title, one.description) for one in values)),
        _section(words.policies, (_item(one.regulation, one.requirement) for one in policies)),
        _section(words.brand, _brand_items(words, brand)),
    ]
    inherited = "\n\n".join(section for section in sections if section)
    parts = [own_text(companion.text), f"## {words.context}\n{inherited}" if inherited else ""]
    return "\n\n".join(part for part in parts if part)


_OF_PROJECTS = {
    "en": "From the folder of this conversation. They hold here as far as nothing above says otherwise.",
    "pt-br": "Da pasta desta conversa. Valem aqui no que nada acima disser o contrário.",
}


def instructions(projects: Iterable[tuple[str, str]], language: str) -> str:
    """What the folders around a conversation say, each by name and text; empty where none says anything.

    It stands behind all that is inherited. Its lines are quoted, so that none reads like a heading.
    """
    words = HEADINGS.get(language, HEADINGS["en"])
    told = [
        "\n".join([f"- {one_line(name)}:", *(f"> {line}" for line in text.strip().splitlines())])
        for name, text in projects
        if text.strip()
    ]
    note = _OF_PROJECTS.get(language, _OF_PROJECTS["en"])
    return "\n\n".join([f"## {words.projects}\n{note}", *told]) if told else ""


def own_text(text: str) -> str:
    """The base prompt as it goes into the system prompt. Doing it twice changes nothing more."""
    lines = [f"\\{line}" if _poses(line) else line for line in text.splitlines()]
    return "\n".join(lines).strip()


def one_line(text: str) -> str:
    """Any white space, line ends of every kind included, becomes one space."""
    return " ".join(text.split())


def _section(title: str, items: Iterable[str]) -> str:
    lines = [f"- {item}" for item in items if item]
    return "\n".join([f"### {title}", *lines]) if lines else ""


def _item(name: str, text: str) -> str:
    return ": ".join(part for part in (one_line(name), one_line(text)) if part)


def _brand_items(words: Headings, brand: InheritedBrand | None) -> list[str]:
    if brand is None:
        return []
    restrictions = "; ".join(filter(None, map(one_line, brand.restrictions)))
    told = (
        (words.voice_and_tone, one_line(brand.voice_and_tone)),
        (words.style, one_line(brand.style)),
        (words.restrictions, restrictions),
    )
    return [f"{label}: {text}" for label, text in told if text]


def _poses(line: str) -> bool:
    """Does this line read like one of our headings? An escaped one does not."""
    letters = _letters(line)
    if letters not in _OURS:
        return False
    before = unicodedata.normalize("NFKC", line)
    before = before[: next((at for at, sign in enumerate(before) if sign.isalnum()), 0)]
    return "#" in before and "\\" not in before


def _letters(text: str) -> str:
    """Only letters and digits, without accents, case and look-alike forms."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in unicodedata.normalize("NFKD", plain) if sign.isalnum())


_OURS = frozenset(
    _letters(title) for words in HEADINGS.values() for title in (*words.sections(), *words.behind())
)
