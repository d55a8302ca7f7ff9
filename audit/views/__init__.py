"""Pages: the trail, what was used, and budgets."""
