"""Servers that tests speak with over real sockets. None of them is a double of our own code."""
