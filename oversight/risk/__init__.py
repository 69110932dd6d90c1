"""The risk register: what could do harm now, whoever holds it, in one list."""
