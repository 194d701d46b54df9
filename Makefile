# A line each; the work is in tools/.
.PHONY: demo test chaos fuzz help

help:
	@echo "make demo   the sample city live: http://127.0.0.1:8600 and a table in the terminal"
	@echo "make test   everything CI runs; installs what is missing"
	@echo "make chaos  kills, cuts and stalls against real servers, ROUNDS=20 lives of 14 faults each"
	@echo "make fuzz   the decoders against random input, SECONDS=60 each; needs cargo-fuzz and a nightly Rust"

demo:
	tools/setup.sh demo
	cargo build --release --locked --bin watchlight
	target/release/watchlight demo

test:
	tools/setup.sh test
	tools/test.sh

chaos:
	WATCHLIGHT_CHAOS_ROUNDS=$(or $(ROUNDS),20) cargo test --release --locked --workspace --test end_to_end -- chaos:: --nocapture

fuzz:
	tools/fuzz.sh $(or $(SECONDS),60)
