"""What a closeout package says, gathered from the records as JSON's own types."""

from __future__ import annotations

import datetime as dt
from typing import Any

from access.ending import things
from fellowship.kernel.canonical import plain
from findings import embargoes
from oversight.casebook import Subjects
from oversight.closeout.facts import data, ends, work
from oversight.lineage import serialise
from oversight.lineage.build import graph
from scoping import closeout
from scoping.models import Fellowship

Facts = dict[str, Any]


def gather(fellowship: Fellowship, case: Subjects, at: dt.datetime) -> Facts:
    """The facts of the case as it stands, `at` being the instant they are stated for.

    A package goes from hand to hand: what is under embargo at `at` is not in it.
    """
    withheld = embargoes.of_case(fellowship, None, at)
    chain = graph(fellowship, None, at)
    facts = {
        "at": at,
        "fellowship": work.fellowship(fellowship),
        "obligations": [ends.obligation(o) for o in closeout.obligations(fellowship, at)],
        "texts": [ends.text(t) for t in ends.texts(fellowship)],
        "held": [ends.held(h) for h in ends.handbacks(fellowship)],
        "ending": [data.ending(t) for t in things(fellowship, at)],
        "contributions": [ends.contribution(c) for c in fellowship.contributions.standing()],
        "talent": [ends.talent(t) for t in ends.steps(fellowship)],
        "scopes": [work.scope(s) for s in work.scopes(fellowship)],
        "artifacts": [
            work.artifact(a) for a in work.artifacts(fellowship) if a.pk not in withheld.results
        ],
        "findings": [work.finding(f, withheld) for f in work.findings(fellowship)],
        "grants": [data.grant(g) for g in data.grants(fellowship)],
        "access": data.access(fellowship),
        "deletions": [data.deletion(d) for d in data.deletions(fellowship)],
        "releases": [data.release(r) for r in data.releases(fellowship)],
        "escrow": [data.deposit(d) for d in data.deposits(fellowship)],
        "publications": [ends.publication(p, at) for p in ends.publications(fellowship)],
        "decisions": [ends.decision(d) for d in ends.decisions(case)],
        "exceptions": [ends.exception(e) for e in ends.exceptions(case)],
        "lineage": serialise.document(fellowship, "json", chain),
    }
    said: Facts = plain(facts)
    return said
