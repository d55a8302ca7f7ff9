"""What every test can rely on: services, databases, and plain words about what is missing."""
