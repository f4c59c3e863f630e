#!/usr/bin/env bash
# dovecot.sh start|stop|status|peers: a Dovecot of its own for development and CI, beside whatever else runs on the machine.
# IMAP in plain and with TLS on loopback, three accounts (an ordinary one, one with a small quota, one for the benchmark), mails
# in Maildirs into which tests may also write. peers: the programs that the benchmark measures against.
NAME=dovecot
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
PATH=$PATH:/usr/sbin
HERE=$SERVICES/$NAME

owner() { if [ "$(id -u)" = 0 ]; then echo mail; else id -un; fi; }

# Dovecot gives up root for the owner of the mails, who must be able to reach them; its socket names must stay short.
place() {
    local file=$HERE/place
    if [ ! -s "$file" ]; then
        if [ "${#HERE}" -le 60 ] && may_enter "$HERE"; then
            echo "$HERE" >"$file"
        else
            mktemp -d /var/tmp/fenban-dovecot.XXXXXX >"$file"
            chmod 755 "$(cat "$file")"
        fi
    fi
    cat "$file"
}

may_enter() {
    if [ "$(id -u)" != 0 ]; then return 0; fi
    setpriv --reuid="$(owner)" --regid="$(owner)" --clear-groups test -x "$1" 2>/dev/null
}

certificate() {
    [ -s "$HERE/ca.pem" ] && openssl x509 -checkend 86400 -noout -in "$HERE/server.pem" >/dev/null && return
    local key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    openssl req -x509 "${key[@]}" -keyout "$HERE/ca.key" -out "$HERE/ca.pem" -days 3650 -subj "/CN=fenban development" \
        -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" 2>/dev/null
    openssl req "${key[@]}" -keyout "$HERE/server.key" -out "$HERE/server.csr" -subj "/CN=localhost" 2>/dev/null
    openssl x509 -req -in "$HERE/server.csr" -CA "$HERE/ca.pem" -CAkey "$HERE/ca.key" -CAcreateserial -days 825 \
        -out "$HERE/server.pem" -extfile <(
            printf '%s\n' "subjectAltName=DNS:localhost,IP:127.0.0.1" "basicConstraints=CA:FALSE" \
                "keyUsage=digitalSignature" "extendedKeyUsage=serverAuth" "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid"
        ) 2>/dev/null
    chmod 600 "$HERE"/*.key
}

users() {
    local place=$1 secret uid gid
    [ -s "$HERE/password" ] || (umask 077 && password >"$HERE/password")
    secret=$(cat "$HERE/password")
    uid=$(id -u "$(owner)") gid=$(id -g "$(owner)")
    for line in mayor: full:userdb_quota_rule=*:storage=64K bench:; do
        echo "${line%%:*}:{PLAIN}$secret:$uid:$gid::$place/mail/${line%%:*}::${line#*:}"
    done >"$place/users"
}

configuration() {
    local place=$1
    cat <<CONF
protocols = imap
listen = 127.0.0.1
instance_name = fenban-development
base_dir = $place/run
state_dir = $place/run
log_path = $HERE/log
default_internal_user = $2
default_internal_group = $(id -gn "$2")
default_login_user = $3
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <$HERE/server.pem
ssl_key = <$HERE/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = $place/users
}
userdb {
  driver = passwd-file
  args = $place/users
}
mail_location = maildir:%h/Maildir
mail_plugins = acl quota
mail_max_userip_connections = 20
plugin {
  acl = vfile
  quota = count:mails
  quota_vsizes = yes
}
protocol imap {
  mail_plugins = acl quota imap_acl imap_quota
}
namespace inbox {
  inbox = yes
  separator = /
}
service imap-login {
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {
    port = $4
  }
  inet_listener imaps {
    port = $5
    ssl = yes
  }
}
service anvil {
  chroot =
  # Wrong passwords are part of the tests; those from one address would be answered slower and slower.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
CONF
}

environment() {
    cat <<ENV
DOVECOT_HOST=127.0.0.1
DOVECOT_PORT=$2
DOVECOT_TLS_PORT=$3
DOVECOT_CA=$HERE/ca.pem
DOVECOT_USER=mayor
DOVECOT_QUOTA_USER=full
DOVECOT_BENCH_USER=bench
DOVECOT_PASSWORD_FILE=$HERE/password
DOVECOT_MAIL=$1/mail
DOVECOT_MAIL_OWNER=$(owner)
DOVECOT_CONF=$HERE/dovecot.conf
ENV
}

answers() { "$PYTHON" -c 'import socket, sys; sys.exit(not socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).recv(4))' "$1"; }

start() {
    if running; then
        say "runs already (pid $(cat "$HERE/pid"))"
        return
    fi
    need_packages /usr/lib/dovecot/imap dovecot-core dovecot-imapd
    need_packages openssl openssl
    mkdir -p "$HERE"
    local place plain tls internal login
    place=$(place) plain=$(port imap 1143) tls=$(port imaps 1993)
    internal=$(owner) login=$(owner)
    if [ "$(id -u)" = 0 ]; then internal=dovecot login=dovenull; fi
    mkdir -p "$place/run" "$place/mail"
    if [ "$(id -u)" = 0 ]; then chown "$(owner):" "$place/mail"; fi
    certificate
    users "$place"
    if [ "$(id -u)" = 0 ]; then chown "root:dovecot" "$place/users"; fi
    chmod 640 "$place/users"
    configuration "$place" "$internal" "$login" "$plain" "$tls" >"$HERE/dovecot.conf"
    # Its processes keep what they are given open: a pipe would keep its reader waiting.
    dovecot -c "$HERE/dovecot.conf" </dev/null >>"$HERE/log" 2>&1 || fail "does not start" "read $HERE/log"
    if ! wait_until 20 test -s "$place/run/master.pid" || ! wait_until 20 answers "$plain"; then
        fail "does not answer on port $plain" "read $HERE/log"
    fi
    cat "$place/run/master.pid" >"$HERE/pid"
    (umask 077 && environment "$place" "$plain" "$tls" >"$SERVICES/$NAME.env")
    say "127.0.0.1:$plain, with TLS :$tls"
}

stop() {
    stop_pid TERM
    rm -f "$SERVICES/$NAME.env"
}

status() {
    if running; then
        say "runs (pid $(cat "$HERE/pid")), port $(cat "$HERE/port-imap"), with TLS $(cat "$HERE/port-imaps")"
    else
        say "does not run"
        exit 1
    fi
}

peers() {
    need_packages fetchmail fetchmail
    need_packages mbsync isync
}

case "${1:-}" in
    start | stop | status | peers) "$1" ;;
    *)
        echo "usage: $0 start|stop|status|peers" >&2
        exit 2
        ;;
esac
