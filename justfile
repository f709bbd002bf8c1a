# Daily tasks. Each is one command that works without just as well.

# List the tasks
default:
    @just --list

# Type-check everything
check:
    cargo check --locked --all-targets

# Run the tests; name a module to run part of them: just test docs::
test *filter:
    cargo test --locked {{filter}}

# Check formatting, lints and documentation
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# Rewrite snapshots and recorded sessions; read the diff afterwards
snapshots:
    INSTA_UPDATE=always TRYCMD=overwrite cargo test --locked --test integration

# Rewrite the JSON Schemas from the wire types
schemas:
    cargo build --locked
    for schema in run report history notice fleet config; do cargo run --locked --quiet -- schema $schema > schemas/$schema.v1.json; done

# Run a benchmark: own, decisions, intervals, repeats, history, notify or raw
bench name='own' *arguments:
    cargo bench --locked --bench {{name}} -- {{arguments}}

# Show a gate at work in a scratch repository
demo:
    cargo run --locked -- demo

# Everything that CI runs
ci:
    .ci/run
