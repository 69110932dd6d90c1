"""What was said about a decision that the applicant had reviewed."""

from __future__ import annotations

REPLY = (
    "The letter says that the question is not bounded and that no measure could fail. It is "
    "bounded to 300 refusals in three languages, and the hypothesis fails if fewer than one in "
    "ten is taken for agreement in each of them. I ask the board to say which sentence it found "
    "open."
)
ANSWER = (
    "The board read the three readers each as a description, not as a test. With the hypothesis "
    "named in one line only, its reasons stand, and so does the decision. A new call opens in "
    "spring."
)
GROUND = (
    "The reason given is that no measure could fail. The proposal as submitted names the share at "
    "which its hypothesis is wrong, under “Risk hypothesis”: one in ten."
)
FOUND = (
    "The proposal does name the share at which its hypothesis fails, and bounds its question to "
    "300 refusals in three languages. The reason in the letter does not match what was submitted; "
    "the board should weigh it again."
)
