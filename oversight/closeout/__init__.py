"""The closeout package: gathered as facts, then made into files by pure functions of them."""
