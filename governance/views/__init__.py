"""Pages of the board room, of rules, exceptions, escalations and meetings."""
