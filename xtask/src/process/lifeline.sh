# lifeline.sh SIGNAL TRASH PROGRAM ARGUMENT…: see process.rs. Standard input is the lifeline.
signal=$1 trash=$2
shift 2
exec 3<&0 </dev/null
( (
  trap '' HUP INT QUIT TERM
  word=
  read -r word <&3
  # The number can't be taken by another process while this watcher is in its group.
  kill -s "$signal" "$$"
  tries=0
  while [ "$tries" -lt 30 ] && read -r state 2>/dev/null <"/proc/$$/stat"; do
    # Dead, and waiting for a parent that may never ask.
    case $state in *") Z "*) break ;; esac
    sleep 0.1
    tries=$((tries + 1))
  done
  # Our owner says `keep` when it ended the program itself; without a word it died, and nobody else would tidy up.
  # What left the group may still be writing its last.
  if [ "$word" != keep ] && [ -n "$trash" ]; then
    rm -rf -- "$trash" || { sleep 1; rm -rf -- "$trash"; }
  fi
  kill -s KILL -- "-$$"
) >/dev/null 2>&1 & )
exec "$@" 3<&-
