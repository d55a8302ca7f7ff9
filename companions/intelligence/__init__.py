"""Figures of an organization: counted day by day from what was written down, and read by period."""
