#!/bin/sh
# Ends a cluster that a program started for itself, once that program is gone.
#
#   sh reaper.sh DIR RUN_DIR  < a pipe that the program holds open
#
# The program says `done` when it has taken everything down itself. If its end of the pipe closes without that
# word, it has exited, crashed or been killed with -9, which no handler inside it could notice: then every process
# that RUN_DIR names is killed, and DIR is deleted.
set -u
dir=$1 run=$2
# Ctrl-C and a closed terminal end the program; we still have to clean up after it.
trap '' HUP INT TERM

while read -r word; do
  [ "$word" = done ] && exit 0
done

# What tells a process from a later one with the same pid, as in node-start.sh.
identity() {
  if [ -r "/proc/$1/stat" ]; then
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" && $1 != "X" { print $20 }'
  else
    ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' '_'
  fi
}

# end PID IDENTITY: false if it was not there any more.
end() {
  [ -n "$1" ] && [ -n "$2" ] && [ "$(identity "$1")" = "$2" ] && kill -9 "$1" 2>/dev/null
}

field() { sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",]*\).*/\1/p" "$2"; }

# end_all: false if nothing was left. The steward first: it would bring nodes back.
end_all() {
  found=1
  for claim in "$run"/claims/steward/*.json; do
    [ -f "$claim" ] || continue
    end "$(field pid "$claim")" "$(field start "$claim")" && found=0
  done
  for file in "$run"/*.pid; do
    [ -f "$file" ] || continue
    read -r pid start _ <"$file" || continue
    end "$pid" "$start" && found=0
  done
  return $found
}

# A start script may have been on its way and not have noted its pid yet.
quiet=0
while [ $quiet -lt 5 ]; do
  if end_all; then quiet=0; else quiet=$((quiet + 1)); fi
  sleep 0.1
done
# Small file systems that a drill has filled there.
[ -r /proc/mounts ] && awk -v d="$dir/" 'index($2, d) == 1 { print $2 }' /proc/mounts | while read -r mount; do
  umount "$mount"
done
rm -rf -- "$dir"
