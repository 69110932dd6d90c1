"""People, the roles they hold per programme, and the conflicts of interest they declare."""
