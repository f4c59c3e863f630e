#!/usr/bin/env bash
# A real Apache Kafka for development and CI, from its published jars: KRaft, SASL_SSL with SCRAM-SHA-512, the standard
# authorizer, loopback only.
#
#   deploy/dev/kafka.sh start|stop|status                 one broker, under .services/kafka
#   deploy/dev/kafka.sh start|stop|status --brokers 3     three of them, under .services/kafka-cluster
#
# `start` also brings back brokers that died, with their data. The pid of broker N is in pid-N, the first one's in pid too.
# The jars are fetched once into ~/.cache/fenban.
NAME=kafka
# shellcheck source=deploy/dev/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
umask 077

VERSION=4.3.1
JARS=${XDG_CACHE_HOME:-$HOME/.cache}/fenban/kafka-$VERSION
FILES=$ROOT/deploy/dev/kafka

usage() { fail "usage: kafka.sh start|stop|status [--brokers N]" "N is 1 or 3"; }

JAVA_PACKAGE=openjdk-17-jre-headless
java_is_there() {
    if command -v java >/dev/null 2>&1; then return; fi
    apt-cache show "$JAVA_PACKAGE" >/dev/null 2>&1 || JAVA_PACKAGE=default-jre-headless
    need_packages java "$JAVA_PACKAGE"
}

# The jars, whole or not at all: two starts at once each copy into a folder of their own.
jars_are_there() {
    [ -d "$JARS" ] && return
    need_packages mvn maven
    say "fetching Kafka $VERSION from Maven Central"
    local fresh
    mkdir -p "$(dirname "$JARS")"
    fresh=$(mktemp -d "$JARS.XXXXXX")
    mvn -q -B -f "$FILES/pom.xml" dependency:copy-dependencies -DoutputDirectory="$fresh" -DincludeScope=runtime >&2 ||
        { rm -rf "$fresh"; fail "Kafka's jars could not be fetched" "check that Maven reaches Maven Central"; }
    mv -T "$fresh" "$JARS" 2>/dev/null || rm -rf "$fresh"
}

tool() { java -Xmx128m -cp "$FILES:$JARS/*" "$@"; }

# A CA of its own and one certificate for loopback, as PEM; the broker's file holds key, certificate and CA.
certificates_are_there() {
    [ -s "$HOME_DIR/broker.pem" ] && return
    need_packages openssl openssl
    local work=$HOME_DIR/certificates
    mkdir -p "$work"
    (
        cd "$work"
        openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=fenban development CA" -keyout ca.key -out ca.pem \
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
        openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout broker.key -out broker.csr
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >extensions
        openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile extensions -out broker.crt
    ) >"$HOME_DIR/openssl.log" 2>&1 || fail "openssl could not make certificates" "see $HOME_DIR/openssl.log"
    cp "$work/ca.pem" "$HOME_DIR/ca.pem"
    cat "$work/broker.key" "$work/broker.crt" "$work/ca.pem" >"$HOME_DIR/broker.pem"
}

# properties NODE: the settings of one broker on stdout.
properties() {
    local node=$1 secret
    secret=$(cat "$HOME_DIR/admin.password")
    cat <<END
process.roles=broker,controller
node.id=$node
controller.quorum.voters=$VOTERS
controller.listener.names=CONTROLLER
listeners=SASL://127.0.0.1:$(port "internal-$node" 0),TLS://127.0.0.1:$(port "tls-$node" 0),CONTROLLER://127.0.0.1:$(port "controller-$node" 0)
advertised.listeners=SASL://127.0.0.1:$(port "internal-$node" 0),TLS://127.0.0.1:$(port "tls-$node" 0)
listener.security.protocol.map=SASL:SASL_PLAINTEXT,TLS:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=SASL
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="$secret";
listener.name.tls.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=$HOME_DIR/broker.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
allow.everyone.if.no.acl.found=false
auto.create.topics.enable=false
log.dirs=$HOME_DIR/data-$node
num.partitions=1
default.replication.factor=$REPLICAS
min.insync.replicas=$IN_SYNC
offsets.topic.replication.factor=$REPLICAS
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$REPLICAS
transaction.state.log.min.isr=$IN_SYNC
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=16777216
END
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

alive() { [ -s "$HOME_DIR/pid-$1" ] && process_lives "$(cat "$HOME_DIR/pid-$1")"; }

# format_node NODE: its data folder, once; the first user is made here.
format_node() {
    [ -s "$HOME_DIR/data-$1/meta.properties" ] && return
    rm -rf "$HOME_DIR/data-$1"
    tool kafka.tools.StorageTool format -t "$(cat "$HOME_DIR/cluster")" -c "$HOME_DIR/server-$1.properties" \
        --add-scram "SCRAM-SHA-512=[name=admin,password=$(cat "$HOME_DIR/admin.password")]" >"$HOME_DIR/format-$1.log" 2>&1 ||
        fail "broker $1 could not be prepared" "see $HOME_DIR/format-$1.log"
}

start_node() {
    alive "$1" && return
    # In a session of its own, so that Ctrl-C in the terminal that started it ends tests and not servers.
    setsid java "-Xmx$HEAP" -cp "$FILES:$JARS/*" kafka.Kafka "$HOME_DIR/server-$1.properties" >>"$HOME_DIR/log-$1" 2>&1 </dev/null &
    echo $! >"$HOME_DIR/pid-$1"
}

start() {
    local node addresses=""
    java_is_there
    jars_are_there
    mkdir -p "$HOME_DIR"
    certificates_are_there
    [ -s "$HOME_DIR/admin.password" ] || password >"$HOME_DIR/admin.password"
    [ -s "$HOME_DIR/cluster" ] || tool kafka.tools.StorageTool random-uuid >"$HOME_DIR/cluster"
    VOTERS=""
    for node in $NODES; do
        VOTERS="${VOTERS:+$VOTERS,}$node@127.0.0.1:$(port "controller-$node" $((FIRST_PORT + node * 10 + 2)))"
        port "internal-$node" $((FIRST_PORT + node * 10)) >/dev/null
        addresses="${addresses:+$addresses,}127.0.0.1:$(port "tls-$node" $((FIRST_PORT + node * 10 + 1)))"
    done
    for node in $NODES; do
        properties "$node" >"$HOME_DIR/server-$node.properties"
        format_node "$node"
    done
    for node in $NODES; do start_node "$node"; done
    cp "$HOME_DIR/pid-1" "$HOME_DIR/pid"
    for node in $NODES; do
        wait_until 60 listening "$(port "tls-$node" 0)" || fail "broker $node does not answer" "see $HOME_DIR/log-$node"
        alive "$node" || fail "broker $node ended at once" "see $HOME_DIR/log-$node"
    done
    cat >"$SERVICES/$NAME.env" <<END
KAFKA_BOOTSTRAP=$addresses
KAFKA_CA=$HOME_DIR/ca.pem
KAFKA_ADMIN_USERNAME=admin
KAFKA_ADMIN_PASSWORD_FILE=$HOME_DIR/admin.password
KAFKA_SECURITY=SASL_SSL
KAFKA_MECHANISM=SCRAM-SHA-512
KAFKA_BROKERS=$BROKERS
KAFKA_REPLICATION=$REPLICAS
KAFKA_FOLDER=$HOME_DIR
END
    say "Apache Kafka $VERSION, $BROKERS broker(s): $addresses"
}

stop() {
    local node pid
    for node in $NODES; do alive "$node" && kill "$(cat "$HOME_DIR/pid-$node")" 2>/dev/null; done
    for node in $NODES; do
        alive "$node" || continue
        pid=$(cat "$HOME_DIR/pid-$node")
        # A frozen or hanging broker is ended all the same.
        kill -s CONT "$pid" 2>/dev/null || true
        wait_until 30 process_ended "$pid" || kill -9 "$pid" 2>/dev/null || true
    done
    rm -f "$HOME_DIR"/pid "$HOME_DIR"/pid-*
}

status() {
    local node
    for node in $NODES; do
        alive "$node" || { say "broker $node does not run"; return 1; }
    done
    say "running: $(sed -n 's/^KAFKA_BOOTSTRAP=//p' "$SERVICES/$NAME.env")"
}

# cluster_of N: the variables of one broker, or of three.
cluster_of() {
    BROKERS=$1
    case $BROKERS in
        1) NAME=kafka NODES="1" REPLICAS=1 IN_SYNC=1 HEAP=512m FIRST_PORT=9080 ;;
        3) NAME=kafka-cluster NODES="1 2 3" REPLICAS=3 IN_SYNC=2 HEAP=384m FIRST_PORT=9180 ;;
        *) usage ;;
    esac
    HOME_DIR=$SERVICES/$NAME
}

WANTED=1
COMMAND=${1:-}
if [ "${2:-}" = --brokers ]; then WANTED=${3:-}; elif [ $# -gt 1 ]; then usage; fi
cluster_of "$WANTED"
case $COMMAND in
    start) start ;;
    stop)
        stop
        if [ $# = 1 ] && [ -d "$SERVICES/kafka-cluster" ]; then cluster_of 3 && stop; fi
        ;;
    status) status ;;
    *) usage ;;
esac
