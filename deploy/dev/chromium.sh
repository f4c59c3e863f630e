#!/usr/bin/env bash
# chromium.sh start|stop|status: Debian's Chromium with a Chinese font, for the tests of the console's pages. Nothing is left running.
NAME=chromium
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case "${1:-}" in
    start)
        need_packages chromium chromium fonts-wqy-zenhei
        command -v chromium >/dev/null 2>&1 || fail "chromium is missing" "install a Chromium and put it on PATH"
        say "$(chromium --version 2>/dev/null | head -1)"
        ;;
    stop) ;;
    status) command -v chromium >/dev/null 2>&1 && say "installed" ;;
    *) fail "unknown command" "start, stop or status" ;;
esac
