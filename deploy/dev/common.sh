# Shared by the scripts that run servers for development and CI on this machine. Sourced, not run.
#
# A server's data, log, pid and address lie under .services/NAME; what a program needs to reach it stands in
# .services/NAME.env (KEY=value lines), written once it answers. Ports are the defaults where they are free, else free
# ones, and stay the same until the folder is removed. Everything listens on loopback only.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SERVICES=${FENBAN_SERVICES:-$ROOT/.services}
PYTHON=$(command -v "${PYTHON:-python3}" || true)
mkdir -p "$SERVICES"

say() { echo "$NAME: $*" >&2; }
fail() { say "$1"; say "→ $2"; exit 1; }

# need_packages COMMAND PACKAGE…: installs Debian's packages unless COMMAND is there.
need_packages() {
    local command=$1
    shift
    if command -v "$command" >/dev/null 2>&1 || [ -x "$command" ]; then return; fi
    [ "$(id -u)" = 0 ] || fail "$command is missing" "as root: apt-get install $*"
    say "installing $*"
    apt-get update -qq >/dev/null
    without_services env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# without_services COMMAND…: runs it while no package may start its own service (Debian's policy-rc.d).
without_services() {
    local policy=/usr/sbin/policy-rc.d code=0
    if [ -e "$policy" ]; then "$@"; return; fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    "$@" || code=$?
    rm -f "$policy"
    return "$code"
}

# port WHAT DEFAULT: the port of this server, kept in its folder. With FENBAN_PORTS=any never the default: of several servers
# that start at once no two find the same one free.
port() {
    local file=$SERVICES/$NAME/port-$1
    mkdir -p "$SERVICES/$NAME"
    if [ ! -s "$file" ]; then
        local wanted=$2
        if [ "${FENBAN_PORTS:-}" = any ]; then wanted=0; fi
        "$PYTHON" - "$wanted" >"$file" <<'PY'
import socket, sys
for wanted in (int(sys.argv[1]), 0):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            continue
        print(probe.getsockname()[1])
        break
PY
    fi
    cat "$file"
}

# process_lives PID: whether it runs. One that ended and is not yet collected by its parent does not; one whose first thread
# ended does, and keeps its sockets, until the others ended too.
process_lives() {
    kill -0 "$1" 2>/dev/null || return 1
    ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null || ! grep -q '^Threads:[[:space:]]*1$' "/proc/$1/status" 2>/dev/null
}
process_ended() { ! process_lives "$1"; }

running() { [ -s "$SERVICES/$NAME/pid" ] && process_lives "$(cat "$SERVICES/$NAME/pid")"; }

# wait_until SECONDS COMMAND…: until the command succeeds.
wait_until() {
    local deadline=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$deadline" ] || return 1
        sleep 0.2
    done
}

# stop_pid [SIGNAL]: ends the server by its pid and waits for it.
stop_pid() {
    local pid
    running || { rm -f "$SERVICES/$NAME/pid"; return 0; }
    pid=$(cat "$SERVICES/$NAME/pid")
    kill -s "${1:-TERM}" "$pid" 2>/dev/null || true
    if ! wait_until 30 process_ended "$pid"; then kill -9 "$pid" 2>/dev/null || true; fi
    rm -f "$SERVICES/$NAME/pid"
}

password() { "$PYTHON" -c 'import secrets; print(secrets.token_urlsafe(18))'; }
