import { readFileSync } from 'node:fs';

// node scripts/count-tests.mjs <report of vitest's JSON reporter> <exit code of the run> [<report> <exit code> …]
//
// A file that could not be loaded counts as one failure, and so does a run that failed without a failed test (an unhandled
// error, required tests that were skipped) or ran no test.
const runs = process.argv.slice(2);

let passed = 0;
let failed = 0;
while (runs.length > 0) {
  const [reportFile, exitCode] = runs.splice(0, 2);
  const run = count(readResults(reportFile));
  passed += run.passed;
  failed += run.failed === 0 && (exitCode !== '0' || run.passed === 0) ? 1 : run.failed;
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function count(files) {
  const run = { passed: 0, failed: 0 };
  for (const file of files) {
    const failures = file.assertionResults.filter(({ status }) => status === 'failed').length;
    run.passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
    run.failed += file.status === 'failed' ? Math.max(failures, 1) : failures;
  }
  return run;
}

function readResults(reportFile) {
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')).testResults;
  } catch {
    return [];
  }
}
