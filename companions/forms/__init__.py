"""Forms of what companions are and inherit. What a service refuses is said at the field that it is about."""

from companions.forms.checks import CheckRows
from companions.forms.companions import CompanionForm
from companions.forms.policies import PolicyForm
from companions.forms.simple import BrandForm, ValueForm
from companions.forms.structure import GoingForm, PositionForm, TeamForm

__all__ = [
    "BrandForm",
    "CheckRows",
    "CompanionForm",
    "GoingForm",
    "PolicyForm",
    "PositionForm",
    "TeamForm",
    "ValueForm",
]
