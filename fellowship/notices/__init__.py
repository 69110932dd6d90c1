"""The outbox: what people are told, in the inbox and by mail."""
