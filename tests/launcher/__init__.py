"""The launcher, the embedded parts and the environment."""
