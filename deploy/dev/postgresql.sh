#!/usr/bin/env bash
# postgresql.sh start|stop|status: a PostgreSQL of this checkout alone, on loopback, with a password.
set -euo pipefail
NAME=postgresql
# shellcheck source=deploy/dev/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
HERE=$SERVICES/$NAME
ROLE=fenban

# Debian's package would start a cluster of its own, for which nobody asked.
no_main_cluster() {
    if [ "$(id -u)" = 0 ] && [ ! -d /etc/postgresql ]; then
        mkdir -p /etc/postgresql-common/createcluster.d
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/fenban.conf
    fi
}

binaries() {
    local newest
    newest=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -1)
    if [ -n "$newest" ]; then dirname "$newest"; fi
}

# PostgreSQL refuses to run as root.
as_owner() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

# Beside the other servers' data, or, where a folder above is closed to the server's user, under /var/tmp.
data_folder() {
    local file=$HERE/data-folder
    if [ ! -s "$file" ]; then
        local data=$HERE/data
        mkdir -p "$HERE"
        as_owner test -x "$HERE" || data=$(mktemp -d /var/tmp/fenban-postgresql.XXXXXX)/data
        echo "$data" >"$file"
    fi
    cat "$file"
}

make_cluster() {
    local secret=$1 pwfile
    [ ! -s "$DATA/PG_VERSION" ] || return 0
    mkdir -p "$DATA"
    chmod 700 "$DATA"
    pwfile=$(mktemp)
    echo "$secret" >"$pwfile"
    if [ "$(id -u)" = 0 ]; then chown postgres "$DATA" "$pwfile" "$(dirname "$DATA")"; fi
    (cd / && as_owner "$BIN/initdb" -D "$DATA" -U "$ROLE" --pwfile="$pwfile" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync) >"$HERE/initdb.log" 2>&1 ||
        { rm -f "$pwfile"; fail "initdb failed" "look into $HERE/initdb.log"; }
    rm -f "$pwfile"
}

answers() {
    PGPASSWORD=$1 "$BIN/psql" -h 127.0.0.1 -p "$2" -U "$ROLE" -d postgres -X -q -c 'SELECT 1'
}

start() {
    no_main_cluster
    [ -n "$(binaries)" ] || need_packages initdb postgresql
    BIN=$(binaries)
    DATA=$(data_folder)
    local port secret
    port=$(port main 55432)
    if running; then
        say "runs on port $port"
        return
    fi
    umask 077
    [ -s "$HERE/password" ] || password >"$HERE/password"
    secret=$(cat "$HERE/password")
    make_cluster "$secret"
    LOG=$(dirname "$DATA")/log
    touch "$LOG"
    if [ "$(id -u)" = 0 ]; then chown postgres "$LOG"; fi
    # No socket: its path may be longer than the system allows, and loopback is all that is needed.
    (cd / && as_owner "$BIN/pg_ctl" -D "$DATA" -l "$LOG" -s -w -t 60 \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300 ${POSTGRESQL_OPTIONS:-}" start) ||
        fail "did not start" "look into $LOG"
    as_owner head -1 "$DATA/postmaster.pid" >"$HERE/pid"
    wait_until 30 answers "$secret" "$port" || fail "does not answer" "look into $LOG"
    echo "POSTGRESQL_URL=postgresql://$ROLE:$secret@127.0.0.1:$port/postgres" >"$SERVICES/$NAME.env"
    chmod 600 "$SERVICES/$NAME.env"
    say "runs on port $port"
}

case "${1:-}" in
start) start ;;
stop) stop_pid INT && say "stopped" ;;
status) if running; then say "runs, pid $(cat "$HERE/pid")"; else say "does not run" && exit 1; fi ;;
*) echo "usage: $0 start|stop|status" >&2 && exit 2 ;;
esac
