"""The components' logic, apart from the template tags that show them."""
