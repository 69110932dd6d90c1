"""Tables as files: CSV, XLSX and JSON Lines, formula-safe, streamed, the same bytes everywhere."""
