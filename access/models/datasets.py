"""The catalogue: what there is, how closely it is held, and what less of it exists."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Cast

from access.states import EXPOSURE, TIERS, Tier, Variant
from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.history.models import Tracked, TrackedQuerySet
from fellowship.kernel.routes import address
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from governance.models import RuleVersion
from governance.states import RuleKind

CATALOGUE_READERS: Final = (*roles.STAFF, roles.FELLOW)
"""Who reads the whole catalogue of a programme; an applicant reads its public datasets."""


def _score(
    said: str, name: str | None = None
) -> models.PositiveSmallIntegerField[int | None, int | None]:
    return models.PositiveSmallIntegerField(name, null=True, blank=True, help_text=said)


_SCORED = {
    f"{name}__range": (1, 5)
    for name in ("sensitivity", "identifiability", "business_impact", "reidentification_risk")
}


class DatasetQuerySet(TrackedQuerySet["Dataset"]):
    """Datasets a person may read about. Reading about one opens nothing."""

    def visible_to(self, user: Any) -> Self:
        """The catalogue of programmes the person works in; public datasets for their applicants.

        A collaborator reads about what was asked for on their behalf.
        """
        if not getattr(user, "is_active", False) or not user.pk:
            return self.none()
        seen = Q(program_id__in=realm_ids_where(user, *CATALOGUE_READERS)) | Q(
            program_id__in=realm_ids_where(user, roles.APPLICANT), tier=Tier.PUBLIC
        )
        if holds_anywhere(user, roles.COLLABORATOR):
            asked_for = self.model.objects.filter(requests__person_id=user.pk)
            seen |= Q(pk__in=asked_for.order_by().values("pk"))
        return self.filter(seen)

    def in_catalogue(self) -> Self:
        """Those that can still be asked for: not retired."""
        return self.filter(retired_at=None)

    def with_code(self, code: str) -> Self:
        """Those that bear this data use code."""
        words = Cast("duo", models.TextField())
        return self.annotate(duo_words=words).filter(duo_words__contains=f'"{code}"')

    def outdated(self) -> Self:
        """Those classified under a version of the questions that is no longer in force."""
        current = RuleVersion.objects.current(RuleKind.DATA_CLASSIFICATION).values("pk")
        return self.filter(classification__isnull=False).exclude(
            classification__rule__in=current.order_by()
        )

    def least_first(self) -> Self:
        """Those that show least before those that show more, then by tier and name."""
        exposure = Case(
            *(When(variant=v, then=Value(n)) for v, n in EXPOSURE.items()),
            output_field=models.PositiveSmallIntegerField(),
        )
        rank = Case(
            *(When(tier=t, then=Value(n)) for n, t in enumerate(TIERS)),
            output_field=models.PositiveSmallIntegerField(),
        )
        return self.annotate(exposure=exposure, tier_rank=rank).order_by(
            "exposure", "tier_rank", "name"
        )

    def named(self, name: str) -> Self:
        """Those that go by this short name, reference or name."""
        return self.filter(Q(slug=name) | Q(ref=name) | Q(name=name))

    def open_to(self, fellowship: Any) -> Self:
        """Those a fellowship can have worked with: public ones, and those ever granted to it."""
        ever = self.filter(grants__fellowship=fellowship).values("pk")
        return self.filter(Q(tier=Tier.PUBLIC) | Q(pk__in=ever), program_id=fellowship.program_id)

    def family_of(self, dataset: Dataset) -> Self:
        """The dataset's original and all its variants, itself included."""
        origin = dataset.parent_id or dataset.pk
        return self.filter(Q(pk=origin) | Q(parent_id=origin))


class Dataset(Tracked):
    """A body of data with its tier. A variant names the original it was made from."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="datasets")
    ref = models.CharField(max_length=30, unique=True)
    slug = models.SlugField(max_length=80, help_text="The name systems use in their events.")
    name = models.CharField(max_length=200)
    description = models.TextField()
    tier = models.CharField(
        max_length=20, choices=Tier.choices, default=Tier.HIGHLY_RESTRICTED, editable=False
    )
    classification = models.ForeignKey(
        "access.Classification",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What its tier and scores rest on; without one it is held as the most closed.",
    )
    sensitivity = _score(say("1 harmless to 5 gravest."))
    identifiability = _score(say("1 no one to 5 named people."))
    business_impact = _score(say("If it leaked: 1 none to 5 severe."), say("business impact"))
    reidentification_risk = _score(
        say("1 impossible to 5 within hours."), say("re-identification risk")
    )
    variant = models.CharField(max_length=20, choices=Variant.choices, default=Variant.RAW)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="variants"
    )
    fields = models.JSONField(
        default=list, blank=True, help_text="Named fields: name, description, sensitive, type."
    )
    row_filters = models.JSONField(
        default=list, blank=True, help_text="Rows one can ask for: key, label, description."
    )
    duo = models.JSONField(
        say("data use codes"), default=list, blank=True, help_text="Codes of the Data Use Ontology."
    )
    licence = models.CharField(max_length=300, blank=True)
    citation = models.TextField(blank=True)
    version = models.CharField(max_length=60, blank=True, help_text="As its publisher counts.")
    url = models.URLField("source", max_length=500, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    steward = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="stewarded_datasets"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_datasets"
    )

    objects: ClassVar = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        indexes: ClassVar = [models.Index(fields=["program", "tier", "name"])]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["program", "slug"], name="dataset_slug_once"),
            models.CheckConstraint(condition=Q(tier__in=TIERS), name="dataset_tier_is_known"),
            models.CheckConstraint(
                condition=Q(variant__in=Variant.values), name="dataset_variant_is_known"
            ),
            models.CheckConstraint(
                condition=Q(classification__isnull=False, **_SCORED)
                | Q(
                    classification=None,
                    tier=Tier.HIGHLY_RESTRICTED,
                    sensitivity=None,
                    identifiability=None,
                    business_impact=None,
                    reidentification_risk=None,
                ),
                name="dataset_scored_by_its_classification_or_held_closed",
            ),
            models.CheckConstraint(
                condition=Q(variant=Variant.RAW, parent=None)
                | (~Q(variant=Variant.RAW) & Q(parent__isnull=False)),
                name="dataset_variants_and_they_alone_have_an_original",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The catalogue's page."""
        return address("access:dataset", self.ref)

    @property
    def field_names(self) -> list[str]:
        """The names of its fields, in their order."""
        return [field["name"] for field in self.fields]

    @property
    def row_filter_keys(self) -> list[str]:
        """The keys of its row filters, in their order. No filter named means all rows."""
        return [row["key"] for row in self.row_filters]
