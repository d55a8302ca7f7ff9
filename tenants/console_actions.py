"""Actions on the rows of a list that ask once, in plain words, before they are done."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import action

Act = Callable[[Any, HttpRequest, QuerySet[Any]], None]


def confirmed(*, description: Any, question: Any) -> Callable[[Act], Any]:
    """Decorate `act(self, request, queryset)`: the first POST shows the question and the rows."""

    def decorate(act: Act) -> Any:
        @action(description=description)  # type: ignore[untyped-decorator]
        @functools.wraps(act)
        def ask(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            if "confirmed" in request.POST:
                act(self, request, queryset)
                return None
            context = {
                **self.admin_site.each_context(request),
                "title": description,
                "question": question,
                "rows": list(queryset),
                "action": act.__name__,
                "checkbox": ACTION_CHECKBOX_NAME,
                "opts": self.opts,
            }
            return TemplateResponse(request, "admin/confirm.html", context)

        return ask

    return decorate
