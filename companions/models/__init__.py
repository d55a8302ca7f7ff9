"""Who the companions are, what they inherit and say to each other. All in the tenant plane, under
row-level security.
"""

from companions.models.access import CompanionAccess
from companions.models.assets import BrandAsset
from companions.models.capabilities import Capability, CapabilityGrant, SharedUse
from companions.models.companions import Companion, PromptSnapshot
from companions.models.figures import ALL, Counting, Feedback, Figure, Interaction, Recount
from companions.models.handoffs import Handoff
from companions.models.heritage import Brand, BrandVersion, Mode, Policy, PolicyVersion, Value
from companions.models.knowledge import KnowledgeAsset, KnowledgeVersion, SharingRule
from companions.models.messages import CompanionMessage, Delivery, Inbox
from companions.models.tools import McpServer, McpTool, ToolRule, ToolUse

__all__ = [
    "ALL",
    "Brand",
    "BrandAsset",
    "BrandVersion",
    "Capability",
    "CapabilityGrant",
    "Companion",
    "CompanionAccess",
    "CompanionMessage",
    "Counting",
    "Delivery",
    "Feedback",
    "Figure",
    "Handoff",
    "Inbox",
    "Interaction",
    "KnowledgeAsset",
    "KnowledgeVersion",
    "McpServer",
    "McpTool",
    "Mode",
    "Policy",
    "PolicyVersion",
    "PromptSnapshot",
    "Recount",
    "SharedUse",
    "SharingRule",
    "ToolRule",
    "ToolUse",
    "Value",
]
