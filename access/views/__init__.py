"""The pages of data access."""
