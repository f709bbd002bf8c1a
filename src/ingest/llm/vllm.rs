//! vLLM `bench serve --save-result`. The statistics of requests are in it where `--percentile-metrics` asks for them: response times
//! (`e2el`) are not among those that it has by default, and recent versions list them all the same.

use super::serving;
use crate::ingest::fact::Fact;
use crate::ingest::format::{Format, Holds};
use crate::ingest::head::Claim;

pub(in crate::ingest) static FORMAT: Format = Format {
    name: "vllm-bench",
    tool: "vllm",
    title: "vLLM `bench serve --save-result`",
    get: "`vllm bench serve --save-result --percentile-metrics ttft,tpot,itl,e2el --metric-percentiles 50,95,99`",
    section: "vLLM and SGLang",
    versions: "0.32.0",
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
    remark: "response times and percentiles only where it is asked for them; every one of them, and what failures were, with `--save-detailed`",
    claim: |head| {
        let own = ["tokenizer_id", "num_prompts", "completed"];
        Claim::certain_if(own.into_iter().all(|key| head.has_key(key)))
    },
    read: |source, _| serving::read(source, FORMAT.tool),
};
