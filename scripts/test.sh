#!/usr/bin/env bash
# The suite on SQLite, then on PostgreSQL and Redis where both answer; says at the end which ran.
# REQUIRE_SERVICES=1 makes a pass that cannot run a failure. Arguments go to pytest.
set -u
cd "$(dirname "$0")/.."
spread=(-n "${WORKERS:-2}" --dist loadfile --no-loadscope-reorder)
# Keep compiled modules: each pass starts processes by the dozen.
unset PYTHONDONTWRITEBYTECODE
ran=()
status=0

run() {
    local name="$1"
    shift
    echo "== ${name}"
    if "$@"; then ran+=("${name}: passed"); else ran+=("${name}: FAILED"); status=1; fi
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

run "SQLite" env TEST_DB=sqlite .venv/bin/pytest -q "${spread[@]}" "$@"

if [[ -n "${DATABASE_URL:-}" ]] || answers 5432 && answers 6379; then
    run "PostgreSQL and Redis" env TEST_DB=postgresql .venv/bin/pytest -q "${spread[@]}" "$@"
elif [[ "${REQUIRE_SERVICES:-}" == 1 ]]; then
    ran+=("PostgreSQL and Redis: FAILED, they do not answer and REQUIRE_SERVICES=1")
    status=1
else
    ran+=("PostgreSQL and Redis: NOT RUN, they do not answer on 127.0.0.1")
fi

echo
printf '%s\n' "${ran[@]}"
exit "${status}"
