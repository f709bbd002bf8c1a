#!/usr/bin/env node
// Starts the program of the package for this platform, which npm installed as an optional dependency of this one.
"use strict";

const { spawn } = require("node:child_process");
const os = require("node:os");

// The packages that may hold the program for a platform, the likeliest first.
function candidates(platform, processor, glibc) {
  const base = `@perfgate/${platform}-${processor}`;
  if (platform === "win32" && processor === "arm64") {
    // Windows on ARM runs programs for x86-64.
    return ["@perfgate/win32-x64"];
  }
  if (platform !== "linux") {
    return [base];
  }
  // A package manager that knows nothing of libc installs both.
  return glibc ? [`${base}-gnu`, `${base}-musl`] : [`${base}-musl`];
}

function glibc() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime;
}

function find() {
  const name = process.platform === "win32" ? "perfgate.exe" : "perfgate";
  const names = candidates(process.platform, process.arch, process.platform === "linux" && glibc());
  for (const candidate of names) {
    try {
      return require.resolve(`${candidate}/${name}`);
    } catch {
      // The next one.
    }
  }
  console.error(
    `perfgate: ${names[0]} is not installed. Install perfgate without --omit=optional (--no-optional); if npm has no such ` +
      "package, there is no program for this platform yet, and it must be built: https://github.com/perfgate/perfgate",
  );
  process.exit(2);
}

function main() {
  const child = spawn(find(), process.argv.slice(2), { stdio: "inherit" });
  // A terminal interrupts both of us. perfgate ends the load tool first, and this waits for it.
  process.on("SIGINT", () => {});
  process.on("SIGHUP", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("error", (error) => {
    console.error(`perfgate: ${error.message}`);
    process.exit(2);
  });
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + os.constants.signals[signal]);
  });
}

if (require.main === module) {
  main();
}

module.exports = { candidates };
