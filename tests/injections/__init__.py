"""What companions read is untrusted: a model that obeys whatever it reads, and what comes of it."""
