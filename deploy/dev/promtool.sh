#!/usr/bin/env bash
# promtool.sh: Debian's promtool, by which the alert rules of deploy/prometheus are tested. Nothing of it runs as a service.
NAME=promtool
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_packages promtool prometheus
promtool --version | head -n 1
