#!/bin/sh
# Starts one Redis or Sentinel process, and is the only way in which Vedette starts one.
#
#   sh node-start.sh NODE_DIR
#
# NODE_DIR holds `start.env` (what to start, written by the runtime; a container has the same in its environment), the
# working copy of the configuration and, with authentication, `secret`. The script becomes the server (exec), so its
# pid is the server's pid.
#
# A Redis node goes through safe start. It asks the Sentinels who is master and then
#   - follows the master they name, with replica-priority 0 until its first completed sync: replication offsets
#     do not survive a restart, so Sentinel cannot tell a fresh replica from a wiped one;
#   - or, when it is named itself, starts as master behind a fence (min-replicas-to-write above any possible
#     number of replicas: every write is answered NOREPLICAS), and takes the fence down when, a second later and
#     with the server up, the Sentinels still name it and none is failing over;
#   - or waits, not running at all, and writes down why.
# It never promotes: that is Sentinel's business. It needs nothing but a POSIX shell, awk and redis-cli, so that
# it also runs in images without Node.
set -u

# Redis and Sentinel rewrite their configuration, passwords included, with 0644 less the umask.
umask 077

node_dir=$1
# shellcheck source=/dev/null
[ ! -e "$node_dir/start.env" ] || . "$node_dir/start.env"
secret_file=${SECRET_FILE:-$node_dir/secret}
clean_stop=${CLEAN_STOP_FILE:-$node_dir/clean-stop}

# ---------------------------------------------------------------------------------------------- small tools

say() { printf '%s vedette[%s]: %s\n' "$(LC_ALL=C date '+%d %b %Y %H:%M:%S')" "$NODE" "$*"; }

# A Sentinel that hangs must not hold us back for longer than this many seconds.
if command -v timeout >/dev/null 2>&1; then limit='timeout 2'; else limit=''; fi

# ask HOST PORT COMMAND...: the reply's lines; nothing on any failure. The password travels in the environment.
ask() {
  ask_host=$1 ask_port=$2
  shift 2
  if [ -s "$secret_file" ]; then
    REDISCLI_AUTH=$(cat "$secret_file") $limit "$REDIS_CLI" -h "$ask_host" -p "$ask_port" --no-auth-warning "$@" 2>/dev/null
  else
    $limit "$REDIS_CLI" -h "$ask_host" -p "$ask_port" "$@" 2>/dev/null
  fi
}

ask_self() { ask "$LOCAL_HOST" "$PORT" "$@"; }

replace() { # replace FILE < content: readers see the old file or the new one, never half of it
  # It may hold a password, whatever the caller's umask is.
  (umask 077 && cat >"$1.tmp.$$") && mv -f "$1.tmp.$$" "$1"
}

# identity PID: what tells this process from a later one with the same pid; nothing for a dead one. A zombie is
# dead, though kill -0 finds it: only its parent can reap it.
identity() {
  if [ -r "/proc/$1/stat" ]; then
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" && $1 != "X" { print $20 }'
  else
    LC_ALL=C ps -o lstart= -p "$1" 2>/dev/null | awk '{ $1 = $1; gsub(/ /, "_"); print }'
  fi
}

boot() { cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo none; }

# ------------------------------------------------------------------------------------------------- one at a time

# lives FILE: is the process that FILE names (`other`) alive, and still the same one? No kill -0: it says no to a
# process of another user.
lives() {
  other='' other_identity='' other_boot=''
  read -r other other_identity other_boot 2>/dev/null <"$1"
  [ -n "$other_identity" ] && [ "$other_boot" = "$(boot)" ] && [ "$(identity "$other")" = "$other_identity" ]
}

# dead FILE: does it name a process that is gone, or none at all (it was written on a full disk)? Not where there is
# no file: somebody may have just made his.
dead() {
  ! lives "$1" && { [ -n "$other" ] || { [ -e "$1" ] && ! grep -q '[^[:space:]]' "$1" 2>/dev/null; }; }
}

# The pid file is made with link(2), which fails if it exists: of two starters one wins. Nor may two of them clear a
# dead one away, for the slower would take away what the faster has made meanwhile.
claim_pid_file() {
  printf '%s %s %s\n' "$$" "$(identity $$)" "$(boot)" >"$PID_FILE.$$" || {
    say "cannot write $PID_FILE.$$"
    exit 1
  }
  until ln "$PID_FILE.$$" "$PID_FILE" 2>/dev/null; do
    if lives "$PID_FILE"; then
      rm -f "$PID_FILE.$$"
      say "is running already as pid $other"
      exit 0
    elif ln "$PID_FILE.$$" "$PID_FILE.clear" 2>/dev/null; then
      if dead "$PID_FILE"; then rm -f "$PID_FILE"; fi
      rm -f "$PID_FILE.clear"
    elif dead "$PID_FILE.clear"; then
      rm -f "$PID_FILE.clear"
    fi
  done
  rm -f "$PID_FILE.$$"
}

# Waits are written down for `vedette status`; the log gets a line only when the reason changes.
last_reason=''
wait_because() {
  if [ "$1" != "$last_reason" ]; then
    last_reason=$1
    say "waits: $1"
    # Outside its container the cluster's owner reads it, who is another user there.
    printf '%s\n' "$1" | replace "$WAIT_FILE" && chmod 644 "$WAIT_FILE"
  fi
  sleep 0.2
}

# ----------------------------------------------------------------------------------------------- the Sentinels

# ask_sentinels: sets answers, epoch, named ("host port" at the highest epoch), votes (Sentinels that name it at
# that epoch), busy (one is failing over), troubled (one takes the master for down), ids (of those that answered).
# The address is the one that Sentinel tells to clients: during a failover its table still holds the old one.
ask_sentinels() {
  answers=0 epoch=-1 said='' named='' busy=no down=0 troubled=no ids=''
  while read -r s_host s_port; do
    [ -n "$s_host" ] || continue
    reply=$(printf 'SENTINEL MASTER %s\nSENTINEL GET-MASTER-ADDR-BY-NAME %s\nSENTINEL MYID\n' "$MASTER_NAME" "$MASTER_NAME" |
      ask "$s_host" "$s_port" | awk '
      { line[NR] = $0 }
      END {
        for (i = 1; i < NR - 2; i += 2) value[line[i]] = line[i + 1]
        if (value["port"] != "") print line[NR - 2], line[NR - 1], value["config-epoch"], value["flags"], line[NR]
      }')
    [ -n "$reply" ] || continue
    # shellcheck disable=SC2086 # five words, split on purpose
    set -- $reply
    answers=$((answers + 1)) ids="$ids $5"
    case ",$4," in *,failover_in_progress,*) busy=yes ;; esac
    case ",$4," in *,s_down,*) down=$((down + 1)) ;; esac
    case ",$4," in *,o_down,*) troubled=yes ;; esac
    if [ "$3" -gt "$epoch" ]; then epoch=$3 said=''; fi
    if [ "$3" -eq "$epoch" ]; then said="$said$1 $2;"; fi
  done <<SENTINELS
$SENTINELS
SENTINELS
  # One Sentinel that cannot reach the master can do nothing alone; as many as the quorum can begin a failover.
  if [ "$down" -ge "$QUORUM" ]; then troubled=yes; fi
  # Which of those that were said at the highest epoch most often.
  votes=0
  read -r votes named <<MOST
$(printf '%s' "$said" | tr ';' '\n' | sort | uniq -c | sort -rn)
MOST
  votes=${votes:-0}
}

# --------------------------------------------------------------------------------------------- our own records

# The master that our configuration file follows, "host port", or nothing if it says that we are one.
recorded_master() { sed -n -e 's/^replicaof //p' -e 's/^slaveof //p' "$CONF" | tail -n 1 | tr -d '"'; }

# record ROLE "HOST PORT" EPOCH: what we are started as, to be compared at the next start. Fails when the disk does
# not take it: with the old configuration the server would start in another role.
record() {
  if [ "$1" = replica ]; then line="replicaof $2"; else line=''; fi
  [ -r "$CONF" ] &&
    { grep -v -e '^replicaof ' -e '^slaveof ' "$CONF"; [ -z "$line" ] || printf '%s\n' "$line"; } | replace "$CONF" &&
    printf '%s %s %s\n' "$3" "$1" "$2" | replace "$node_dir/started" &&
    printf '%s\n' $ids | replace "$node_dir/sentinels"
}

unrecorded() { wait_because "cannot write its records into $node_dir: is the disk full, or not ours to write?"; }

# acquainted: are a majority of the Sentinels the same that this node met at its last start? A Sentinel that lost its
# state comes back with another id.
acquainted() {
  [ -s "$node_dir/sentinels" ] || return 1
  same=0
  for id in $ids; do
    if grep -qx "$id" "$node_dir/sentinels"; then same=$((same + 1)); fi
  done
  [ "$same" -ge "$MAJORITY" ]
}

# The lowest config epoch that the Sentinels must have if they know at least what this node has lived through. A
# configuration that says something else than we were started with was rewritten by a failover in between.
lived_epoch() {
  [ -s "$node_dir/started" ] || { echo 0; return; }
  read -r at role rest <"$node_dir/started"
  now=$(recorded_master)
  case $role in
    master) [ -z "$now" ] && echo "$at" || echo $((at + 1)) ;;
    # No Sentinel decided that: if they turned us back into a replica, it shows no later epoch than theirs.
    forced) echo "$at" ;;
    *) [ "$now" = "$rest" ] && echo "$at" || echo $((at + 1)) ;;
  esac
}

has_data() {
  if [ "$APPEND_ONLY" = yes ]; then
    # With appendonly on Redis reads the append-only directory alone: a dump.rdb beside it is not data.
    # (Redis before 7 kept a single file.)
    [ -s "$DATA_DIR/$AOF_FILE" ] || [ -n "$(ls -A "$DATA_DIR/$AOF_DIR" 2>/dev/null)" ]
  else
    [ -s "$DATA_DIR/$RDB_FILE" ]
  fi
}

# A data set has a name, so that records of what this node held are not taken for what it holds after a wipe.
name_data() {
  if ! has_data || [ ! -s "$DATA_DIR/vedette-data-id" ]; then
    { cat /proc/sys/kernel/random/uuid 2>/dev/null || echo "$(date +%s)-$$"; } | replace "$DATA_DIR/vedette-data-id"
  fi
}

# only_unread_data: is there nothing but an RDB that Redis will not read? Sets `unread` to say so.
only_unread_data() {
  unread="its data is in $RDB_FILE alone, which Redis does not read with an append-only file switched on: it would start empty; switch that off, start, and switch it on while the cluster runs"
  [ "$APPEND_ONLY" = yes ] && ! has_data && [ -s "$DATA_DIR/$RDB_FILE" ]
}

# ask_peers: sets peers, heard (finished loading and answered), with_data (one that holds keys, and how many),
# promotable (one that was synced with us in this life and may be promoted).
ask_peers() {
  peers=0 heard=0 with_data='' promotable=''
  while read -r p_name p_host p_port; do
    [ -n "$p_name" ] && [ "$p_name" != "$NODE" ] || continue
    peers=$((peers + 1))
    reply=$(ask "$p_host" "$p_port" INFO </dev/null | tr -d '\r' | awk -F: '
      $1 == "loading" { loading = $2 }
      $1 == "role" { role = $2 }
      $1 == "slave_priority" { priority = $2 }
      $1 ~ /^db[0-9]+$/ { split($2, part, /[=,]/); keys += part[2] }
      END { if (loading == "0") print keys + 0, role, priority + 0 }')
    [ -n "$reply" ] || continue
    # shellcheck disable=SC2086 # three words, split on purpose
    set -- $reply
    heard=$((heard + 1))
    [ "$1" -eq 0 ] || with_data="$p_name holds $1 keys"
    [ "$1" -eq 0 ] || [ "$2" != slave ] || [ "$3" -eq 0 ] || promotable=$p_name
  done <<NODES
$REDIS_NODES
NODES
}

# held: has somebody asked the Sentinels for a failover of this node, and not said yet that it is over?
held() {
  hold_until=0
  [ ! -s "$HOLD_FILE" ] || read -r hold_until hold_reason <"$HOLD_FILE"
  [ "$(date +%s)" -lt "${hold_until:-0}" ]
}

# may_be_master: named by the Sentinels, may we? Sets `reason` when not.
may_be_master() {
  reason=''
  if held; then
    reason="it is held back from starting as master: $hold_reason"
    return 1
  fi
  follows=$(recorded_master)
  if [ -n "$follows" ]; then
    reason="the Sentinels name it master, but by its own record it followed $follows: if the Sentinels lost their state, type \`vedette start NODE --force-master\` for the node with the newest data"
    return 1
  fi
  ask_peers
  if ! has_data; then
    if [ -n "$with_data" ]; then
      reason="its data directory is empty while $with_data: as master it would empty every replica; the Sentinels must promote a node that has the data"
    elif only_unread_data; then
      reason=$unread
    elif [ "$epoch" -gt 0 ]; then
      reason="its data directory is empty although config epoch $epoch shows that there was data"
    elif [ "$heard" -lt "$peers" ]; then
      reason="its data directory is empty, and $((peers - heard)) of $peers other nodes have not said yet that they are empty too"
    fi
  elif [ "$APPEND_ONLY" != yes ] && [ -n "$promotable" ] && [ ! -e "$clean_stop" ]; then
    reason="it keeps no append-only file and did not stop cleanly, so $promotable may hold newer writes: the Sentinels must decide"
  elif [ "$epoch" -eq 0 ] && ! acquainted && [ $(((heard + 1) * 2)) -le $((peers + 1)) ]; then
    # Sentinels that we have never met and that know of no failover may have lost their state. Nodes that lived
    # through a failover refuse such Sentinels and stay silent, so a majority that answers shows that there was none.
    reason="the Sentinels know of no failover (config epoch 0) and are not the ones this node knew, and only $heard of $peers other nodes are up to confirm that there was none"
  fi
  [ -z "$reason" ]
}

# --------------------------------------------------------------------------------------------------- after start

alive() { kill -0 "$server" 2>/dev/null && [ "$(identity "$server")" = "$server_identity" ]; }

# Our role and link as Redis tells them: "master -", "slave up", "slave down"; nothing while it loads.
own_state() {
  ask_self INFO | tr -d '\r' | awk -F: '
    $1 == "loading" { loading = $2 }
    $1 == "role" { role = $2 }
    $1 == "master_link_status" { link = $2 }
    $1 == "master_sync_in_progress" && $2 == "1" { link = "sync" }
    END { if (loading == "0") print role, (link == "" ? "-" : link) }'
}

# One setting a call: CONFIG SET takes several only since Redis 7.
set_self() { ask_self CONFIG SET "$1" "$2" >/dev/null; }

lift_fence() {
  set_self min-replicas-max-lag "$MIN_REPLICAS_MAX_LAG"
  set_self min-replicas-to-write "$MIN_REPLICAS"
}

# settle: runs beside the server until the node may take writes (as master) or be promoted (as replica).
# The steward does the same from outside, so nothing stays behind if this process dies.
settle() {
  trap '' HUP
  confirmed=0 looks=0
  while alive; do
    state=$(own_state)
    case $state in
      'slave up')
        # Demoted behind the fence or started as a replica: both settings are its own again now.
        lift_fence
        set_self replica-priority "$PRIORITY"
        say "is in sync with its master; replica-priority $PRIORITY"
        return
        ;;
      'master -')
        ask_sentinels
        if [ "$named" = "$ADDRESS" ] && [ "$votes" -ge "$MAJORITY" ] && [ "$busy$troubled" = nono ] && ! held; then
          confirmed=$((confirmed + 1))
          # Six looks 0.2 s apart: more than the second that a forced failover needs to show itself.
          if [ "$confirmed" -ge 6 ]; then
            lift_fence
            say "is confirmed as master at config epoch $epoch; takes writes"
            return
          fi
        else
          confirmed=0
          if [ -n "$named" ] && [ "$named" != "$ADDRESS" ] && [ "$votes" -ge "$MAJORITY" ] && [ "$busy" = no ]; then
            say "the Sentinels moved the master to $named while this node started; follows it"
            # shellcheck disable=SC2086 # host and port
            ask_self REPLICAOF $named >/dev/null
            set_self replica-priority 0
            ask_self CONFIG REWRITE >/dev/null
          fi
        fi
        ;;
    esac
    # A master that is away for long need not be asked for five times a second.
    looks=$((looks + 1))
    if [ "$looks" -lt 100 ]; then sleep 0.2; else sleep 1; fi
  done
}

become() { # become ROLE "HOST PORT" EPOCH ARGS...: replaces this shell by the server
  role=$1 of=$2 at=$3
  shift 3
  record "$role" "$of" "$at" || { unrecorded; return; }
  name_data
  rm -f "$WAIT_FILE" "$FORCE_FILE" "$clean_stop"
  server=$$ server_identity=$(identity $$)
  # Not a child of the server, which would leave it a zombie.
  (settle &)
  exec "$REDIS_SERVER" "$CONF" "$@"
}

start_redis() {
  rm -f "$WAIT_FILE"
  patience=${RESTART_GRACE:-}
  fence="--min-replicas-to-write $FENCE --min-replicas-max-lag 10"
  while :; do
    if [ -e "$FORCE_FILE" ] && only_unread_data; then
      wait_because "$unread"
      continue
    elif [ -e "$FORCE_FILE" ]; then
      ask_sentinels
      if [ "$epoch" -lt 0 ]; then epoch=$(lived_epoch); fi
      record forced '' "$epoch" || { unrecorded; continue; }
      say 'starts as master because it was told to (--force-master), whatever the Sentinels say'
      rm -f "$WAIT_FILE" "$FORCE_FILE" "$clean_stop"
      name_data
      exec "$REDIS_SERVER" "$CONF" --replica-priority "$PRIORITY" --min-replicas-to-write "$MIN_REPLICAS" --min-replicas-max-lag "$MIN_REPLICAS_MAX_LAG"
    fi
    ask_sentinels
    lived=$(lived_epoch)
    if [ "$answers" -lt "$MAJORITY" ]; then
      wait_because "only $answers of $SENTINEL_COUNT Sentinels answer, and $MAJORITY must name the master"
    elif [ "$votes" -lt "$MAJORITY" ]; then
      wait_because "the Sentinels do not agree on the master yet (config epoch $epoch: $votes of $SENTINEL_COUNT name $named)"
    elif [ "$epoch" -lt "$lived" ]; then
      wait_because "the Sentinels are at config epoch $epoch, but this node has lived through epoch $lived: they lost their state, and what they say is older than this node's data"
    elif [ "$named" != "$ADDRESS" ]; then
      say "starts as a replica of $named (config epoch $epoch), not to be promoted before it is in sync"
      # shellcheck disable=SC2086 # three options with a value each
      become replica "$named" "$epoch" --replica-priority 0 --min-replicas-to-write "$MIN_REPLICAS" --min-replicas-max-lag "$MIN_REPLICAS_MAX_LAG"
    elif [ "$busy" = yes ]; then
      wait_because 'a failover is in progress; the Sentinels will name the new master'
    elif may_be_master && [ -n "$patience" ]; then
      # Whoever restarts us (Docker's engine does, within half a second) asks nobody. A steward that asks for a failover of a
      # master that has died must be able to hold us back first.
      sleep "$patience"
      patience=''
    elif [ -z "$reason" ]; then
      say "starts as master (config epoch $epoch), refusing writes until the Sentinels confirm it"
      # shellcheck disable=SC2086 # two options with a value each
      become master '' "$epoch" --replica-priority "$PRIORITY" $fence
    else
      wait_because "$reason"
    fi
  done
}

# --------------------------------------------------------------------------------------------- the first start

# A container that nobody has prepared makes its working copy itself: the template and the password. Later it is left
# as Redis and Sentinel have rewritten it; `vedette up` carries over what a new template changes.
make_working_copy() {
  if [ -s "$CONF" ] || [ -z "${TEMPLATE:-}" ]; then return 0; fi
  if ! [ -r "$TEMPLATE" ]; then
    say "cannot read $TEMPLATE: user $(id -u) needs to read it, and to enter its directory"
    exit 1
  fi
  mkdir -p "$node_dir" && fill_template | replace "$CONF.rendered" && replace "$CONF" <"$CONF.rendered" || {
    say "cannot write $CONF: is the disk full, or the volume not ours to write?"
    exit 1
  }
}

fill_template() {
  cat "$TEMPLATE"
  [ -s "$secret_file" ] || return 0
  password=$(cat "$secret_file")
  case $KIND in
    redis) printf 'requirepass %s\nmasterauth %s\n' "$password" "$password" ;;
    sentinel)
      printf 'requirepass %s\nsentinel sentinel-pass %s\nsentinel auth-pass %s %s\n' \
        "$password" "$password" "$MASTER_NAME" "$password"
      ;;
  esac
}

# ------------------------------------------------------------------------------------------------------- Sentinel

# A running Sentinel may have been given a down-after that is safe only with shorter periods than it starts with, and
# SENTINEL SET has written it down (SENTINEL DEBUG, which sets the periods, writes nothing). At the stock ping period of
# 1 s it would take a healthy new master for down, and fail over a second time.
slow_down() {
  least=${START_DOWN_AFTER:-1500}
  awk -v least="$least" -v name="$MASTER_NAME" '
    { for (i = 1; i <= 3; i++) { word[i] = $i; gsub(/"/, "", word[i]) } }
    tolower(word[1]) == "sentinel" && tolower(word[2]) == "down-after-milliseconds" && word[3] == name && $4 + 0 < least {
      $4 = least
      short = 1
    }
    { print }
    END { exit !short }' "$CONF" >"$CONF.slow.$$"
  case $? in
    0) mv -f "$CONF.slow.$$" "$CONF" ;;
    1) rm -f "$CONF.slow.$$" ;;
    *) false ;;
  esac || {
    rm -f "$CONF.slow.$$"
    say "cannot read or write $CONF: is the disk full, or is it not ours to write?"
    exit 1
  }
}

start_sentinel() {
  slow_down
  exec "$REDIS_SERVER" "$CONF" --sentinel
}

claim_pid_file
make_working_copy
case $KIND in
  sentinel) start_sentinel ;;
  redis) start_redis ;;
esac
