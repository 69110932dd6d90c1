"""Pages of findings and controls."""
