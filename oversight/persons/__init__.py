"""A person's own data: what is held, the copy they take, and what goes when they ask for it."""
