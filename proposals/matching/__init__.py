"""Who should review what: a whole call's reviewers found at once, each with its reasons.

`expertise` reads how well words fit, `gather` asks the database, `solve` finds the assignment of
least cost, `words` says why.

Why it is so: docs/adr/0010-reviewers-by-one-flow.md.
"""
