"""The release certificate and independence statement: facts, paper, and checking one."""
