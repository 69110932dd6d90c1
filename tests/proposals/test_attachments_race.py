"""Two files sent at the same instant: none is taken twice, and no limit is passed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.core.files.base import ContentFile

from fellowship.kernel.refusals import Refused
from proposals import attachments, services
from proposals.models import DraftFile
from tests.governance.test_board_race import at_once
from tests.scenarios.proposals import drafted_proposal
from tests.scenarios.world import make_world


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_given_once_and_the_same_file_stands_once(
    settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    proposal = drafted_proposal(make_world())

    def attach(name: str) -> Any:
        file = ContentFile(name.encode(), f"{name}.txt")
        return services.attach_file(proposal=proposal, file=file, by=proposal.applicant)

    twice = at_once(lambda: attach("same"), lambda: attach("same"))
    assert len({file.pk for file in twice}) == 1
    for number in range(attachments.FILES_MAX - 2):
        attach(str(number))
    last = at_once(lambda: attach("one"), lambda: attach("other"))
    assert Counter(type(result) for result in last) == {DraftFile: 1, Refused: 1}
    assert DraftFile.objects.count() == attachments.FILES_MAX
