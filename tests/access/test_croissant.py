"""Croissant descriptions: every sample is read, what was not is told, bad files say why."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from access.importers import croissant
from access.models import Dataset
from fellowship.accounts.models import User
from tests.scenarios.world import World

FOLDER = Path(__file__).parents[3] / "shared/data/croissant/datasets"
SAMPLES = sorted(FOLDER.rglob("*.json"))
needs_samples = pytest.mark.skipif(not SAMPLES, reason="no samples beside the repository")


def sample(name: str) -> croissant.Described:
    return croissant.read((FOLDER / name).read_bytes())


def described(**values: Any) -> bytes:
    base = {"@type": "sc:Dataset", "name": "Calls", "description": "What was asked."}
    return json.dumps({**base, **values}).encode()


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: f"{p.parent.parent.name}/{p.parent.name}")
def test_every_sample_is_read_whole(path: Path) -> None:
    raw = json.loads(path.read_text())
    found = croissant.read(path.read_bytes())
    assert found.name
    assert found.slug.replace("-", "").isalnum()
    assert found.description
    expected = sum(
        len(one.get("field", [])) for one in raw["recordSet"] if not croissant._only_values(one)
    )
    named = [one for one in found.fields if "/" not in one["name"].partition("/")[2]]
    assert len(named) == expected or any("stands twice" in w for w in found.warnings)
    assert all(0 < len(one["name"]) <= 100 for one in found.fields)
    assert not {"name", "description", "recordSet"} & set(found.unread)


@needs_samples
def test_what_samples_say_is_kept_and_what_they_do_not_say_is_told() -> None:
    dices = sample("1.0/dices-350/metadata.json")
    assert (dices.licence, dices.version, dices.fields) == ("cc-by-sa-4.0", "1.0.0", [])
    assert dices.citation.startswith("@article{aroyo2024dices")
    assert "rai:dataBiases" in dices.unread
    assert "It names no fields: write them, or the whole is asked for." in dices.warnings
    coco = sample("1.0/coco2014-mini/metadata.json")
    assert (coco.url, coco.citation) == ("", "")
    assert "Its url says “None”: left empty." in coco.warnings
    films = sample("1.0/movielens/metadata.json")
    assert films.sensitive["ratings/user_id"] == "Its name points to a person."
    assert "movies/title" not in films.sensitive
    names = [one["name"] for one in films.fields]
    assert "movies_with_ratings_with_tags/ratings/rating" in names, "fields within fields too"
    many = sample("1.1/recipes/minimal_multilingual.json")
    assert many.name == "minimal_example_with_multilingual_descriptions"
    assert "Its name is given in en, de, fr; “en” was read." in many.warnings
    assert many.fields[0] == {
        "name": "name",
        "description": "The first column contains the name.",
        "sensitive": False,
        "type": "Text",
    }


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "This is not JSON"),
        (b"\xff\xfe", "This is not UTF-8 text."),
        (b"[" * 100_000, "This JSON is nested too deeply."),
        (b"[]", "it is not an object"),
        (b'{"@type": "sc:Person"}', "its @type is sc:Person, not sc:Dataset"),
        (b'{"@type": "sc:Dataset"}', "The description gives no name."),
        (b'{"@type": "sc:Dataset", "name": "none"}', "The description gives no name."),
    ],
)
def test_a_file_that_is_no_description_says_why(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        croissant.read(data)


@pytest.mark.parametrize(
    "record_set",
    [None, 3, "x", {}, [1], [{"field": 3}], [{"field": [None, {}]}], [{"name": {"en": 1}}], [[]]],
)
def test_odd_record_sets_never_stop_the_reading(record_set: Any) -> None:
    assert croissant.read(described(recordSet=record_set)).name == "Calls"


def test_what_a_database_would_choke_on_is_left_out() -> None:
    found = croissant.read(described(name="A\x00B", description="x" * 9_000, url="javascript:x"))
    assert (found.name, len(found.description), found.url) == ("AB", 4_000, "")
    assert "Its description was cut to 4,000 characters." in found.warnings


def test_the_command_registers_and_says_what_it_left(world: World, tmp_path: Path) -> None:
    file = tmp_path / "calls.json"
    file.write_bytes(described(recordSet=[{"field": [{"name": "email", "dataType": "sc:Text"}]}]))
    out, err = io.StringIO(), io.StringIO()
    slug = world.program.slug
    call_command("import_dataset", str(file), "--program", slug, stdout=out, stderr=err)
    made = Dataset.objects.get(slug="calls")
    assert out.getvalue() == f"{made.ref} calls: 1 fields\n"
    assert "Field “email” is marked sensitive. Its name points to a person." in err.getvalue()
    assert (made.steward, made.tier, made.classification) == (
        world.steward,
        "highly_restricted",
        None,
    )
    for name, message in (("calls.json", "short name exists"), ("none.json", "No such file")):
        with pytest.raises(CommandError, match=message):
            call_command("import_dataset", str(tmp_path / name), "--program", slug)


def test_the_page_shows_what_was_read_before_anything_is_kept(world: World) -> None:
    client = Client()
    client.force_login(User.objects.get(pk=world.steward.pk))
    url = f"/access/import/?program={world.program.slug}"
    bad = client.post(url, {"file": _upload(b"{")})
    assert bad.status_code == 422
    assert "This is not JSON" in bad.content.decode()
    data = described(
        recordSet=[{"field": [{"name": "email"}, {"name": "<i>turn"}]}], keywords=["x"]
    )
    page = client.post(url, {"file": _upload(data)})
    text = page.content.decode()
    assert "Suggested as sensitive" in text
    assert "Not read: keywords." in text
    assert "<i>turn" not in text
    assert not Dataset.objects.exists()
    typed = {name: value for name, value in page.context["form"].initial.items() if value}
    target = page.context["new_url"]
    more = {"variant": "raw", "owner": world.product_owner.pk}
    assert client.post(target, {**typed, **more}).status_code == 302
    made = Dataset.objects.get(slug="calls")
    assert [one["name"] for one in made.fields] == ["email", "<i>turn"]
    other = Client()
    other.force_login(User.objects.get(pk=world.manager.pk))
    assert other.get(url).status_code == 404


def _upload(data: bytes) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = "croissant.json"
    return file
