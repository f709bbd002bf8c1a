#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let format = std::env::var("FORMAT").expect("the variable FORMAT names the format");
    perfgate::probe::run_target(&format, bytes);
});
