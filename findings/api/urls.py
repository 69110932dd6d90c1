"""The routes of findings and controls in the API."""

from __future__ import annotations

from fellowship.web.api import Router
from findings.api.controls import ControlViewSet
from findings.api.findings import FindingViewSet

router = Router()

router.register("findings", FindingViewSet, basename="findings")

router.register("controls", ControlViewSet, basename="controls")

urlpatterns = router.urls
