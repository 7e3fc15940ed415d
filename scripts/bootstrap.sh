#!/bin/sh
# Brings what Vedette needs and says what it does and why. Prints nothing when all of it is there.
#
#   scripts/bootstrap.sh runtime   what `make up` needs: Redis and its tools, npm packages, the build
#   scripts/bootstrap.sh docker    what `make up RUNTIME=docker` needs: Docker and Compose in the place of Redis
#   scripts/bootstrap.sh test      what `make test` needs: all of it; Docker only where this is Debian and root
#   scripts/bootstrap.sh build     what works without Redis needs: npm packages and the build
#
# (`install-redis MANAGER PACKAGES` and `install-docker PACKAGES` are the parts that need root; the script calls itself
# with them.)
#
# Everything is said on stderr, so that `make status ARGS=--json | jq` works on the first day too.
# POSIX sh on purpose, and as few processes as possible: this runs before every make target.
set -eu

node_minimum=20.19
redis_minimum=6.2

# Where Debian asks whether a package may start its service, and where systemd keeps units. Tests override both.
policy=${VEDETTE_POLICY_RC_D:-/usr/sbin/policy-rc.d}
unit_directories=${VEDETTE_UNIT_DIRS:-/etc/systemd/system /lib/systemd/system /usr/lib/systemd/system}
policy_mark='Temporary, from the installation of Vedette'
policy_is_ours=no
log=

say() {
  printf '%s\n' "$*" >&2
}

die() {
  say "$@"
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# at_least 20.20.2 20.19: compares major and minor.
at_least() {
  major=${1%%.*} rest=${1#*.}
  minor=${rest%%.*}
  wanted_major=${2%%.*} wanted_minor=${2#*.}
  case "$major$minor" in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -gt "$wanted_major" ] || { [ "$major" -eq "$wanted_major" ] && [ "$minor" -ge "$wanted_minor" ]; }
}

# --- Node.js -------------------------------------------------------------------------------------------------

check_node() {
  where='https://nodejs.org/en/download has it for every system.'
  has node || die "Vedette needs Node.js $node_minimum or newer, and there is no \`node\` on the PATH. $where"
  node_version=$(node --version)
  at_least "${node_version#v}" "$node_minimum" ||
    die "Vedette needs Node.js $node_minimum or newer; \`node\` here is $node_version. $where"
}

install_packages() {
  lock=node_modules/.package-lock.json
  if [ ! -d node_modules ] || [ ! -f "$lock" ]; then
    why='node_modules is missing'
  elif [ package-lock.json -nt "$lock" ]; then
    why='package-lock.json is newer than node_modules'
  else
    return 0
  fi
  has npm || die "Vedette needs npm to install its packages ($why), and there is no \`npm\` on the PATH."
  say "Running npm ci ($why) ..."
  # --include=dev: everything is a development dependency (it is bundled), and NODE_ENV=production would skip it.
  npm ci --include=dev --no-audit --no-fund --loglevel=error >&2 ||
    die 'npm ci failed (see above). Is the package registry reachable? Then run the same make command again.'
  touch "$lock"
}

build() {
  newer=
  if [ -f dist/.stamp ]; then
    newer=$(find src scripts/build.mjs scripts/licenses.mjs package.json package-lock.json tsconfig*.json \
      -newer dist/.stamp 2>/dev/null) || newer=unknown
    [ -n "$newer" ] || return 0
  fi
  node scripts/build.mjs >&2 || die 'Building Vedette failed (see above).'
}

# --- Redis ---------------------------------------------------------------------------------------------------

missing_binaries() {
  missing=
  for binary in redis-server redis-sentinel redis-cli redis-benchmark redis-check-rdb; do
    has "$binary" && continue
    # Elsewhere than on Debian it is only another name for `redis-server --sentinel`.
    [ "$binary" = redis-sentinel ] && has redis-server && ! has apt-get && continue
    missing="$missing $binary"
  done
  missing=${missing# }
}

check_redis_version() {
  redis_version=$(redis-server --version) || die 'redis-server is on the PATH but does not run.'
  redis_version=${redis_version#* v=}
  redis_version=${redis_version%% *}
  at_least "$redis_version" "$redis_minimum" ||
    die "Vedette needs Redis $redis_minimum or newer (7.0 or newer recommended); \`redis-server\` here is $redis_version." \
      'https://redis.io/docs/latest/operate/oss_and_stack/install/ has newer packages.'
}

# Sets manager, packages and command (what a person with root would type).
choose_packages() {
  if has apt-get; then
    manager=apt-get packages=
    for binary in $missing; do
      case $binary in
        redis-server | redis-sentinel) package=$binary ;;
        *) package=redis-tools ;;
      esac
      case " $packages " in *" $package "*) ;; *) packages="$packages $package" ;; esac
    done
    packages=${packages# }
    command="sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages"
    services=$(new_services "$packages")
    if [ -n "$services" ] && has systemctl; then
      # Debian starts what it installs, on the very ports that the cluster wants.
      command="$command && sudo systemctl disable --now $services"
    fi
  elif has dnf; then
    manager=dnf packages=redis command='sudo dnf install -y redis'
  elif has brew; then
    manager=brew packages=redis command='brew install redis'
  else
    die "Vedette needs Redis $redis_minimum or newer on the PATH (missing: $missing), and knows only apt-get, dnf and" \
      'brew to install it. https://redis.io/docs/latest/operate/oss_and_stack/install/ tells how to get it here.'
  fi
}

unit_exists() {
  for directory in $unit_directories; do
    [ -e "$directory/$1.service" ] && return 0
  done
  return 1
}

# Of these packages, the services that the installation will bring and that were not there before.
new_services() {
  found=
  for package in $1; do
    case $package in
      redis-server | redis-sentinel) candidates=$package ;;
      redis) candidates='redis redis-sentinel' ;;
      docker.io) candidates='docker containerd' ;;
      *) candidates= ;;
    esac
    for service in $candidates; do
      unit_exists "$service" || found="$found $service"
    done
  done
  printf '%s' "${found# }"
}

install_redis() {
  missing_binaries
  [ -n "$missing" ] || return 0
  choose_packages
  uid=$(id -u)
  needs="Vedette runs real Redis processes and these are missing: $missing."
  if [ "$manager" = brew ]; then
    # Homebrew refuses root, and starts no service on its own.
    [ "$uid" -ne 0 ] || die "$needs Run this as an ordinary user, then make again:" "$command"
    say "$needs Running: $command"
    brew install redis >&2 || die "brew install redis failed (see above)."
  elif [ "$uid" -eq 0 ]; then
    say "$needs Installing with $manager: $packages"
    trap : INT # Ctrl-C is for the part that has to clean up; we wait until it has
    sh "$self" install-redis "$manager" "$packages" || exit 1
  elif has sudo && sudo -n true 2>/dev/null; then
    say "$needs Installing with sudo $manager: $packages"
    trap : INT
    sudo -n env "VEDETTE_POLICY_RC_D=$policy" "VEDETTE_UNIT_DIRS=$unit_directories" \
      sh "$self" install-redis "$manager" "$packages" || exit 1
  else
    say "$needs"
    say 'Installing them needs root, which this user does not have. Run this, then the same make command again:'
    say ''
    say "    $command"
    say ''
    exit 1
  fi
  trap - INT
  hash -r
  missing_binaries
  [ -z "$missing" ] || die "$manager has finished, but these are still not on the PATH: $missing"
}

# --- Docker --------------------------------------------------------------------------------------------------

missing_docker() {
  missing=
  for binary in "$@"; do
    has "$binary" || missing="$missing $binary"
  done
  has docker-compose || docker compose version >/dev/null 2>&1 || missing="$missing docker-compose"
  missing=${missing# }
}

# Sets packages to what Debian has the missing programs in.
docker_packages() {
  packages=
  for binary in $missing; do
    case $binary in
      docker | dockerd) package=docker.io ;;
      *) package=$binary ;;
    esac
    case " $packages " in *" $package "*) ;; *) packages="$packages $package" ;; esac
  done
  packages=${packages# }
}

install_docker() {
  missing_docker docker
  [ -n "$missing" ] || return 0
  needs="Vedette runs the cluster in containers and these are missing: $missing."
  has apt-get || die "$needs https://docs.docker.com/engine/install/ tells how to get Docker and Compose here."
  docker_packages
  command="sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages"
  if [ "$(id -u)" -eq 0 ]; then
    say "$needs Installing with apt-get: $packages"
    sh "$self" install-docker "$packages" || exit 1
  elif has sudo && sudo -n true 2>/dev/null; then
    say "$needs Installing with sudo apt-get: $packages"
    sudo -n sh "$self" install-docker "$packages" || exit 1
  else
    say "$needs"
    say 'Installing them needs root, which this user does not have. Run this, then the same make command again:'
    say ''
    say "    $command"
    say ''
    exit 1
  fi
  hash -r
}

# Tests start an engine of their own, which takes root; where that cannot be they are skipped, and say so.
install_docker_for_tests() {
  missing_docker docker dockerd iptables
  [ -n "$missing" ] || return 0
  has apt-get && [ "$(id -u)" -eq 0 ] || return 0
  docker_packages
  say "The tests of containers need $missing. Installing with apt-get (no service is started): $packages"
  sh "$self" install-redis apt-get "$packages" || say 'They will be skipped.'
  hash -r
}

# Is the cluster of this directory one in containers? So it was started, or so its topology file says.
runs_in_docker() {
  grep -qs '"runtime": "docker"' .vedette/*/cluster.json ||
    grep -qs '^runtime: *docker' vedette.yaml
}

# --- The part that runs as root ------------------------------------------------------------------------------

clean_up() {
  [ "$policy_is_ours" = no ] || rm -f "$policy"
  [ -z "$log" ] || rm -f "$log"
}

# While the packages are unpacked, Debian must not start redis on 6379 and 26379, nor an engine for mere tests.
forbid_service_start() {
  if [ -e "$policy" ]; then
    # Somebody's own policy stays as it is; one of ours is what a `kill -9` of an earlier run left.
    grep -q "$policy_mark" "$policy" || return 0
  fi
  policy_is_ours=yes
  cat >"$policy" <<POLICY
#!/bin/sh
# $policy_mark: what Vedette installs does not start by itself.
for word in "\$@"; do
  case \${word%.service} in redis-server | redis-sentinel | docker | docker.socket | containerd) exit 101 ;; esac
done
exit 0
POLICY
  chmod 755 "$policy"
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >>"$log" 2>&1
}

apt_install() {
  updated=no
  # shellcheck disable=SC2086 # a list of words
  if ! apt -s install --no-install-recommends $1; then
    : >"$log"
    say 'Running apt-get update (it does not know these packages yet) ...'
    apt update || return 1
    updated=yes
  fi
  # shellcheck disable=SC2086
  apt -y install --no-install-recommends $1 && return 0
  [ "$updated" = no ] || return 1
  # Lists that are some weeks old name versions that the mirrors no longer have.
  : >"$log"
  say 'Running apt-get update (the installation failed; its lists may be old) ...'
  # shellcheck disable=SC2086
  apt update && apt -y install --no-install-recommends $1
}

# A service of this very installation: not now, and not after the next reboot either.
silence() {
  if has systemctl; then
    systemctl disable --now "$1" >>"$log" 2>&1 || systemctl disable "$1" >>"$log" 2>&1 || true
  elif has update-rc.d; then
    # Where somebody else's policy is in force, it may have allowed the start.
    [ "$policy_is_ours" = yes ] || invoke-rc.d "$1" stop >>"$log" 2>&1 || true
    update-rc.d "$1" disable >>"$log" 2>&1 || true
  fi
}

# install_as_root MANAGER "PACKAGE..."
install_as_root() {
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  log=$(mktemp)
  services=$(new_services "$2")
  case $1 in
    apt-get)
      forbid_service_start
      apt_install "$2" || installed=no
      ;;
    # shellcheck disable=SC2086
    dnf) dnf install -y -q $2 >>"$log" 2>&1 || installed=no ;;
    *) die "scripts/bootstrap.sh: no such package manager: $1" ;;
  esac
  # Also after a failure: half of the packages may be there.
  for service in $services; do
    ! unit_exists "$service" || silence "$service"
  done
  [ "${installed:-yes}" = no ] || return 0
  tail -n 20 "$log" >&2
  die "$1 could not install $2 (its last words are above). Is this machine online?"
}

install_docker_as_root() {
  trap clean_up EXIT
  log=$(mktemp)
  apt_install "$1" || {
    tail -n 20 "$log" >&2
    die "apt-get could not install $1 (its last words are above). Is this machine online?"
  }
}

# --- main ----------------------------------------------------------------------------------------------------

case $0 in */*) here=${0%/*} ;; *) here=. ;; esac
cd "$here/.."
self=$PWD/scripts/bootstrap.sh

case ${1:-} in
  runtime | docker | test)
    # Root first: who has to type a command should not wait for npm before.
    check_node
    if [ "$1" = docker ] || { [ "$1" = runtime ] && runs_in_docker; }; then
      install_docker
    else
      install_redis
      check_redis_version
    fi
    [ "$1" != test ] || install_docker_for_tests
    install_packages
    build
    ;;
  build)
    check_node
    install_packages
    build
    ;;
  install-redis)
    [ $# -eq 3 ] || die 'usage: scripts/bootstrap.sh install-redis MANAGER "PACKAGE..."'
    install_as_root "$2" "$3"
    ;;
  install-docker)
    [ $# -eq 2 ] || die 'usage: scripts/bootstrap.sh install-docker "PACKAGE..."'
    install_docker_as_root "$2"
    ;;
  *) die 'usage: scripts/bootstrap.sh runtime|docker|test|build' ;;
esac
