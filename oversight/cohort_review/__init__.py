"""The review of a cohort: counts, times, survey, prediction. It reads, and records nothing."""
