from __future__ import annotations

from django.urls import path

from audit.views import budgets, trail, usage

urlpatterns = [
    path("trail/", trail.trail, name="trail"),
    path("usage/", usage.own_usage, name="own-usage"),
    path("usage/read/", usage.put_allowances_away, name="allowances-read"),
    path("settings/usage/", usage.usage, name="usage"),
    path("settings/usage/file/", usage.file, name="usage-file"),
    path("settings/budgets/", budgets.budgets, name="budgets"),
    path("settings/budgets/new/", budgets.new_budget, name="new-budget"),
    path("settings/budgets/<uuid:budget_id>/", budgets.budget, name="budget"),
    path("settings/budgets/<uuid:budget_id>/remove/", budgets.remove, name="remove-budget"),
]
