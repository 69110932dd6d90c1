"""What the fellows of the story ask for, find and write."""

from __future__ import annotations

from typing import Any, Final

FIELDS: Final = [
    {"name": "turn", "description": "Place in the conversation", "sensitive": False},
    {"name": "request_id", "description": "Which fixed request", "sensitive": False},
    {"name": "refused", "description": "Whether the assistant refused", "sensitive": False},
    {"name": "language", "description": "Language of the turn", "sensitive": False},
    {"name": "text", "description": "What was said", "sensitive": True},
    {"name": "account", "description": "Pseudonymous account", "sensitive": True},
]

VOTE_FIELDS: Final = [
    {"name": "pair", "description": "Which two answers were compared", "sensitive": False},
    {"name": "choice", "description": "The answer preferred", "sensitive": False},
    {"name": "rater_group", "description": "Group the rater belongs to", "sensitive": False},
    {"name": "voted_on", "description": "Day of the vote", "sensitive": False},
    {"name": "rater", "description": "Pseudonymous rater", "sensitive": True},
]

DATASETS: Final[tuple[dict[str, Any], ...]] = (
    {
        "slug": "refusal-logs-2026-q3",
        "name": "Refusal Logs 2026-Q3",
        "description": "Refusals of the chat assistant with the turns before them, 41 fields.",
        "scores": (4, 3, 4, 3),
        "version": "2026-Q3",
        "row_filters": [
            {
                "key": "long",
                "label": "Conversations of twenty turns or more",
                "description": "Counted before anything was removed.",
            },
            {
                "key": "english",
                "label": "Turns in English",
                "description": "By the language detector's first guess.",
            },
        ],
    },
    {
        "slug": "refusal-logs-sample",
        "name": "Refusal Logs, de-identified sample",
        "description": "Ten thousand conversations with names, places and accounts removed.",
        "scores": (2, 2, 2, 2),
        "variant": "deidentified",
        "parent": "refusal-logs-2026-q3",
    },
    {
        "slug": "refusal-logs-mirror",
        "name": "Refusal Logs, synthetic mirror",
        "description": "Synthetic conversations with the same counts; the order of turns is lost.",
        "scores": (1, 1, 1, 1),
        "variant": "synthetic",
        "parent": "refusal-logs-2026-q3",
    },
    {
        "slug": "tool-call-traces",
        "name": "Tool Call Traces",
        "description": "Sequences of tool calls and results from staging, secrets removed.",
        "scores": (4, 2, 4, 2),
        "oncall": {"misuse": 5},
    },
    {
        "slug": "preference-votes",
        "name": "Preference Votes",
        "description": "Votes of raters on pairs of answers, with rater groups.",
        "fields": VOTE_FIELDS,
        "duo": ["DUO:0000042", "DUO:0000019", "DUO:0000025"],
        "row_filters": [
            {
                "key": "agreed",
                "label": "Votes of raters who agreed to research",
                "description": "The box on the rating page was ticked.",
            },
        ],
        "scores": (3, 2, 3, 2),
    },
    {
        "slug": "multilingual-refusals",
        "name": "Multilingual Refusal Sample",
        "description": "Three hundred refusals in Hausa, Yoruba and Igbo, read by two people.",
        "scores": (2, 2, 2, 1),
        "duo": ["DUO:0000046", "DUO:0000020"],
        "licence": "CC BY-NC 4.0",
    },
    {
        "slug": "account-telemetry",
        "name": "Account Telemetry",
        "description": "Usage by account. Listed so that one can see it exists; not for research.",
        "scores": (5, 5, 5, 5),
    },
)

UNCLASSIFIED: Final[dict[str, Any]] = {
    "slug": "voice-requests",
    "name": "Voice Requests",
    "description": "Spoken requests of people who agreed to research, up to ten seconds each.",
    "fields": [
        {"name": "clip", "description": "The sound", "sensitive": True, "type": "AudioObject"},
        {"name": "words", "description": "As transcribed", "sensitive": True, "type": "Text"},
        {"name": "refused", "description": "Whether it was refused", "sensitive": False},
    ],
    "duo": ["DUO:0000042"],
    "scores": (3, 5, 4, 4),
}

PAPER: Final = """\
# Refusal drift under long multi-turn pressure

We asked whether refusals that hold for one turn still hold after forty. Sixty fixed requests were put
to the assistant at turn 1 and, reworded, at turn 40 of a hostile conversation, two raters coding each
answer.

## Results

At turn 1 the assistant refused 56 of 60 requests. At turn 40 it refused 19 of 60. The difference of 62
points (95 % interval 46 to 74) is larger than any we had thought worth planning for. Conversations
without hostility showed no such fall.

## Where it comes from

In sessions with three or more tool calls the effect was stronger. In particular, the filter is bypassed
when the third tool call returns an empty body, which we observed in 41 of 60 trials and in none of 60
short sessions. We could not separate the length of the context from the number of tool calls with this
design, and say so.

## What would help

A limit on the length of hostile sessions is crude and works: with 35 turns the success of the same
attacks fell to 4 of 60 in our replication. It costs something: 1.6 % of ordinary sessions reach the
limit. Naming an empty result as an error, instead of passing it on, deserves a test of its own.

## Limits

One assistant, one language, sixty requests. The raters knew the hypothesis. The code, the requests and
the coded answers, without the text of conversations, accompany this paper.
"""

TOOL_PAPER: Final = """\
# When a tool returns nothing

An assistant that receives an empty result looks for words elsewhere, and an attacker may have put words
there. We injected one harmless instruction into retrieved documents and let the third of three tool
calls return an empty body.

## Results

With an empty third result the injected instruction ran in 41 of 60 trials; with a filled one in 3 of
60. The difference is 63 points (95 % interval 48 to 75). The wording of the instruction hardly mattered;
its distance from the empty result did.

## Steps to reproduce

The sequence is: two ordinary calls, a retrieval that contains the instruction, and a call to a service
that answers with status 204. Any service that can answer so will do, and we name the two we used in the
notes for the security team.

## What would help

An empty result should be an error that names itself. In a prototype the same attack ran in 2 of 60
trials, and ordinary tasks were solved as often as before.
"""

PUBLIC_PAPER: Final = """\
# Was it in the training data?

Exact matches miss a benchmark that was reworded before it was learnt. We wrote paraphrases of 500
public items, checked by two people each, and compared scores on the originals and the paraphrases for
six public models.

## Results

Two of six models lost more than ten points on paraphrases (14 and 11, intervals 10 to 18 and 7 to 15).
The other four lost between 0 and 3. The two that fell are not those with the highest scores.

## Limits

A paraphrase can be harder than its original. On items written after the models were released,
paraphrases cost one point on average, which bounds what we can claim.
"""

FINDINGS: Final[dict[str, dict[str, Any]]] = {
    "drift": {
        "title": "Refusals decay over forty hostile turns",
        "claim": "The assistant refuses 56 of 60 fixed requests at turn 1 and 19 of 60 at turn 40 "
        "of a hostile conversation.",
        "conditions": "One person, English, no system instructions changed. Without hostility there "
        "is no such fall.",
        "hits": 41,
        "trials": 60,
        "system": "Assistants chat",
        "system_version": "4.2",
        "severity": "high",
        "technique": "AML.T0054",
        "reproduction": "Run harness/drift.py with seed 7; two raters code by protocol section 3.",
    },
    "empty": {
        "title": "Tool-call result trusted when its body is empty",
        "claim": "With an empty third result, an instruction in a retrieved document runs in 41 of "
        "60 trials; with a filled one in 3 of 60.",
        "conditions": "Three tool calls in one turn, retrieval before the empty call.",
        "hits": 41,
        "trials": 60,
        "system": "Assistants tool use",
        "system_version": "4.2",
        "severity": "critical",
        "technique": "AML.T0051",
        "reproduction": "Two ordinary calls, one retrieval, one call answered with status 204.",
        "cvss_vector": "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N",
        "severity_reason": "The vector counts one user. One retrieved document reaches every user "
        "of the tool.",
    },
    "session": {
        "title": "Session limit resets on reconnect",
        "claim": "Two of seven limits of the gateway start a new count when the connection drops.",
        "conditions": "Any client that reconnects within the same token's life.",
        "hits": 20,
        "trials": 20,
        "system": "Gateway sessions",
        "system_version": "2.0",
        "severity": "medium",
        "technique": "AML.T0029",
        "reproduction": "scripts/reconnect.sh, ten trials for each limit.",
    },
    "filter": {
        "title": "Content filter misses one in five harmful items in Hausa",
        "claim": "The filter passes 61 of 300 harmful items in Hausa against 14 of 300 in English.",
        "conditions": "Items translated and checked by two native readers.",
        "hits": 61,
        "trials": 300,
        "system": "Content filter",
        "system_version": "7",
        "severity": "high",
        "technique": "AML.T0015",
        "reproduction": "items.csv, version 2, through the filter's batch interface.",
    },
    "hidden": {
        "title": "Instructions obeyed from document properties",
        "claim": "The reader obeys instructions in 6 of 24 places that people do not see.",
        "conditions": "Documents converted on upload.",
        "hits": 87,
        "trials": 120,
        "system": "Document reader",
        "system_version": "3.1",
        "severity": "medium",
        "technique": "AML.T0051",
        "reproduction": "The 24 sample documents, 20 trials each.",
    },
    "votes": {
        "title": "Rater groups differ on refusals, not on facts",
        "claim": "The twelve largest groups differ by up to 19 points on refusals.",
        "conditions": "Groups of at least 400 votes.",
        "hits": 190,
        "trials": 1000,
        "system": "Preference pipeline",
        "system_version": "2026-06",
        "severity": "low",
        "technique": "",
        "reproduction": "audit.ipynb, table 4.",
    },
}
