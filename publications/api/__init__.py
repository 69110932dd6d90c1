"""The API of publications, their reviews, authorship and what the public reads."""
