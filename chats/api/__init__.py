"""Chats, messages and runs under /api/v1/."""
