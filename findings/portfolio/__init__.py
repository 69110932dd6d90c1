"""A programme's findings taken together: where nothing is proven, how old, how far, what next."""
