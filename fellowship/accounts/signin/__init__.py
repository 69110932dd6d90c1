"""How people sign in: what the rules ask of it, second factors, stepping up, open sessions."""
