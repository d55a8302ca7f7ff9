"""What happened (the trail), what it cost (ledger and budgets), and the two guards of delivery."""

from audit.models.budgets import POT, UNITS, Budget, BudgetCounter, BudgetReservation
from audit.models.delivery import IdempotencyKey, Outbox
from audit.models.trail import AuditEntry, AuditHead
from audit.models.usage import UsageDay, UsageEvent

__all__ = [
    "POT",
    "UNITS",
    "AuditEntry",
    "AuditHead",
    "Budget",
    "BudgetCounter",
    "BudgetReservation",
    "IdempotencyKey",
    "Outbox",
    "UsageDay",
    "UsageEvent",
]
