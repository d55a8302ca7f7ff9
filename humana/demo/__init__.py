"""The demo: two organizations one can walk into. `content` is what they are, `seeding` puts it there."""
