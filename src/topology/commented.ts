/**
 * The file that `vedette init` writes: every key with its default and what it is for.
 *
 * Values that others follow from (quorum from count, maxmemory from size) stand in comments, so that changing
 * what they follow from has its effect.
 *
 * @param schema where editors find the JSON Schema, relative to the file
 */
export function commentedTopology(schema: string | null = null): string {
  const modeline = schema === null ? "" : `# yaml-language-server: $schema=${schema}\n`;
  return modeline + TEXT;
}

const TEXT = `# What this Redis cluster should be. Every key is optional; what stands here is the default.
# Check it with \`vedette validate\`, see every effective value and its origin with \`vedette config show\`.
# Durations have a unit (500ms, 5s, 2m); sizes are read as Redis reads them (1k = 1000, 1kb = 1024).

# The cluster's name, and the master's name that clients ask the Sentinels for.
name: mymaster

# Where nodes run: local, as processes of this machine, or docker, in containers.
# What a cluster was started with counts until \`vedette clean\`.
runtime: local

# With true, drills and other commands that hurt ask for the name to be typed.
production: false

# How soon Sentinel finds a master that is silent (it hangs, its host is gone).
#   standard     after 5s, with Sentinel's own timers
#   fast         after 1s: sets downAfter, failoverTimeout, parallelSyncs and periods of sentinel (below), unless given
failover: standard

# When the master's process has ended, ask Sentinel for a failover at once instead of waiting for downAfter, and tell
# the other Sentinels of the decision at once. A hang or a dead host stays a matter of downAfter.
fastFailover: on
# Carries what a Sentinel has decided to the others at once, also when it failed over by itself.
spreadDecision: on

# What a write that was acknowledged survives: docs/failover.md has what each costs and loses, measured.
#   async      as Redis does it: a master that dies may take its last writes with it
#   fenced     a master that is cut off refuses writes after at most 4 s, so that it loses no more than those
#   confirmed  for clients that ask with WAIT: what they call written is on a majority of the nodes
durability: async

# Data, logs and working copies of configuration files go to stateDir/NAME. Paths start from this file.
stateDir: .vedette
backupDir: backups

# What the cluster is for; one name or a list of those that go together.
#   cache        evicts least recently used keys when memory is full
#   store        never evicts, and refuses writes that no replica would receive
#   read-heavy   frees memory in the background
#   write-heavy  rewrites the append-only file less often, lets replicas fall further behind
# profile: store

# Memory of each node: dev 256mb, small 1gb, medium 4gb, large 16gb. The larger ones also keep more for
# replicas that were away for a while. Leave as much again free for copies made while saving.
# size: dev

# Addresses every node listens on. Anything but loopback needs security.passwordFile.
bind: 127.0.0.1

# The address under which peers, Sentinels and clients reach the nodes, if it is not the first of bind.
# announce: 10.0.0.5

security:
  # A file that holds the one password of all nodes and Sentinels.
  # passwordFile: ./secret

supervise:
  # A node that ends unexpectedly is restarted, at most so often within the window; then it is given up, loudly.
  restarts: 5
  window: 60s

logs:
  maxSize: 10mb
  keep: 5

# What a drill is judged against: the longest time without an acknowledged write, and acknowledged writes lost.
slo:
  writeGap: 10s
  lostWrites: 0

# How nodes run in containers (runtime: docker): docs/docker.md.
docker:
  # A network of their own with an address each (bridge), or the machine's (host; Linux only).
  network: bridge
  # Of that network, a /24: nodes have .10 and up, Sentinels .120 and up.
  subnet: 172.28.0.0/24
  # Whose server the image has: redis or valkey.
  engine: redis
  images:
    # Of Redis nodes and Sentinels; the default follows from engine. Only a fixed tag is taken.
    # redis: redis:7.4.2
  # Limits of each Redis container. By default the memory is twice maxmemory and 128mb, for what a save copies.
  # memory: 640mb
  # cpus: 2

redis:
  # Beside the initial master. Who is master later is up to the Sentinels.
  replicas: 3
  # The initial master's port; replicas take the next ones.
  port: 6379
  # Each node's data goes to dataDir/NODE; the default is in stateDir.
  # dataDir: /var/lib/vedette
  # Any redis.conf directive, for all nodes. A list gives one several times: save: [3600 1, 300 100].
  config:
    # maxmemory: 256mb
    # maxmemory-policy: allkeys-lru
    # appendfsync: everysec
    # repl-backlog-size: 64mb
  # The same for one node, named redis-master or redis-slave-1 to redis-slave-3.
  nodes:
    # redis-slave-2:
    #   port: 6390
    #   bind: 127.0.0.1
    #   announce: 10.0.0.5
    #   dataDir: /mnt/disk2/redis
    #   config:
    #     replica-priority: 50

sentinel:
  count: 3
  # The first Sentinel's port; the others take the next ones.
  port: 26379
  # Sentinels that must find the master down before a failover starts; the default is a majority of count.
  # quorum: 2
  # Silence after which a Sentinel takes a node for down: at least its ping period and 200ms more. Below 1500ms it is
  # lowered once the Sentinel runs with its periods: on disk stands 1500ms, for it starts with its own.
  # downAfter: 5s
  # A limit of each phase of a failover; after a failed attempt twice this passes before the next.
  # failoverTimeout: 10s
  # Replicas that follow a new master at the same time.
  # parallelSyncs: 1
  # Sentinel's own timers; it forgets them when it stops, so they are set again after each start.
  periods:
    # ping: 1s
    # info: 10s
    # ask: 1s
    # publish: 2s
    # tilt: 30s
  # Any sentinel.conf directive; those about the master without its name.
  config:
    # notification-script: /usr/local/bin/page-someone
  # One Sentinel, named redis-sentinel-1 to redis-sentinel-3: port, bind, announce, config.
  nodes:
    # redis-sentinel-1:
    #   port: 26400
`;
