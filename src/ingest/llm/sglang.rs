//! SGLang `bench_serving`: a line for each result, appended to those of earlier runs. How many requests failed is in it with
//! `--output-details` alone.

use super::serving;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds};
use crate::ingest::head::Claim;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "sglang-bench",
    tool: "sglang",
    title: "SGLang `bench_serving`",
    get: "`python -m sglang.bench_serving --output-file x.jsonl --output-details`",
    section: "vLLM and SGLang",
    versions: "0.5.23",
    holds: Holds::Summary,
    tells: &[
        Fact::Endpoints,
        Fact::P99,
        Fact::ResponseTimes,
        Fact::Errors,
        Fact::FailureKinds,
        Fact::Throughput,
        Fact::Users,
        Fact::Metrics,
    ],
    remark: "without `--output-details`, answers alone: requests that failed are not in the file",
    claim: |head| {
        let own = ["total_output_tokens_retokenized", "completed"];
        Claim::certain_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| serving::read(source, FORMAT.tool),
};
