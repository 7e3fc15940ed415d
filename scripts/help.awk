# Lists the targets of a Makefile by group, from lines such as `up: | ready ## Lifecycle: Start the cluster`.
BEGIN {
  print "Vedette: highly available Redis with Sentinel. make TARGET [FILE=vedette.yaml] [ARGS=\"...\"]"
}

/^[a-z][a-z0-9%-]*:.* ## / {
  name = $0
  sub(/:.*/, "", name)
  sub(/%/, "1..3", name)
  text = $0
  sub(/.* ## /, "", text)
  group = text
  sub(/:.*/, "", group)
  sub(/^[^:]*: /, "", text)
  if (group != last) printf "\n%s\n", group
  last = group
  printf "  %-22s %s\n", name, text
}

END {
  print "\nVariables: FILE= topology file, NODE= one node, ARGS= more arguments, YES=1 no questions, RUNTIME= where nodes run"
}
