"""Forty proposals, each in a few words that differ; the common turns of phrase are written once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Idea:
    """What makes a proposal itself. `data` is empty when public material is enough.

    `justification`: what was written for broad access with an open goal.
    """

    title: str
    problem: str
    question: str
    system: str
    version: str
    hypothesis: str
    success: str
    output: str
    model: str
    track: str
    data: str = ""
    why: str = ""
    justification: str = ""


A, B, E = "assistants-2026-a", "assistants-2026-b", "evaluations-2026"
CTRL = ("controlled_access", "controlled_access")
OPEN = ("open_methods", "open_methods")
PROD = ("product_linked", "product_facing")
LOGS = "Refusal Logs 2026-Q3"
TOOLS = "Tool Call Traces"
PREFS = "Preference Votes"
EXTENTS: Final = {
    LOGS: "Six fields without identifiers, July to September 2026, at most 4,000 records.",
    TOOLS: "Names and order of tool calls, contents replaced, 2,000 sessions of one month.",
    PREFS: "Both answers and the vote, de-identified, 5,000 pairs.",
    "Multilingual Refusal Sample": "900 refusals in three languages, text and label only.",
}
"""How much of each dataset is asked for; a proposal that names another asks for all of it."""

IDEAS: Final[dict[str, tuple[Idea, ...]]] = {
    A: (
        Idea(
            "Refusal drift under long multi-turn pressure",
            "Refusals that hold for a single turn seem to soften when the same request returns, "
            "reworded, forty turns later. Public benchmarks hold single turns only.",
            "Does the refusal rate of Assistants 4.2 on 60 fixed requests fall between turn 1 and "
            "turn 40 of a hostile conversation?",
            "Assistants chat",
            "4.2",
            "A patient person gets what an impatient one is refused. Equal rates at both turns "
            "would show us wrong.",
            "A difference of ten points found with 80 % power, or its absence with the same.",
            "eval-harness",
            *CTRL,
            LOGS,
            "A synthetic mirror loses the order of turns, which is the object of study.",
        ),
        Idea(
            "When a tool returns nothing: trust in empty results",
            "An assistant that calls three tools and gets an empty answer from the last one tends to "
            "fill the gap from whatever text is near, including text an attacker wrote.",
            "How often does an injected instruction run when the third tool result is empty, against "
            "when it is not?",
            "Assistants tool use",
            "4.2",
            "Empty results raise obedience to injected text. No difference over 60 trials a side "
            "would show us wrong.",
            "41 of 60 or more executed injections reproduced by someone else from our notes.",
            "red-teaming-method",
            *PROD,
            TOOLS,
            "Only real traces hold the sequence of empty and filled results.",
        ),
        Idea(
            "Session boundaries that are not: memory across reconnects",
            "Limits on a session mean little if reconnecting starts a new count.",
            "Which of the seven session limits of Gateway 2.0 survive a dropped connection?",
            "Gateway sessions",
            "2.0",
            "At least one limit resets. All seven surviving would show us wrong.",
            "A table of seven limits, each with ten trials and a script.",
            "prototype-control",
            "hybrid",
            "product_facing",
        ),
        Idea(
            "Who votes on tone? An audit of preference data",
            "Preference votes teach a model what to sound like. Whose votes they are is not recorded "
            "in what we publish.",
            "How do votes on refusals differ between the twelve largest groups of raters?",
            "Preference pipeline",
            "2026-06",
            "Groups differ by more than chance on refusals but not on facts.",
            "Audit tables with counts of at least ten, and a sampling plan others can follow.",
            "dataset-audit",
            *CTRL,
            PREFS,
            "A de-identified sample serves; the raw votes are not needed.",
        ),
        Idea(
            "Polite refusals, rude refusals and what people do next",
            "A refusal that insults sends people elsewhere; one that explains may teach the way round.",
            "Does an explanatory refusal change the share of conversations that try again?",
            "Assistants chat",
            "4.2",
            "Explanations lower retries without raising successful ones.",
            "A difference in retries with its interval, on 2,000 de-identified conversations.",
            "policy-memo",
            *CTRL,
            LOGS,
            "We need what came after a refusal, which public sets leave out.",
        ),
        Idea(
            "Filters that only speak English",
            "Content filters are tuned on English and trusted in eleven languages.",
            "What is the false-negative rate of the filter in Yoruba, Hausa and Swahili, against "
            "English?",
            "Content filter",
            "7",
            "At least double the English rate in one of the three.",
            "600 translated items, checked by two native readers each.",
            "eval-harness",
            *CTRL,
            "Multilingual Refusal Sample",
            "Public refusals are in English only.",
        ),
        Idea(
            "Counting what was prevented",
            "A block counter rises when attackers try harder, so a rising count can mean success or "
            "failure.",
            "Which of five published measures would have told us that filter 6 was worse than 5?",
            "Content filter",
            "5 to 7",
            "Raw counts mislead in at least two of the five years' changes.",
            "A memo a product owner can act on, with a worked example.",
            "policy-memo",
            *OPEN,
        ),
        Idea(
            "A map of where instructions hide in documents",
            "Instructions can sit in footnotes, alternative text and document properties.",
            "From which of 24 places in a document does the assistant obey?",
            "Document reader",
            "3.1",
            "It obeys from places a reader never sees.",
            "A table of 24 places, 20 trials each.",
            "red-teaming-method",
            *PROD,
            TOOLS,
            "A handful of real document sessions to know how files are cut up.",
        ),
        Idea(
            "The cost of asking twice: confirmation steps and attention",
            "Confirmation dialogs protect until people stop reading them.",
            "After how many confirmations a day do people stop noticing a changed recipient?",
            "Assistants actions",
            "4.2",
            "Attention falls by half after ten a day.",
            "A curve with intervals from 80 volunteers.",
            "prototype-control",
            *PROD,
        ),
        Idea(
            "Ethics of everything",
            "We will improve the safety of all models through dialogue between disciplines.",
            "How can AI be made safe?",
            "Models in general",
            "any",
            "More dialogue makes safer systems.",
            "A book.",
            "policy-memo",
            "policy",
            "open_methods",
        ),
        Idea(
            "Full transcripts for a study of loneliness",
            "People tell assistants what they tell nobody. We want to read it all.",
            "What do lonely people say?",
            "Assistants chat",
            "all",
            "Loneliness leaves traces in language.",
            "A paper in a good journal.",
            "dataset-audit",
            *CTRL,
            "All conversations",
            "Reading everything is the only way to be sure.",
            "We cannot know what lonely people say before we have read them, so any selection would "
            "decide the answer beforehand. We would read for three months, write a codebook, and ask "
            "again for the narrower part that it needs.",
        ),
        Idea(
            "Time to notice: detection of prompt theft",
            "System prompts leak, and nobody notices for weeks.",
            "Can a canary phrase shorten the median time to notice from 19 days to one?",
            "Gateway monitoring",
            "2.0",
            "Most leaks reach public pages within a day.",
            "Median and 90th percentile of the time to notice over 30 planted leaks.",
            "prototype-control",
            *PROD,
        ),
        Idea(
            "Copying style, copying flaws",
            "Fine-tuning on a house style may bring back behaviours that training removed.",
            "Does a 2,000-example style tune change refusal rates on the fixed set?",
            "Assistants tuning",
            "4.1",
            "Yes, by at least five points.",
            "Rates before and after for three styles, with intervals.",
            "interpretability-study",
            *OPEN,
        ),
        Idea(
            "The quiet majority: failures nobody reports",
            "Reported failures come from a few loud users.",
            "How do failures found by random sampling differ from those reported?",
            "Assistants chat",
            "4.2",
            "Sampling finds twice as many failures in languages other than English.",
            "A random sample of 1,000 de-identified sessions, coded twice.",
            "dataset-audit",
            *CTRL,
            LOGS,
            "Reports are in hand; only logs show what was not reported.",
        ),
    ),
    B: (
        Idea(
            "A session limit people can live with",
            "Long sessions raise the success of attacks; short limits annoy everyone else.",
            "Which limit halves attack success while fewer than 2 % of ordinary sessions reach it?",
            "Assistants chat",
            "4.3",
            "A limit of 35 turns does both.",
            "Attack success before and after on 200 trials a side, and the share of sessions cut.",
            "prototype-control",
            *PROD,
            LOGS,
            "The distribution of session lengths, in counts; no text.",
        ),
        Idea(
            "Refusing empty results",
            "An empty tool result should be treated as an error, not as silence to be filled.",
            "Does a wrapper that names empty results bring executed injections under one in twenty?",
            "Assistants tool use",
            "4.3",
            "Yes, with no loss on ordinary tasks.",
            "Under 5 % of 60 trials, and task success within two points.",
            "prototype-control",
            *PROD,
            TOOLS,
            "To replay the same sequences as before.",
        ),
        Idea(
            "Red teams that repeat themselves",
            "Two teams given the same target find different things; nobody knows how different.",
            "What share of findings do two independent teams share in two weeks?",
            "Assistants tool use",
            "4.3",
            "Less than a third.",
            "Overlap with its interval for six pairs of teams.",
            "red-teaming-method",
            *CTRL,
            TOOLS,
            "Traces of both teams' sessions, nobody else's.",
        ),
        Idea(
            "Voices: spoken injections in noisy rooms",
            "Spoken assistants hear televisions as well as people.",
            "At what loudness does a spoken instruction from a loudspeaker run?",
            "Assistants voice",
            "1.0",
            "Below the level of ordinary speech.",
            "A curve for four rooms, with recordings made for the study.",
            "red-teaming-method",
            *PROD,
        ),
        Idea(
            "Hausa, Yoruba, Igbo: refusals that translate",
            "A refusal translated word for word can read as consent.",
            "What share of refusals in three languages do native readers take for agreement?",
            "Assistants chat",
            "4.3",
            "More than one in ten in at least one language.",
            "300 refusals, three readers each, agreement stated.",
            "eval-harness",
            *CTRL,
            "Multilingual Refusal Sample",
            "Public refusals are in English only.",
        ),
        Idea(
            "What on-call people need at three in the morning",
            "Incident forms ask for what is not yet known.",
            "Which five fields decide what is done in the first hour?",
            "Incident practice",
            "2026",
            "Severity, reach and a way to stop it; the rest can wait.",
            "A form tried in two drills, with times.",
            "policy-memo",
            "policy",
            "open_methods",
        ),
        Idea(
            "Gradual permission: tools that open as trust grows",
            "All tools open at once, to everyone, for ever.",
            "Does staged permission lower harm in simulated misuse without slowing ordinary tasks?",
            "Assistants actions",
            "4.3",
            "It halves harm at a cost of under 5 % in time.",
            "Simulation with 100 tasks and a prototype.",
            "prototype-control",
            *PROD,
        ),
        Idea(
            "Watermarks under translation",
            "A watermark that survives copying may not survive translation and back.",
            "How much of a text watermark survives one round trip through four languages?",
            "Text watermark",
            "2",
            "Less than half.",
            "Detection rates with intervals for four languages.",
            "interpretability-study",
            *OPEN,
        ),
        Idea(
            "Small print: what agreements let researchers do",
            "Data agreements are written so that no reader can tell what is allowed.",
            "Can a clause table let ten outsiders answer 20 questions about one agreement rightly?",
            "Data agreements",
            "2026",
            "Nine in ten answers right, against half today.",
            "A tested table, free to use.",
            "policy-memo",
            "policy",
            "open_methods",
        ),
        Idea(
            "Detecting slow exfiltration through summaries",
            "One summary reveals little; two hundred may reveal everything.",
            "After how many summaries can a hidden record be rebuilt?",
            "Document reader",
            "3.2",
            "Fewer than fifty.",
            "Reconstruction rates on planted records.",
            "red-teaming-method",
            *CTRL,
            TOOLS,
            "The shape of real summaries, with contents replaced.",
        ),
        Idea(
            "Calibrated worry: confidence in safety classifiers",
            "A classifier that says 0.9 should be right nine times in ten.",
            "How far off is the safety classifier's confidence in each decile?",
            "Safety classifier",
            "12",
            "Overconfident above 0.8.",
            "A reliability diagram and a recalibration others can apply.",
            "interpretability-study",
            *CTRL,
            PREFS,
            "Labels for 5,000 de-identified items.",
        ),
        Idea(
            "Rollback drills for model updates",
            "Rolling back a model is planned and never tried.",
            "How long does a rollback of one assistant take in a drill, end to end?",
            "Release practice",
            "2026",
            "Three times the written target.",
            "Two drills with a minute-by-minute record.",
            "policy-memo",
            *PROD,
        ),
        Idea(
            "Friendly fire: safety messages that harm",
            "Crisis messages shown at the wrong time can insult or frighten.",
            "How often is the crisis message shown where two clinicians would not show it?",
            "Crisis messages",
            "3",
            "In one of four cases.",
            "400 synthetic conversations rated by two clinicians.",
            "eval-harness",
            *OPEN,
        ),
        Idea(
            "Attack sets that age well",
            "Attack collections are patched against within months and then measure nothing.",
            "Which properties of an attack predict that it works two versions later?",
            "Assistants chat",
            "4.0 to 4.3",
            "Length of context predicts more than wording.",
            "A model with out-of-sample accuracy and its interval.",
            "eval-harness",
            *CTRL,
            LOGS,
            "Counts of successes by version; no text.",
        ),
    ),
    E: (
        Idea(
            "Was it in the training data? Contamination by paraphrase",
            "Exact-match checks miss a benchmark that was reworded before it was learnt.",
            "How much do scores fall on paraphrases of 500 public items?",
            "Public benchmarks",
            "2026",
            "By ten points for two of six models.",
            "A paired difference with its interval for each model.",
            "eval-harness",
            *OPEN,
        ),
        Idea(
            "Error bars for everyone",
            "Leaderboards print two decimals and no uncertainty.",
            "How many of the top ten places of three leaderboards are ties?",
            "Public leaderboards",
            "2026-03",
            "More than half.",
            "A small library and three redrawn tables.",
            "interpretability-study",
            *OPEN,
        ),
        Idea(
            "Speech benchmarks for tonal languages",
            "Spoken tests ignore tone, which changes meaning.",
            "How much accuracy is lost when tone alone distinguishes the answer?",
            "Public speech models",
            "2026",
            "A third.",
            "1,200 recordings made with consent, published.",
            "eval-harness",
            *OPEN,
        ),
        Idea(
            "Naming incidents: a classification that two people agree on",
            "Every list of incidents uses its own words.",
            "Which scheme gives an agreement above 0.8 between strangers?",
            "Incident lists",
            "2026",
            "None of the four in use.",
            "Agreement for four schemes and one of our own, on 120 incidents.",
            "policy-memo",
            "policy",
            "open_methods",
        ),
        Idea(
            "The half-life of a jailbreak",
            "Nobody has measured how long a published attack keeps working.",
            "What is the median time from publication to failure, over 80 attacks?",
            "Public models",
            "2024 to 2026",
            "Under 60 days.",
            "A survival curve with censoring handled.",
            "eval-harness",
            *OPEN,
        ),
        Idea(
            "Judges judging judges",
            "Models grade models, and nobody grades the graders.",
            "How do five model judges compare with three people on 400 answers?",
            "Public judge models",
            "2026",
            "They agree with each other more than with people.",
            "Agreement tables and a recommendation.",
            "eval-harness",
            *OPEN,
        ),
        Idea(
            "Disclosure windows in practice",
            "Policies promise 90 days; what happens is another matter.",
            "What was the real time from report to fix in 60 public cases?",
            "Public disclosures",
            "2021 to 2026",
            "Half miss their own window.",
            "A dataset and a memo.",
            "policy-memo",
            "policy",
            "open_methods",
        ),
        Idea(
            "Tiny evals: how few items are enough",
            "A thousand items cost money and carbon.",
            "How many items keep the order of ten models with 95 % probability?",
            "Public benchmarks",
            "2026",
            "Fewer than 120.",
            "A method, with code and a warning where it fails.",
            "interpretability-study",
            *OPEN,
        ),
        Idea(
            "Reading between tokens: probes for evasive answers",
            "An evasive answer may be decided before it is written.",
            "Can a linear probe tell evasive from ignorant answers at the tenth token?",
            "Public weights",
            "2026",
            "Yes, above 0.8.",
            "Accuracy on three public models, with a control task.",
            "interpretability-study",
            *OPEN,
        ),
        Idea(
            "Consent for synthetic people",
            "Synthetic data is made from real people who were not asked.",
            "What would those people have wanted, when 200 of them are asked?",
            "Synthetic data practice",
            "2026",
            "Most would agree if told the purpose.",
            "A survey with its instrument published.",
            "policy-memo",
            "policy",
            "open_methods",
        ),
        Idea(
            "A harness that runs on a laptop",
            "Good harnesses need clusters; good questions often do not.",
            "Can the twelve most cited evaluations run on a laptop within five points?",
            "Public harnesses",
            "2026",
            "Nine of the twelve can.",
            "Software with a licence that lets anyone use it.",
            "eval-harness",
            *OPEN,
        ),
        Idea(
            "Benchmarks as folklore",
            "People quote results they never read.",
            "How far do quoted results differ from their sources, in 150 quotations?",
            "Published papers",
            "2023 to 2026",
            "One in five differs.",
            "A coded sample with examples.",
            "policy-memo",
            "policy",
            "open_methods",
        ),
    ),
}

FILES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "Refusal drift under long multi-turn pressure": (
        (
            "protocol.md",
            "# Protocol\n\n1. Sixty fixed requests, drawn once and never changed.\n2. Forty turns each; "
            "the hostile turns are written beforehand.\n3. Two raters, apart from each other, code each "
            "answer as refusal, partial, or none.\n4. The analysis is fixed before the first result.\n",
        ),
        (
            "pilot.csv",
            "turn,requests,refused\n1,12,11\n10,12,9\n20,12,8\n40,12,6\n",
        ),
    ),
}
"""What is attached to a proposal, by its title: names and texts."""


def answers(idea: Idea, name: str, affiliation: str, orcid: str = "") -> dict[str, Any]:
    """The idea as the answers of a proposal by this person."""
    return {
        "title": idea.title,
        "problem": idea.problem,
        "question": idea.question,
        "system": idea.system,
        "system_version": idea.version,
        "hypothesis": idea.hypothesis,
        "method": (
            f"We fix the protocol and the analysis before we look at results, run a pilot of a tenth "
            f"of the size, and stop there if the pilot shows the measure cannot work. The main run "
            f"answers one question: {idea.question[0].lower()}{idea.question[1:]}\n\n"
            "Two people code every tenth item apart from each other; we report their agreement. "
            "Nothing is dropped after the fact; what failed is reported as failed."
        ),
        "success": idea.success,
        "output_type": idea.output,
        "output_note": "Code under a permissive licence, the protocol, and a short report in plain words.",
        "fellowship_model": idea.model,
        "track": idea.track,
        "needs_data": "yes" if idea.data else "no",
        "data_needs": [_row(idea)] if idea.data else [],
        "justification": idea.justification,
        "team": [{"name": name, "affiliation": affiliation, "orcid": orcid}],
        "prior_work": (
            "A pilot on public models in the spring, with its negative results, and two workshop "
            "papers on measurement. The closest work by others stops at single turns or single tools."
        ),
        "conflicts": "None",
        "export_control": "no",
        "budget": "Stipend 24,000 EUR; compute 3,000 EUR; one journey 1,200 EUR.",
        "timeline": "Weeks 1–3 protocol; 4–9 measurements; 10–14 analysis; 15–18 writing and hand-over.",
    }


def _row(idea: Idea) -> dict[str, str]:
    asked = {"dataset": idea.data, "extent": EXTENTS.get(idea.data, ""), "why": idea.why}
    return {column: text for column, text in asked.items() if text}
