"""Controls in the API."""

from __future__ import annotations

from rest_framework import serializers

from fellowship.web.api import VisibleViewSet, service_action
from findings import services
from findings.models import Control, Measurement


class MeasurementSerializer(serializers.ModelSerializer[Measurement]):
    """A count."""

    class Meta:
        model = Measurement
        fields = ("phase", "hits", "trials", "conditions", "measured_at")


class ControlSerializer(serializers.ModelSerializer[Control]):
    """A control with its counts and verdict."""

    finding = serializers.CharField(source="finding.ref")
    measurements = MeasurementSerializer(many=True)
    verdict = serializers.SerializerMethodField()

    class Meta:
        model = Control
        fields = (
            "ref",
            "finding",
            "title",
            "family",
            "control_type",
            "state",
            "metric",
            "threshold",
            "minimum_trials",
            "deployed_at",
            "verified_at",
            "measurements",
            "verdict",
        )

    def get_verdict(self, control: Control) -> str | None:
        """reduced, not_shown, worse or insufficient; null when one side is missing."""
        comparison = control.comparison()
        return str(comparison.verdict) if comparison else None


class ControlViewSet(VisibleViewSet):
    """Controls."""

    queryset = Control.objects.select_related("finding").prefetch_related("measurements")
    serializer_class = ControlSerializer
    lookup_field = "ref"
    ordering = "-id"

    deploy = service_action("deploy", services.deploy_control, subject="control")
    verify = service_action("verify", services.verify_control, subject="control")
