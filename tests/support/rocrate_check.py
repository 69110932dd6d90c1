"""Judge a crate by rocrate-validator without a network: `python rocrate_check.py CRATE CONTEXTS`.

The validator fetches JSON-LD contexts whatever it is given. Here they come from files: each is put
into its cache as if it had been fetched, and the validator runs offline. A program of its own,
since its libraries warn in ways that would end a test. Prints one line for each failure; exit
status 0 where there is none of severity REQUIRED.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from rocrate_validator import services  # type: ignore[import-untyped]
from rocrate_validator.models import (  # type: ignore[import-untyped]
    Severity,
    ValidationSettings,
)
from urllib3 import HTTPResponse

TERMS = "https://w3id.org/ro/terms/workflow-run"
OF_RUNS = (
    *("ParameterConnection", "connection", "sourceParameter", "targetParameter", "environment"),
    *("sha256", "md5", "resourceUsage", "containerImage", "ContainerImage", "DockerImage"),
    *("SIFImage", "registry", "tag"),
)
"""The terms of the Workflow Run vocabulary; its context maps each into its name space."""


class Files(HTTPAdapter):
    """Answers from files alone; what it does not hold is not found."""

    def __init__(self, held: dict[str, bytes]) -> None:
        super().__init__()
        self.held = held

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        """The file under this address."""
        body = self.held.get(request.url)
        raw = HTTPResponse(
            io.BytesIO(body or b""),
            headers={"Content-Type": "application/ld+json"},
            status=404 if body is None else 200,
            preload_content=False,
            request_url=request.url,
        )
        return self.build_response(request, raw)


def main(crate: Path, contexts: Path) -> int:
    """Fill the cache, validate, print what fails."""
    runs = {"@context": {term: f"{TERMS}#{term}" for term in OF_RUNS}}
    held = {f"{TERMS}/context": json.dumps(runs).encode()}
    for version in ("1.1", "1.2", "1.3"):
        address = f"https://w3id.org/ro/crate/{version}/context"
        held[address] = (contexts / version / "context.jsonld").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "http"
        session = CachedSession(str(cache), backend="sqlite", expire_after=-1)
        session.mount("https://", Files(held))
        for address in held:
            session.get(address).raise_for_status()
        session.close()  # type: ignore[no-untyped-call]
        settings = ValidationSettings(
            rocrate_uri=str(crate),
            profile_identifier="process-run-crate-0.5",
            requirement_severity=Severity.REQUIRED,
            cache_path=cache,
            offline=True,
        )
        result = services.validate(settings)
    for issue in result.get_issues():
        sys.stdout.write(f"{issue.check.identifier}: {issue.message}\n")
    return 0 if result.passed() else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
