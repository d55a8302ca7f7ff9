"""Things that die while others work: `make chaos`."""
