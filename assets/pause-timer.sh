#!/bin/sh
# Puts the Sentinels back when a pause is over, should nobody else have done so.
#
#   sh pause-timer.sh RECORD ID COMMAND...
#
# RECORD is the file that holds the pause, ID the pause that this timer is for. It ends with the record, or when a
# later pause has taken its place; until then it runs COMMAND every few seconds once the time is over. It reads the
# clock instead of sleeping to the end: a machine that was suspended wakes up late.
set -u
record=$1 id=$2
shift 2

trap '' HUP # the terminal that paused may go

while grep -q "\"id\": *\"$id\"" "$record" 2>/dev/null; do
  # Whole seconds of the wall clock in ms.
  end=$(sed -n 's/.*"until": *\([0-9]*\)[0-9]\{3\}.*/\1/p' "$record" 2>/dev/null)
  left=$((${end:-0} + 1 - $(date +%s)))
  if [ "$left" -le 0 ]; then
    "$@"
    left=5
  fi
  if [ "$left" -gt 5 ]; then left=5; fi
  sleep "$left"
done
