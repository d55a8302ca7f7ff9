"""The asynchronous doors: event readers and /v1. They never touch the ORM while they are open."""
