"""The fellowship itself: scope of work, signatures, milestones, mentorship, talent path."""
