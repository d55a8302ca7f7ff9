"""What of budgets and of the trail itself stands in a trail, as people read it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from humana.kernel.trail_words import declare

declare(
    _("Budgets"),
    {
        "audit.budget.changed": _("changed a budget"),
        "audit.budget.made": _("made a budget"),
        "audit.budget.removed": _("removed a budget"),
    },
)
declare(
    _("The trail itself"),
    {
        "audit.trail.exported": _("took the trail as a file"),
        "trail.purged": _("removed entries of the trail that need not be kept any more"),
    },
)
declare(
    _("Work in the background"),
    {
        "outbox.quarantined": _("put aside work that kept failing"),
        "outbox.tried_again": _("had work that was put aside tried again"),
    },
)
