"""What was said about a decision that the applicant had reviewed."""

from __future__ import annotations

REPLY = (
    "The letter says that the question is not bounded and that no measure could fail. It is bounded "
    "to 80 published attacks, and the hypothesis fails if the median is 60 days or more. I ask the "
    "board to say which sentence it found open."
)
ANSWER = (
    "The board read the survival curve as a description, not as a test. With the hypothesis named "
    "only in one line, its reasons stand, and so does the decision. A new call opens in spring."
)
GROUND = (
    "The reason given is that no measure could fail. The proposal as submitted names the number at "
    "which its hypothesis is wrong, under “Risk hypothesis”: 60 days."
)
FOUND = (
    "The proposal does name the number at which its hypothesis fails, and bounds its question to 80 "
    "attacks. The reason in the letter does not match what was submitted; the board should weigh it "
    "again."
)
