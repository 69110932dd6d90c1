"""What was counted before and after: never a bare rate."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from fellowship.history.models import Tracked
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings.models.artifacts import PERSON
from findings.models.conditions import Conditioned
from findings.models.metrics import ControlMetric
from findings.states import Counted
from findings.statistics import Durations, Rate, Sample, Scores, Share

_DATA = ("hits", "trials", "exposure", "durations", "mean", "spread")
KEPT: dict[Counted, tuple[str, ...]] = {
    Counted.SHARE: ("hits", "trials"),
    Counted.RATE: ("hits", "exposure"),
    Counted.DURATIONS: ("trials", "durations"),
    Counted.SCORES: ("trials", "mean", "spread"),
}
"""Which columns hold a number counted this way; all others are empty."""
_SOUND = {
    Counted.SHARE: Q(trials__gt=0, hits__lte=F("trials")),
    Counted.RATE: Q(exposure__gt=0),
    Counted.DURATIONS: Q(trials__gt=0),
    Counted.SCORES: Q(trials__gt=1, spread__gte=0),
}


def _today() -> dt.date:
    return now().date()


def _kept_as_counted() -> Q:
    """Each kind of count fills its own columns, soundly, and leaves the others empty."""
    whole = Q()
    for counted, kept in KEPT.items():
        filled = {f"{name}__isnull": name not in kept for name in _DATA}
        whole |= Q(counted=counted, **filled) & _SOUND[counted]
    return whole


class Measurement(Tracked, Conditioned):
    """What was counted on one side of a deployment, of what, under which conditions.

    `hits` of `trials` for a share; `hits` events in `exposure` for a rate; `trials` raw
    `durations`; the `mean` of `trials` scores with their standard deviation `spread`.
    """

    class Phase(models.TextChoices):
        """On which side of the deployment it was taken."""

        BASELINE = "baseline", say("Before")
        AFTER = "after", say("After")

    metric = models.ForeignKey(ControlMetric, on_delete=models.PROTECT, related_name="measurements")
    phase = models.CharField(max_length=10, choices=Phase.choices)
    counted = models.CharField(max_length=10, choices=Counted.choices, editable=False)
    hits = models.PositiveIntegerField(null=True)
    trials = models.PositiveIntegerField(null=True)
    exposure = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    durations = models.JSONField(null=True)
    mean = models.FloatField(null=True)
    spread = models.FloatField(null=True)
    note = models.TextField(blank=True)
    taken_on = models.DateField(default=_today)
    measured_at = models.DateTimeField(default=now)
    measured_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(
        max_length=300, blank=True, help_text="Which row of which kind of file it was read from."
    )
    source_sha256 = models.CharField(
        max_length=64, blank=True, validators=[RegexValidator(r"^([0-9a-f]{64})?$")]
    )

    class Meta:
        ordering = ("-taken_on", "-id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=_kept_as_counted(), name="measurement_keeps_what_it_counted"
            ),
            models.CheckConstraint(
                condition=(Q(source="") & Q(source_sha256=""))
                | (~Q(source="") & ~Q(source_sha256="")),
                name="measurement_read_from_a_file_names_it",
            ),
            models.UniqueConstraint(
                fields=["metric", "phase", "source", "taken_on"],
                condition=~Q(source=""),
                name="measurement_read_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_phase_display()} {self.sample}"

    @property
    def sample(self) -> Sample:
        """What was counted, as a value that can be compared."""
        held: Any = self
        match self.counted:
            case Counted.RATE:
                return Rate(held.hits, float(held.exposure))
            case Counted.DURATIONS:
                return Durations(tuple(float(v) for v in held.durations))
            case Counted.SCORES:
                return Scores(held.trials, held.mean, held.spread)
        return Share(held.hits, held.trials)

    @property
    def said(self) -> str:
        """What was counted, in words: “41 of 60”, “12 in 340”, “median 4.2 of 31”."""
        if self.counted == Counted.SHARE:
            return say("{hits} of {trials}", hits=self.hits, trials=self.trials)
        return str(self.sample)


def columns_of(sample: Sample) -> dict[str, Any]:
    """The columns that keep a sample."""
    match sample:
        case Share():
            return {"hits": sample.hits, "trials": sample.trials}
        case Rate():
            return {"hits": sample.events, "exposure": f"{sample.exposure:.4f}"}
        case Durations():
            return {"trials": len(sample.values), "durations": list(sample.values)}
        case Scores():
            return {"trials": sample.number, "mean": sample.mean, "spread": sample.spread}
