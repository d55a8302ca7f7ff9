"""Humana: companions of an organization, on the models it chooses."""
