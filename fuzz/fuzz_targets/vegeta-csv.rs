#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| perfgate::probe::run_target("vegeta-csv", bytes));
