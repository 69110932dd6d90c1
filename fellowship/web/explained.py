"""What helps where a decision is hard: a few sentences at the place, behind a summary.

`{% explain "recusal" %}` shows one; all stand here, so that the same thing is said the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fellowship.kernel.saying import say


@dataclass(frozen=True, slots=True)
class Explained:
    """What the line to open says, and the few sentences below it, as Markdown."""

    summary: str
    text: str


EXPLAINED: Final[dict[str, Explained]] = {
    "conflict": Explained(
        say("What is a conflict?"),
        say(
            "Anything that would make a stranger doubt that you judge freely: you work "
            "or publish together, mentor or employ each other, are close or at odds, or "
            "gain by the outcome.\n\nIn doubt declare it. It costs nobody anything: "
            "somebody else judges. A declared conflict takes the case away from you "
            "everywhere, and only others can set it aside."
        ),
    ),
    "scoring": Explained(
        say("How to use the anchors"),
        say(
            "Read the anchors first, then choose the one that fits the text, not the one you "
            "would wish. Between two, say in the note what decided. Score each criterion by "
            "itself: a strong question does not lift a weak plan."
        ),
    ),
    "recusal": Explained(
        say("Abstain, or be recused?"),
        say(
            "**Abstain** when you read it and do not decide: you keep your seat and say so on "
            "record.\n\n"
            "**Recuse yourself** when you should not decide at all, because of an interest: the "
            "matter closes to you. How each counts for the quorum, the ballot rule beside the "
            "vote says."
        ),
    ),
    "condition": Explained(
        say("What makes a good condition?"),
        say(
            "One act, one owner, one day, and evidence that somebody other than the owner can "
            "verify. “Remove the names before access begins” can be verified; “take care of "
            "privacy” cannot. Until it is verified it holds its gate shut, and what follows if it "
            "is not met stands in it."
        ),
    ),
    "tier": Explained(
        say("Which tier?"),
        say(
            "Two people of different roles answer apart; the tier follows from the strictest "
            "answer. Ask what could happen if a record left, not whether anybody means harm. A "
            "de-identified or synthetic variant may have a lower tier than its original."
        ),
    ),
    "ground": Explained(
        say("What is a ground, and what is not?"),
        say(
            "Only the grounds on the list count, each with what it does not cover. Name the "
            "passage, the harm, and the least change that would remove it. That a result is "
            "unwelcome, early or embarrassing is no ground. What you do not mark is released."
        ),
    ),
    "severity": Explained(
        say("Which severity?"),
        say(
            "How bad it is if it happens, and how easily it does, for the people the product "
            "serves. It sets the clock and not the blame. Where your CVSS vector says otherwise, "
            "say why; both stand."
        ),
    ),
    "verdict": Explained(
        say("What do the verdicts mean?"),
        say(
            "**Reduced**: the interval shows that it fell by as much as was fixed beforehand.\n\n"
            "**Not shown**: it may have fallen, but not enough to be sure.\n\n"
            "**Worse**: the interval shows that it rose.\n\n"
            "**Insufficient data**: too little was counted to say anything. It is no success."
        ),
    ),
    "exception": Explained(
        say("When is an exception right?"),
        say(
            "When a rule is sound and one case does not fit it for a time. Say for how long, what "
            "could go wrong, and what makes up for it, so that it can be tested. It ends by "
            "itself. Asked for again and again, it is the rule that should change."
        ),
    ),
    "pause": Explained(
        say("When may a clock stand still?"),
        say(
            "Only on a listed ground, as long as somebody else must act first. Everybody sees who "
            "paused it, why, and from when it runs again. Waiting for a free hour of one's own is "
            "no ground."
        ),
    ),
    "closing": Explained(
        say("Before you close it"),
        say(
            "A case closes once nothing is owed: data is returned or deleted and proven, findings "
            "have their disposition, texts are written. Closing ends what is still open to the "
            "fellow; the package keeps what was done."
        ),
    ),
}
