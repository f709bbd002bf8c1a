use super::*;

fn said(bytes: &[u8]) -> Option<String> {
    let file = other_file(&Head::new(bytes))?;
    Some(format!("{}; {}", file.what, (file.help)("results.bin")))
}

/// How files of tools begin that could not be run here, from their documentation.
#[test]
fn a_file_names_its_tool_and_what_can_be_read_instead() {
    for (text, says) in [
        (
            "Bombarding http://x for 5s using 10 connection(s)\nStatistics  Avg  Stdev  Max\n  HTTP codes:\n",
            "-o json",
        ),
        (
            "{\"version\":\"v1\",\"metadata\":{\"generator\":\"h2load 1.70.0\"},\"measurements\":{\"duration\":1}}",
            "what h2load prints",
        ),
        ("<!DOCTYPE html>\n<html><head><title>Apache JMeter Dashboard</title>", "statistics.json"),
        ("21:00:01 INFO: Taurus CLI Tool v1.16.0\n", "kpi.jtl"),
        (
            "<!DOCTYPE html>\n<html><head><title>Gatling Stats - Global Information</title>",
            "simulation.log",
        ),
        (
            "{\"name\": \"All Requests\", \"numberOfRequests\": {\"total\": 1}, \"percentiles1\": {}}",
            "simulation.log",
        ),
        ("test_suite,test_name,scenario,duration,step_name,request_count\n", "NBomber"),
        ("<html><head><title>Goose Attack Report</title>", "Goose"),
        ("# stats: dump at 1700000000\nstats: users 1 1\n", "tsung"),
        (
            "Concurrency Level 4\nTotal requests 9\nSuccessful requests 9\nSample standard deviation 1ms\n",
            "drill",
        ),
        ("     execution: cloud\n        script: x.js\n", "--local-execution"),
        ("<!DOCTYPE html><html><head><title>Test Report for locustfile.py</title>", "--json"),
        (
            "group,function,value,throughput_num,throughput_type,sample_measured_value,unit,iteration_count\n",
            "criterion",
        ),
        ("{\"log\": {\"version\": \"1.2\", \"creator\": {}, \"entries\": []}}", "HAR"),
        ("File: server\nType: cpu\nShowing nodes accounting for 1s, 90% of 1.1s total\n", "pprof"),
        ("SQLite format 3\u{0}", "SQLite"),
    ] {
        let said = said(text.as_bytes()).unwrap_or_default();
        assert!(said.contains(says), "{text}: {said}");
    }
}

#[test]
fn binary_files_are_known_by_what_stands_in_them() {
    for (bytes, says) in [
        (&b"S\xff\x81\x03\x01\x01\x06Result\x01\xff\x82\x06Attack\x01\x0c\x08Latency\x08BytesOut"[..], "results.bin > results.json"),
        (b"PK\x03\x04\x14\x00[Content_Types].xml\xffxl/workbook.xml", "spreadsheet"),
        (b"PK\x03\x04\x14\x00results.csv", "unzip results.bin"),
        (b"\x0a\x04\x08\x01\x10\x02\x12\xff\x90samples\x05count\x03cpu\x0bnanoseconds", "pprof"),
    ] {
        let said = said(bytes).unwrap_or_default();
        assert!(said.contains(says), "{bytes:?}: {said}");
    }
}

#[test]
fn reports_for_people_that_the_tools_wrote_name_their_option() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/");
    for (file, says) in [
        ("other/vegeta.hist", "-type json"),
        ("other/vegeta.hdrplot", "-type json"),
        ("other/vegeta.txt", "-type json"),
        ("other/artillery.txt", "--output"),
        ("other/hyperfine.csv", "--export-json"),
        ("other/hyperfine.md", "--export-json"),
        ("other/hyperfine.txt", "--export-json"),
        ("k6/2.2.0/errors/stdout.txt", "--out json"),
    ] {
        let bytes = std::fs::read(format!("{folder}{file}")).unwrap();
        let said = said(&bytes).unwrap_or_default();
        assert!(said.contains(says), "{file}: {said}");
    }
}
