"""What a policy enforces. Pure: no Django, no rows; JSON in, findings out.

parse_checks(value)     the JSON of `Policy.checks` as frozen values, or BadCheck with a path
allowed_tools(checks)   which tools may be used
"""

from companions.checks.errors import BadCheck
from companions.checks.kinds import (
    CLASSES,
    STAGES,
    Check,
    DisclaimerCheck,
    PatternCheck,
    PiiCheck,
    ToolsCheck,
    TopicsCheck,
)
from companions.checks.parsing import parse_checks
from companions.checks.tools import allowed_tools

__all__ = [
    "CLASSES",
    "STAGES",
    "BadCheck",
    "Check",
    "DisclaimerCheck",
    "PatternCheck",
    "PiiCheck",
    "ToolsCheck",
    "TopicsCheck",
    "allowed_tools",
    "parse_checks",
]
