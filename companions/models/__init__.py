"""Who the companions are and what they inherit. All in the tenant plane, under row-level security."""

from companions.models.companions import Companion, PromptSnapshot
from companions.models.heritage import Brand, BrandVersion, Mode, Policy, PolicyVersion, Value

__all__ = [
    "Brand",
    "BrandVersion",
    "Companion",
    "Mode",
    "Policy",
    "PolicyVersion",
    "PromptSnapshot",
    "Value",
]
