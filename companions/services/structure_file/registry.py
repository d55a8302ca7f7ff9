"""The nouns of the file, in the order in which they are written: what is named comes before who names it."""

from __future__ import annotations

from companions.services.structure_file.access import Access
from companions.services.structure_file.brand import TheBrand
from companions.services.structure_file.capabilities import Capabilities
from companions.services.structure_file.companions import Companions
from companions.services.structure_file.knowledge import Knowledge
from companions.services.structure_file.policies import Policies
from companions.services.structure_file.positions import Positions
from companions.services.structure_file.section import Section
from companions.services.structure_file.teams import Teams
from companions.services.structure_file.values import Values

_IN_ORDER: tuple[Section, ...] = (
    Values(),
    Teams(),
    Positions(),
    Companions(),
    Policies(),
    TheBrand(),
    Knowledge(),
    Capabilities(),
    Access(),
)
SECTIONS: dict[str, Section] = {one.name: one for one in _IN_ORDER}
