"""Controls of every outcome: costs beside the benefit, too little data, a waived baseline."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final

from findings import services as findings
from findings.models import Control, Finding
from findings.statistics import Conditions, Durations, Sample, Share
from oversight.demo import scenes

if TYPE_CHECKING:
    from oversight.demo.story import Story

ALERTED: Final = Durations(tuple(float(3 + (n * 7) % 19) for n in range(34)))
RECONNECT: Final = "A reconnect goes on with the same session"
ALERT: Final = "Alert when an answer follows an empty result"
NO_ALERT: Final = (
    "There was no alert before, so nobody knows how long it took. We go live without a baseline."
)
REPEAT: Final = "Half of the planned runs were lost. The rest is counted before the next release."


def plan(story: Story) -> None:
    """Put them on the stage, once the findings they answer are accepted."""
    at = story.stage.at
    at(-47, partial(_reconnect, story))
    at(-52, partial(_alert, story))
    at(-25, partial(_after, story, RECONNECT, Share(3, 12), note=REPEAT))
    at(-22, partial(_after, story, ALERT, ALERTED))


def costs(story: Story, control: Control) -> None:
    """What the session limit might cost, counted before it ships."""
    owner = story.cast["product-owner"]
    plans = (
        scenes.plan(
            "false_positive",
            denominator="One harmless conversation of more than 35 turns",
            threshold=Decimal("0.05"),
            conditions=Conditions(model="Assistants 4.2"),
        ),
        scenes.plan(
            "user_friction",
            denominator="One session of the pilot group, with a complaint or without",
            threshold=Decimal("0.02"),
            setting="use",
            conditions=Conditions(model="Assistants 4.2"),
        ),
    )
    for one, before in zip(plans, (Share(4, 200), Share(9, 310)), strict=True):
        made = findings.add_metric(control=control, plan=one, by=owner)
        findings.measure(metric=made, phase="baseline", sample=before, by=owner)


def counted_again(story: Story, control: Control) -> None:
    """The costs after deployment: one held, one rose by more than was tolerated."""
    for number, after in ((2, Share(7, 200)), (3, Share(38, 305))):
        _after(story, control.title, after, number=number)


def _reconnect(story: Story) -> None:
    finding, cast = _of(story, "session"), story.cast
    made = findings.plan_control(
        finding=finding,
        title=RECONNECT,
        family="corrective",
        control_type="session_limit",
        plan=scenes.plan("attack_success", selection="stood_out", threshold=Decimal("0.10")),
        by=cast["product-owner"],
    )
    scenes.count(cast, made, "baseline", (7, 12))
    findings.deploy_control(control=made, by=cast["product-owner"])


def _alert(story: Story) -> None:
    finding, owner = _of(story, "empty"), story.cast["product-owner"]
    made = findings.plan_control(
        finding=finding,
        title=ALERT,
        family="detective",
        control_type="monitoring",
        plan=scenes.plan(
            "time_to_detect",
            denominator="From the empty result to the alert on call",
            unit="minutes",
            threshold=Decimal(10),
            setting="use",
        ),
        by=owner,
    )
    findings.waive_baseline(control=made, by=owner, reason=NO_ALERT)
    findings.deploy_control(control=made, by=owner)


def _after(story: Story, title: str, sample: Sample, *, number: int = 1, note: str = "") -> None:
    made = Control.objects.get(title=title, finding__program__in=story.cast.programs.values())
    findings.measure(
        metric=made.metrics.get(number=number),
        phase="after",
        sample=sample,
        note=note,
        by=story.cast["product-owner"],
    )


def _of(story: Story, name: str) -> Finding:
    rows = Finding.objects.select_related("program", "fellowship__fellow")
    return rows.get(pk=story.findings[name].pk)
