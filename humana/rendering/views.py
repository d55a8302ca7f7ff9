"""A page that shows every component, for whoever builds with them. Development only."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from humana.rendering.markdown import render as markdown

SAMPLE = """Um parágrafo com **força**, *ênfase*, `código` e um [link](https://example.org/pagina).

1. Primeiro
2. Segundo

| Item | Valor |
|:-----|------:|
| Café | R$ 8,50 |

```python
def greet(name: str) -> str:
    return f"Olá, {name}!"
```

> Uma citação curta."""


@require_GET
def design(request: HttpRequest) -> HttpResponse:
    if not getattr(settings, "HUMANA_DESIGN_PAGE", False):
        raise Http404
    return render(request, "design/index.html", {"sample": markdown(SAMPLE)})
