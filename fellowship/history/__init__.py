"""History and ledger: what happened, who did it and why, append-only and verifiable by anyone."""
