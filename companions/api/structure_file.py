"""The whole structure for programs: out as YAML, compared, and in again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from companions.permissions import POLICIES
from companions.services.structure_file.exporting import export_structure
from companions.services.structure_file.importing import import_structure, preview_structure
from companions.services.structure_file.planning import Item, Plan
from companions.services.structure_file.tree import MOST_BYTES
from companions.views.structure_file import as_yaml
from humana.api.authentication import in_scope
from humana.api.filters import Filter, Flag
from humana.api.inputs import Input, Text, YesNo
from humana.api.parsers import StrictJSONParser, TooLarge
from humana.api.schema import operation
from humana.api.shapes import Shape
from humana.api.views import ApiView
from humana.kernel.errors import Invalid
from tenants.permissions import Permission


class YamlParser(BaseParser):
    """The file itself as the body; what else there is to say is asked by the address."""

    media_type = "application/yaml"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge(_("The request is too large."))
        asked: Any = parser_context["request"].query_params if parser_context else {}
        try:
            return {"yaml": body.decode("utf-8"), "remove": asked.get("remove") in ("true", "1")}
        except UnicodeDecodeError:
            raise Invalid(_("The file should be text in UTF-8."), field="yaml", code="not_utf8") from None


class StructureInput(Input):
    """A file: as `yaml` in JSON, or as the body itself (application/yaml, `?remove=true`).

    With `remove`, what is there and the file does not name goes, in the sections that it has.
    """

    yaml = Text(max_length=MOST_BYTES)
    remove = YesNo(required=False)


class ItemShape(Shape, frozen=True):
    """`change` is new, changed or removed; `diff` are lines that begin with +, - or a blank."""

    section: str
    name: str
    change: str
    diff: list[str]


class PlanShape(Shape, frozen=True):
    """What importing a file would do, or did. `items` are the first hundred of each section that are not
    the same; `hints` what the file cannot bring. Send `digest` as If-Match to import exactly this.
    """

    new: int
    changed: int
    same: int
    removed: int
    reordered: list[str]
    items: list[ItemShape]
    hints: list[str]
    digest: str


class StructureFileView(ApiView):
    """The whole structure as one file."""

    permission = POLICIES.name

    @operation("exportStructure", "The whole structure as YAML", media="application/yaml")
    def get(self, request: Request) -> HttpResponse:
        member = self.member
        text = export_structure(member=member, opens=lambda one: in_scope(self.visitor, one.name))
        return as_yaml(text, name=f"{member.organization.slug}.yaml")


class _TakesFile(ApiView):
    permission = POLICIES.name
    parser_classes = [YamlParser, StrictJSONParser]
    filters = {"remove": Flag("Remove what the file does not name, in the sections that it has.")}

    def filters_of(self, request: Request) -> Mapping[str, Filter]:
        return self.filters

    def told(self) -> dict[str, Any]:
        given = self.body(StructureInput)
        remove = given.get("remove", self.asked.get("remove", False))
        return {"member": self.member, "data": given["yaml"], "remove": remove, "opens": self._opens}

    def _opens(self, permission: Permission) -> bool:
        return in_scope(self.visitor, permission.name)

    def plan(self, plan: Plan) -> HttpResponse:
        answer = self.answer(_shape(plan))
        answer["ETag"] = f'"{plan.digest}"'
        return answer


class StructurePreviewView(_TakesFile):
    """What a file would change."""

    @operation(
        "previewStructure", "What importing a file would change; nothing is written",
        takes=StructureInput, gives=PlanShape,
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        return self.plan(preview_structure(**self.told()))


class StructureImportView(_TakesFile):
    """A file, brought about."""

    @operation(
        "importStructure", "Import a file, all of it or nothing; with If-Match exactly what was previewed",
        takes=StructureInput, gives=PlanShape,
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        wanted = request.headers.get("If-Match", "*").strip()
        digest = None if wanted == "*" else wanted.strip('"')
        return self.plan(import_structure(**self.told(), digest=digest))


def _shape(plan: Plan) -> PlanShape:
    items = [_item(part.section.name, one) for part in plan.parts for one in part.shown]
    return PlanShape(
        new=plan.new,
        changed=plan.changed,
        same=plan.same,
        removed=plan.gone,
        reordered=[part.section.name for part in plan.reordered],
        items=items,
        hints=plan.hints,
        digest=plan.digest,
    )


def _item(section: str, one: Item) -> ItemShape:
    signs = {"added": "+", "removed": "-", "same": " ", "gap": "@"}
    change = "removed" if one.state == "gone" else one.state
    return ItemShape(section, one.label, change, [signs[line.kind] + line.text for line in one.lines])
