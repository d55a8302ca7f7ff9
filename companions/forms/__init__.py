"""Forms of what companions inherit. What a service refuses is said at the field that it is about."""

from companions.forms.checks import CheckRows
from companions.forms.policies import PolicyForm
from companions.forms.simple import BrandForm, ValueForm

__all__ = ["BrandForm", "CheckRows", "PolicyForm", "ValueForm"]
