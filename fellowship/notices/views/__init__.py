"""The inbox; endpoints of other systems and what they were sent."""
