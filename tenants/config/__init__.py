"""Configuration in layers: keys declared once in an app's `config_keys.py`, resolved by presence.

catalogue    which keys there are            kinds       what a value of one may be
rules        which value holds, pure         snapshot    the rows of an organization, kept in the process
resolver     `resolve`, `explain`            secrets     values that are never shown again

Values are changed by `tenants.services.config` alone.
"""
