"""Routes of the trail and the ledger."""

from __future__ import annotations

from audit.api import budgets, views
from humana.api.routes import route

urlpatterns = [
    route("trail/", views.TrailView, "api-trail"),
    route("trail/export/", views.TrailExportView, "api-trail-export"),
    route("trail/<uuid:entry_id>/", views.EntryView, "api-trail-entry"),
    route("usage/", views.UsageView, "api-usage"),
    route("usage/days/", budgets.UsageDayView, "api-usage-days"),
    route("budgets/", budgets.BudgetListView, "api-budgets"),
    route("budgets/<uuid:budget_id>/", budgets.BudgetView, "api-budget"),
]
