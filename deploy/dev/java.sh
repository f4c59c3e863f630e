#!/usr/bin/env bash
# Builds the departments' Java handler with its unit tests, installing Debian's JDK and Maven where they are missing.
NAME=java
# shellcheck source=deploy/dev/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

JDK=openjdk-17-jdk-headless
if ! command -v javac >/dev/null 2>&1; then
    apt-cache show "$JDK" >/dev/null 2>&1 || JDK=default-jdk-headless
fi
need_packages javac "$JDK"
need_packages mvn maven
mvn -q -B -Dstyle.color=never -f "$ROOT/docs/handlers/java/pom.xml" package || fail "the Java handler could not be built" "see above"
say "built: docs/handlers/java/target/handler.jar"
