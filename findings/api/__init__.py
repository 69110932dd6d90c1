"""The API of findings and controls."""
