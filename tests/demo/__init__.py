"""What is there from the first minute: the demo, and the furniture of a new organization."""
