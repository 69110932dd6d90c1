"""The project's own settings, pointed at a throw-away database and a throw-away var/.

TEST_DB=sqlite (the default) or postgresql. The PostgreSQL pass also uses Redis as in production.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_VAR = tempfile.mkdtemp(prefix="fellowship-tests-")
atexit.register(shutil.rmtree, _VAR, ignore_errors=True)
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0)
POSTGRESQL = os.environ.get("TEST_DB", "sqlite") == "postgresql"

os.environ["FELLOWSHIP_VAR"] = _VAR
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["LOG_LEVEL"] = "WARNING"
os.environ["THROTTLE_ANON"] = os.environ["THROTTLE_USER"] = "1000000/min"
for _name in ("DEBUG", "FELLOWSHIP_DEMO", "FELLOWSHIP_BASE_URL"):
    os.environ.pop(_name, None)
if POSTGRESQL:
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        os.environ["DATABASE_URL"] = "postgresql://postgres@127.0.0.1:5432/postgres"
    # What a crash of the server would lose does not matter here, and waiting for the disk does.
    os.environ.setdefault("PGOPTIONS", "-c random_page_cost=1.1 -c synchronous_commit=off")
    # One Redis database for each worker: clearing the cache empties the whole database.
    os.environ["REDIS_URL"] = f"redis://127.0.0.1:6379/{8 + _WORKER % 8}"
else:
    os.environ["DATABASE_URL"] = f"sqlite:///{_VAR}/fellowship.sqlite3"
    os.environ.pop("REDIS_URL", None)

from fellowship.settings import *  # noqa: E402, F403
from fellowship.settings import DATABASES  # noqa: E402

if not POSTGRESQL:
    # A file, not memory: a served site and worker threads each need a connection of their own.
    DATABASES["default"]["TEST"] = {"NAME": f"{_VAR}/test.sqlite3"}
DATABASES["default"]["CONN_MAX_AGE"] = 0
# A test may be held up between reading a code and sending it.
MFA_TOTP_TOLERANCE = 2
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each test client makes the middleware anew: look a static file up when it is asked for.
WHITENOISE_AUTOREFRESH = True
