"""The programme office: every figure is a query, and leads to the cases behind it."""
