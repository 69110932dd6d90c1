"""How gunicorn serves the site; each value can be set in the environment."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

from prometheus_client import multiprocess

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 30
keepalive = 5
# A worker that has served this many requests is replaced: slow leaks never grow old.
max_requests = 5000
max_requests_jitter = 500
# In a container /tmp may be a disk: the workers' heartbeat files belong in memory.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# Signals steer it; a socket in the home directory would be one more door, shared by every site.
control_socket_disable = True
# The application writes one line for each request, with its route and no address of anybody's.
accesslog = None
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")

_json = os.environ.get("LOG_FORMAT") or (
    "json" if os.environ.get("FELLOWSHIP_BASE_URL", "").startswith("https:") else "text"
)
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": f"fellowship.kernel.logs.{'JsonLines' if _json == 'json' else 'Readable'}",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True}},
    "root": {"handlers": ["console"], "level": "INFO"},
}

# Where each process counts its requests, so that any of them can tell the sum of all.
_ours = not os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if _ours:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="fellowship-metrics-")


def post_worker_init(worker: Any) -> None:
    """The application is loaded, its routes too: what is there by now is no garbage."""
    from django.urls import get_resolver

    from fellowship.kernel import garbage

    get_resolver().url_patterns  # noqa: B018
    garbage.settle()


def child_exit(server: Any, worker: Any) -> None:
    """What a process was doing is no longer done by it; what it counted stays counted."""
    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Leave no figures of a server that is gone."""
    if _ours:
        shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
