# Everything Vedette does, by its short name. `make` alone lists the targets.
#
# A target is one `vedette` command; its exit code is in make's error line (make itself always exits with 2).
# Scripts that need the exact code call `node dist/vedette.js COMMAND` (or `npx vedette COMMAND`).

.DEFAULT_GOAL := help

# Only from the command line (`make logs NODE=redis-master`): npm, for one, exports a NODE of its own.
$(foreach name,FILE ARGS NODE YES RUNTIME SCENARIO,$(if $(filter command,$(firstword $(origin $(name)))),,$(eval $(name) :=)))

export VEDETTE_VIA := make

# An argument as the shell needs it, whatever is in it.
quote = '$(subst ','\'',$(1))'
flags = $(if $(FILE),-f $(call quote,$(FILE))) $(if $(RUNTIME),--runtime $(call quote,$(RUNTIME))) $(if $(YES),--yes)
node = $(if $(NODE),$(call quote,$(NODE)))
# $(call vedette,COMMAND): FILE, RUNTIME, YES and ARGS stand behind the command.
vedette = node dist/vedette.js $(strip $(1) $(flags) $(ARGS))
needs_node = @if [ -z $(call quote,$(NODE)) ]; then echo 'Which node? make $@ NODE=redis-slave-1' >&2; exit 2; fi

.PHONY: help
help:
	@awk -f scripts/help.awk Makefile

# Installs and builds what is missing; silent (and some milliseconds) when nothing is.
.PHONY: ready ready-build ready-test
ready:
	@scripts/bootstrap.sh $(if $(filter docker,$(RUNTIME)),docker,runtime)
ready-build:
	@scripts/bootstrap.sh build
ready-test:
	@scripts/bootstrap.sh test

.PHONY: up down restart start stop pause resume reinit reset clean
up: | ready ## Lifecycle: Start the cluster, or bring it to what the topology file says
	@$(call vedette,up)
down: | ready ## Lifecycle: Stop all services, keep the data
	@$(call vedette,down)
restart: | ready ## Lifecycle: Restart all services, or one (NODE=redis-slave-1)
	@$(call vedette,restart $(node))
start: | ready ## Lifecycle: Start one node (NODE=redis-slave-1)
	$(needs_node)
	@$(call vedette,start $(node))
stop: | ready ## Lifecycle: Stop one node (NODE=redis-slave-1)
	$(needs_node)
	@$(call vedette,stop $(node))
pause: | ready ## Lifecycle: Hold failover and the steward for a while (ARGS="--for 30m")
	@$(call vedette,pause)
resume: | ready ## Lifecycle: End a pause
	@$(call vedette,resume)
reinit: | ready ## Lifecycle: Rebuild a replica from the master's data (NODE=redis-slave-1)
	$(needs_node)
	@$(call vedette,reinit $(node))
reset: | ready ## Lifecycle: Have the Sentinels forget what is no longer there
	@$(call vedette,reset)
clean: | ready ## Lifecycle: Stop and remove all data; shows what it deletes and asks (DANGEROUS)
	@$(call vedette,clean)

.PHONY: switchover
switchover: | ready ## Lifecycle: Move the master without losing a write (ARGS="--to redis-slave-1")
	@$(call vedette,switchover)

.PHONY: status health sentinel-status addresses info ps logs history events monitor
status: | ready ## Status: One screen: nodes, roles, lag, Sentinels, findings (ARGS=--watch, ARGS=--json)
	@$(call vedette,status)
health: | ready ## Status: One line per check; fails when the cluster is not well
	@$(call vedette,health)
sentinel-status: | ready ## Status: What each Sentinel says
	@$(call vedette,sentinel-status)
addresses: | ready ## Status: The addresses that Sentinels tell clients, each tried from here
	@$(call vedette,addresses)
info: | ready ## Status: Detailed Redis information (NODE=redis-slave-1 for one)
	@$(call vedette,info $(node))
ps: | ready ## Status: The processes: pid, state, memory, since when
	@$(call vedette,ps)
logs: | ready ## Status: Follow the logs of all services (NODE=redis-master for one)
	@$(call vedette,logs --follow $(node))
history: | ready ## Status: What happened: failovers, restarts, operations, with times and causes
	@$(call vedette,history)
events: | ready ## Status: Live: what each Sentinel says, nodes up and down, operations (ARGS=--json)
	@$(call vedette,events --follow)
monitor: | ready ## Status: Slow commands and latency (NODE=redis-slave-1 for one)
	@$(call vedette,monitor $(node))

.PHONY: connect connect-master
connect: | ready ## Connect: redis-cli on one node (NODE=redis-slave-1)
	$(needs_node)
	@$(call vedette,connect $(node))
connect-master: | ready ## Connect: redis-cli on the current master, as the Sentinels name it
	@$(call vedette,connect-master)
connect-slave-%: | ready ## Connect: redis-cli on redis-slave-1, 2, 3
	@$(call vedette,connect redis-slave-$*)
connect-sentinel-%: | ready ## Connect: redis-cli on redis-sentinel-1, 2, 3
	@$(call vedette,connect redis-sentinel-$*)

.PHONY: test-replication test-failover drill benchmark
test-replication: | ready ## Prove: Write on the master, read it on every replica, with times
	@$(call vedette,test-replication)
test-failover: | ready ## Prove: Kill the master and watch the failover, in milliseconds
	@$(call vedette,test-failover)
drill: | ready ## Prove: Practise a failure under load and judge what it cost (SCENARIO=kill, or all)
	@$(call vedette,drill $(if $(SCENARIO),$(call quote,$(SCENARIO))))
benchmark: | ready ## Prove: Run redis-benchmark against the master
	@$(call vedette,benchmark)

.PHONY: backup flush-all
backup: | ready ## Data: Back up into backups/, from the most caught-up replica
	@$(call vedette,backup)
flush-all: | ready ## Data: Delete all keys; asks for the name of the cluster
	@$(call vedette,flush-all)

.PHONY: init validate render config completion version
init: | ready-build ## Configuration: Write a commented vedette.yaml
	@$(call vedette,init)
validate: | ready-build ## Configuration: Check the topology file
	@$(call vedette,validate)
render: | ready-build ## Configuration: Write the Redis and Sentinel configurations into config/
	@$(call vedette,render)
config: | ready-build ## Configuration: Show every effective value and where it came from
	@$(call vedette,config show)
completion: | ready-build ## Configuration: Print shell completion (ARGS=bash|zsh|fish|powershell)
	@$(call vedette,completion)
version: | ready-build ## Configuration: Print the version
	@$(call vedette,version)

.PHONY: build lint test test-unit test-live test-node22 soak bench
build: | ready-build ## Development: Build dist/ with type declarations, whether or not it is up to date
	@node scripts/build.mjs --force --types
lint: | ready-build ## Development: Types, lint, format, dead code
	@npm run --silent lint
test: | ready-test ## Development: Lint and all tests (ARGS= are for vitest)
	@node scripts/test.mjs --lint $(ARGS)
test-unit: | ready-test ## Development: The tests without processes
	@node scripts/test.mjs --project unit $(ARGS)
test-live: | ready-test ## Development: The tests on real Redis processes
	@node scripts/test.mjs --project live $(ARGS)
test-node22: | ready-test ## Development: Unit tests and a cluster with Node 22 (NODE22=/path/to/node)
	@node scripts/node22.mjs $(ARGS)
soak: | ready-test ## Development: Ten minutes of random kills under a writing client (SOAK_MINUTES=10), or drills drawn at random (SOAK_FAULTS=200), or failovers (SOAK_FAILOVERS=50)
	@SOAK_MINUTES=$${SOAK_MINUTES:-10} node scripts/test.mjs --project soak $(ARGS)
bench: | ready-test ## Development: Measure Vedette against bare Redis
	@npm run --silent bench -- $(ARGS)
