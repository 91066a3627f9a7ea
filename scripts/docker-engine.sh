#!/usr/bin/env bash
# Makes `l7audit run --target containers` possible on Debian: a Docker engine, and the base image.
#
#     sudo scripts/docker-engine.sh
#
# Installs Debian's docker.io where there is no engine and starts it where none answers (with or
# without systemd), then sees to the image that ours are built from: pulled where a registry can be
# reached, else made of Debian's own packages. Running it again changes nothing.
set -euo pipefail

base=debian:trixie-slim
log=${TMPDIR:-/tmp}/l7audit-dockerd.log

say() { echo "docker-engine: $*" >&2; }
stop() { say "$*"; exit 1; }

engine_answers() { docker info >/dev/null 2>&1; }

install_packages() {
    command -v apt-get >/dev/null || stop "only Debian is known here; install $* yourself."
    [ "$(id -u)" = 0 ] || stop "installing $* needs root."
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update || say "the list of Debian's packages cannot be read; the old one is used."
    apt-get -qq install --yes --no-install-recommends "$@" >/dev/null || stop "$* cannot be installed."
}

# One that was killed leaves its number, and the next would not start beside it. One that is just
# starting is given time to answer.
forget_killed_engine() {
    local number
    number=$(cat /var/run/docker.pid 2>/dev/null) || return 0
    for _ in $(seq 50); do
        grep -qs dockerd "/proc/$number/comm" || break
        ! engine_answers || return 0
        sleep 0.2
    done
    rm -f /var/run/docker.pid
}

start_engine() {
    # Without systemd nobody has mounted what the engine keeps containers in.
    if [ -d /run/systemd/system ]; then
        systemctl start docker || stop "systemd cannot start the engine: journalctl -u docker"
    else
        forget_killed_engine
        ! engine_answers || return 0
        nohup setsid dockerd >"$log" 2>&1 </dev/null &
    fi
    for _ in $(seq 150); do
        ! engine_answers || return 0
        sleep 0.2
    done
    stop "the engine does not answer after 30 s: see $log"
}

make_base_image() {
    docker pull --quiet "$base" >/dev/null 2>&1 && return
    say "no registry has $base for us; it is made of Debian's packages."
    command -v mmdebstrap >/dev/null || install_packages mmdebstrap
    # What the slim image leaves out as well: nobody reads manuals in a container.
    mmdebstrap --quiet --variant=minbase --include=ca-certificates \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
        trixie - | docker import --change 'CMD ["bash"]' - "$base" >/dev/null ||
        stop "$base cannot be made."
}

if ! engine_answers; then
    if ! command -v dockerd >/dev/null || ! command -v iptables >/dev/null; then
        install_packages docker.io iptables
    fi
    [ "$(id -u)" = 0 ] || stop "starting the engine needs root."
    start_engine
fi
docker image inspect "$base" >/dev/null 2>&1 || make_base_image
say "the engine $(docker version --format '{{.Server.Version}}') is ready, with $base."
