"""The brand: how the organization speaks, and which files it has, by name and content only."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from companions.brand_files import brand_assets
from companions.models import Brand, BrandAsset
from companions.permissions import POLICIES
from companions.queries import the_brand
from companions.services.drafts import brand_fields
from companions.services.policies import publish_brand
from companions.services.structure_file import fields
from companions.services.structure_file.book import Book
from companions.services.structure_file.section import Kept, Order, Said, Section

_ASSET = fields.mapping({"name": fields.text, "kind": fields.text, "digest": fields.text})
_OWN = ("voice_and_tone", "style", "restrictions")


class TheBrand(Section):
    """`assets` are told, so that whoever imports knows which files to send; none is sent by this file."""

    name, permission, single = "brand", POLICIES, True
    fields = {
        "voice_and_tone": fields.text, "style": fields.text, "restrictions": fields.texts,
        "assets": fields.many(_ASSET),
    }  # fmt: skip
    defaults = {"voice_and_tone": "", "style": "", "restrictions": [], "assets": []}

    @property
    def title(self) -> str:
        return _("Brand")

    def key(self, said: Said) -> str:
        return ""

    def label(self, said: Said) -> str:
        return _("Brand")

    def now(self, book: Book) -> list[Kept]:
        row, assets = the_brand() or Brand(version=0), [_asset(one) for one in brand_assets()]
        said: dict[str, Any] = {name: getattr(row, name) for name in _OWN}
        return [Kept(said | {"restrictions": list(row.restrictions), "assets": assets}, row)]

    def clean(self, said: Said, book: Book) -> Said:
        own = brand_fields(**{name: said[name] for name in _OWN})
        return own | {"assets": [_asset(one) for one in brand_assets()]}

    def hints(self, said: Said) -> list[str]:
        here = set(BrandAsset.objects.values_list("digest", flat=True))
        missing = [one.get("name", "") for one in said.get("assets", ()) if one.get("digest") not in here]
        message = _("The file “%(name)s” of the brand is not here: send it on the page of the brand.")
        return [message % {"name": name[:120]} for name in missing]

    def add(self, said: Said, order: Order) -> Brand:
        return publish_brand(member=order.member, **{name: said[name] for name in _OWN})

    def change(self, row: Brand, said: Said, before: Said, order: Order) -> Brand:
        told = {name: said[name] for name in _OWN}
        return publish_brand(member=order.member, version=row.version or None, **told)


def _asset(row: BrandAsset) -> Said:
    return {"name": row.name, "kind": row.kind, "digest": row.digest}
