"""What a policy enforces. Pure: no Django, no rows; JSON in, findings out.

parse_checks(value)     the JSON of `Policy.checks` as frozen values, or BadCheck with a path
allowed_tools(checks)   which tools may be used
"""

from companions.checks.errors import BadCheck
from companions.checks.guard import Finding, Guard, Rule, guard_of, holds
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
from companions.checks.sieve import Passed, Sieve
from companions.checks.tools import allowed_tools

__all__ = [
    "CLASSES",
    "STAGES",
    "BadCheck",
    "Check",
    "DisclaimerCheck",
    "Finding",
    "Guard",
    "Passed",
    "PatternCheck",
    "PiiCheck",
    "Rule",
    "Sieve",
    "ToolsCheck",
    "TopicsCheck",
    "allowed_tools",
    "guard_of",
    "holds",
    "parse_checks",
]
