"""The corpus of `make bench-retrieval` as passages with vectors, which are kept between runs."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.corpus import Corpus

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "humana" / "bench-retrieval"


def written(made: Corpus) -> dict[uuid.UUID, str]:
    """Every passage with its vector; the name of each by its id."""
    from documents.models import Chunk
    from documents.passages import Passage
    from documents.services.passages import write_passages

    by_place = {}
    said = list(made.passages.items())
    for at in range(0, len(said), 50):
        source = uuid.UUID(int=at)
        some = said[at : at + 50]
        write_passages("document", source, 1, [Passage("", text) for _name, (_language, text) in some])
        by_place |= {(source, number): name for number, (name, _said) in enumerate(some)}
    rows = Chunk.objects.filter(source_kind="document").values_list("id", "source_id", "ordinal")
    names = {key: by_place[source, number] for key, source, number in rows if (source, number) in by_place}
    _give_vectors([(key, made.passages[name][1]) for key, name in names.items()])
    return names


def _give_vectors(texts: Sequence[tuple[uuid.UUID, str]]) -> None:
    from documents.models import ChunkVector
    from documents.services.vectors import wanting

    told, model = vectors([text for _key, text in texts], "passage")
    wanting(model)
    rows = [ChunkVector(chunk_id=key, model=model, vector=told[text]) for key, text in texts]
    ChunkVector.objects.bulk_create(rows, batch_size=500)


def vectors(texts: Iterable[str], kind: Any) -> tuple[dict[str, bytes], str]:
    """Of each text, from the last run where it made them."""
    from documents.meaning import model_key, vectors_of

    CACHE.mkdir(parents=True, exist_ok=True)
    told = vectors_of(["What is this?"], kind)
    model, found = model_key(told.model, told.dims), {}
    place = CACHE / hashlib.sha256(f"{model} {kind}".encode()).hexdigest()[:16]
    place.mkdir(exist_ok=True)
    missing = []
    for text in dict.fromkeys(texts):
        kept = place / hashlib.sha256(text.encode()).hexdigest()
        if kept.exists():
            found[text] = kept.read_bytes()
        else:
            missing.append((text, kept))
    for at in range(0, len(missing), 64):
        part = missing[at : at + 64]
        for (text, kept), vector in zip(
            part, vectors_of([text for text, _ in part], kind).vectors, strict=True
        ):
            found[text] = vector.astype("<f4").tobytes()
            kept.write_bytes(found[text])
    return found, model
