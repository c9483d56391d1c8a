import { readFileSync } from 'node:fs';

// node scripts/count-tests.mjs <report of vitest's JSON reporter> <exit code of the run>
//
// A file that could not be loaded has no tests: it is one failure. So is a run that ended badly although no test failed
// (an unhandled error, tests that were required and left out), and a run in which nothing ran.
const [reportFile, exitCode] = process.argv.slice(2);

let passed = 0;
let failed = 0;
for (const file of readResults()) {
  const failures = file.assertionResults.filter(({ status }) => status === 'failed').length;
  passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
  failed += file.status === 'failed' ? Math.max(failures, 1) : failures;
}
if (failed === 0 && (exitCode !== '0' || passed === 0)) failed = 1;

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function readResults() {
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')).testResults;
  } catch {
    return [];
  }
}
