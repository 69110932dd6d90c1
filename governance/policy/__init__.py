"""Who may, and why not: one module for each part of governance."""
