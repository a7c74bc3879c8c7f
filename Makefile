# The few words people type. Each is a script that can be run by itself.

.PHONY: demo test bench soak fuzz faults vm check-ports

demo: ## run the main job on real input
	@demo/run

test: ## run every test
	@tests/all

soak: ## look for faults of zfs-rs for so many SECONDS on each release
	@SOAK_SECONDS=$(or $(SECONDS),60) tests/all setup soak

fuzz: ## change what others wrote, for so many SECONDS with each reader
	@FUZZ_SECONDS=$(or $(SECONDS),60) tests/all setup fuzz

faults: ## break everything around a hunt, often; a line for each scenario
	@FAULTS=all tests/all

bench: ## measure; CHECK=1 fails when a target is missed, ONLY=cycle,gap
	@benches/run $(if $(ONLY),--only $(ONLY)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(CHECK),--check)

vm: ## open a shell in a machine with real ZFS
	@tests/vm/setup
	@tests/vm/run $(if $(ZFS),--zfs $(ZFS))

check-ports: ## type-check everything for FreeBSD and illumos
	@tests/vm/setup
	@tests/ports
