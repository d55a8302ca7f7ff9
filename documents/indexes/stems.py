"""Whether a passage says something, as PostgreSQL's stems know it: conditions and weights of statements."""

from __future__ import annotations

from collections.abc import Sequence

from documents.columns import AS_SPELLED, CONFIGURATIONS
from documents.indexes.sql import Sql, number


def any_of(words: Sequence[str]) -> str:
    """As websearch_to_tsquery reads it; each in quotation marks, so that none is an operator."""
    return " or ".join(f'"{one}"' for one in words)


def all_of(words: Sequence[str]) -> str:
    return " ".join(f'"{one}"' for one in words)


def saying(function: str, text: str) -> Sql:
    """Whether a passage says it, in the words of its own language: each an index condition of its own.

    Its stems are read, which are kept beside the row: for each passage that has one, some 20 µs.
    """
    branches = [
        f"({{row}}.language = '{language}' AND {{row}}.search @@ {function}('{name}', %s))"
        for language, name in CONFIGURATIONS.items()
    ]
    known = ", ".join(f"'{one}'" for one in CONFIGURATIONS)
    branches.append(
        f"({{row}}.language NOT IN ({known}) AND {{row}}.search @@ {function}('{AS_SPELLED}', %s))"
    )
    return Sql(f"({' OR '.join(branches)})", *[text] * len(branches))


_ASKED = "websearch_to_tsquery('{}', %s)"


def saying_in_any_language(text: str) -> Sql:
    """The same and a few more, by the index alone: a stem of another language may be that of the passage."""
    asked = [_ASKED.format(name) for name in (*CONFIGURATIONS.values(), AS_SPELLED)]
    return Sql(f"{{row}}.search @@ ({' || '.join(asked)})", *[text] * len(asked))


#: Stems are kept beside the row and fetched anew by whatever looks at them: so once for all words.
_ONCE = "(SELECT {told} FROM (SELECT strip({{row}}.search) AS said OFFSET 0) AS once)"


def which(words: Sequence[str]) -> Sql:
    """A number with a bit for each word that a passage has, as its language writes them."""
    return _told([[(2**at, one)] for at, one in enumerate(words)])


def likest(known: Sequence[dict[str, float]]) -> Sql:
    """For each wanted word, how much alike the likest is that a passage has of those known."""
    return _told([[(like, word) for word, like in found.items()] for found in known])


def _told(weighed: Sequence[Sequence[tuple[float, str]]]) -> Sql:
    """Of each list the largest number whose word a passage has, added up."""
    values = [value for some in weighed for number_of, word in some for value in (number_of, any_of([word]))]
    added = [
        " + ".join(
            f"GREATEST({', '.join([f'%s::float8 * (said @@ {_ASKED.format(name)})::int'] * len(some))})"
            for some in weighed
        )
        for name in (*CONFIGURATIONS.values(), AS_SPELLED)
    ]
    cases = " ".join(
        f"WHEN '{language}' THEN {told}" for language, told in zip(CONFIGURATIONS, added, strict=False)
    )
    told = f"CASE {{row}}.language {cases} ELSE {added[-1]} END"
    return number(_ONCE.replace("{told}", told).replace("{{row}}", "{row}"), *values * len(added))
