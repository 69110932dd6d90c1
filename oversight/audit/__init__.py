"""The audit room's questions: scopes, timelines, as-of, populations, samples."""
