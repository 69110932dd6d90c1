"""One's own account, how one signs in, and who holds which role."""
