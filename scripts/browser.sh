#!/usr/bin/env bash
# Make sure of a Chromium for the browser tests. Fails only where REQUIRE_SERVICES=1.
set -u
[[ -x "${CHROMIUM:-/usr/bin/chromium}" ]] && exit 0
if [[ "$(id -u)" == 0 ]] && command -v apt-get > /dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium > /dev/null && exit 0
fi
echo "Chromium is missing: install it, or name it in CHROMIUM." >&2
[[ "${REQUIRE_SERVICES:-}" == 1 ]] && exit 1
echo "The browser tests will be skipped." >&2
