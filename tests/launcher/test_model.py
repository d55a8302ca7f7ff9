"""The built-in model, or another file in its place."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from humana.embedded.model import BUILTIN, Model, installed, model_file
from humana.kernel.errors import Misconfigured

pytestmark = pytest.mark.needs("model")


def ask(model: Model, question: str, *, key: str, tokens: int = 12) -> dict[str, object]:
    body = {"model": model.name, "max_tokens": tokens, "messages": [{"role": "user", "content": question}]}
    request = Request(f"{model.url}/chat/completions", data=json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    request.add_header("Authorization", f"Bearer {key}")
    with urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))


def test_the_real_model_answers_those_who_have_its_key(builtin_model: Model) -> None:
    answer = ask(builtin_model, "Say hello.", key=builtin_model.key)
    assert answer["usage"]["completion_tokens"] > 0  # type: ignore[index]
    with pytest.raises(HTTPError, match="401"):
        ask(builtin_model, "Say hello.", key="guessed")


def test_its_key_is_on_no_command_line(builtin_model: Model) -> None:
    assert builtin_model.child is not None
    pid = builtin_model.child.process.pid
    assert builtin_model.key not in Path(f"/proc/{pid}/cmdline").read_text()
    assert builtin_model.key not in Path(f"/proc/{pid}/environ").read_text()


def test_another_file_takes_its_place_under_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "My-Model.Q4.gguf"
    other.symlink_to(model_file())
    monkeypatch.setenv("HUMANA_LLM_GGUF", str(other))
    assert installed()
    assert Model(tmp_path, "key").name == "My-Model.Q4"
    monkeypatch.delenv("HUMANA_LLM_GGUF")
    assert Model(tmp_path, "key").name == BUILTIN


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 not a model"])
def test_a_wrong_file_is_named_before_anything_starts(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "model.gguf"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("HUMANA_LLM_GGUF", str(file))
    with pytest.raises(Misconfigured, match="HUMANA_LLM_GGUF should name"):
        Model(tmp_path, "key")
