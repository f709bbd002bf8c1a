// k6 helper for perfgate: a summary with p99, counts and every endpoint, and the hash of the script.
//
//   import { perfgate } from "./perfgate-k6.js";
//
//   export const options = perfgate.options({ vus: 50, duration: "2m" }, ["POST /api/chat", "GET /health"]);
//   export const handleSummary = perfgate.handleSummary("summary.json");
//
//   k6 run load.js && perfgate compare --baseline main summary.json
//
// An endpoint is the `name` tag of its requests, with the method before it or without. Works with k6 0.49 and newer.

import { sha256 } from "k6/crypto";

// What perfgate judges, and the neighbors that show how steep the tail is.
const STATISTICS = ["avg", "min", "med", "max", "p(90)", "p(95)", "p(98)", "p(99)", "p(99.9)", "count"];
const METHOD = /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\s+(.+)$/;

// The conditions that k6 needs before it counts an endpoint on its own. They hold always.
function thresholds(endpoint) {
  const [, method, name] = METHOD.exec(endpoint) || [null, null, endpoint];
  const tags = method ? `{name:${name},method:${method}}` : `{name:${name}}`;
  return {
    [`http_req_duration${tags}`]: ["max>=0"],
    [`http_req_waiting${tags}`]: ["max>=0"],
    [`http_reqs${tags}`]: ["count>=0"],
    [`http_req_failed${tags}`]: ["rate<=1"],
  };
}

// SHA-256 of the script that called this file; none where it cannot be read (a bundle, standard input).
function scriptHash() {
  const files = (new Error().stack || "").match(/file:\/\/[^\s)]+?(?=:\d+:\d+)/g) || [];
  const script = files.find((file) => file !== files[0]);
  try {
    return script && sha256(open(script, "b"), "hex");
  } catch {
    return undefined;
  }
}

function number(value, unit) {
  return value === undefined ? "-" : `${value.toPrecision(3)}${unit}`;
}

// k6 prints no summary of its own where the script has a `handleSummary`.
function table(metrics) {
  const rows = Object.keys(metrics)
    .filter((key) => /^http_req_duration(\{name:.*\})?$/.test(key))
    .sort()
    .map((key) => {
      const tags = key.slice("http_req_duration".length);
      const [, name, method] = /^\{name:(.*?)(?:,method:(\w+))?\}$/.exec(tags) || [null, "total"];
      const times = metrics[key].values;
      const failed = (metrics[`http_req_failed${tags}`] || { values: {} }).values.rate;
      return [
        method ? `${method} ${name}` : name,
        `${times.count} requests`,
        failed === undefined ? "-" : `${number(failed * 100, " %")} failed`,
        ...[["p50", "med"], ["p95", "p(95)"], ["p99", "p(99)"]].map(
          ([label, statistic]) => `${label} ${number(times[statistic], " ms")}`,
        ),
      ];
    });
  const widths = rows.length ? rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length))) : [];
  return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at])).join("  ").trimEnd()).join("\n");
}

export const perfgate = {
  // The script's options, with what the summary needs. `endpoints` are names, as "POST /api/chat" or "/api/chat".
  options(own = {}, endpoints = []) {
    const added = Object.assign({}, ...endpoints.map(thresholds));
    const statistics = [...new Set([...STATISTICS, ...(own.summaryTrendStats || [])])];
    return { ...own, summaryTrendStats: statistics, thresholds: { ...added, ...own.thresholds } };
  },

  // A `handleSummary` that writes this file, and a line for each endpoint to the terminal.
  handleSummary(file) {
    const about = { script_sha256: scriptHash() };
    return (data) => {
      const generated = new Date().toISOString();
      return {
        [file]: JSON.stringify({ ...data, perfgate: { ...about, generated_at: generated } }),
        stdout: `\n${table(data.metrics)}\n\nwrote ${file} for perfgate\n`,
      };
    };
  },
};
