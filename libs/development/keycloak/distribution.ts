import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { KeycloakStartError } from './keycloak-error.js';
import { runProgram, type Environment, withoutKeycloakSettings } from './programs.js';
import { KEYCLOAK_ARTIFACT, KEYCLOAK_SHA256, KEYCLOAK_VERSION } from './release.js';

const NAME = `keycloak-${KEYCLOAK_VERSION}`;
const ARCHIVE = `keycloak-quarkus-dist-${KEYCLOAK_VERSION}.tar.gz`;
const DOWNLOAD_MS = 20 * 60_000;
const LOCAL_WORK_MS = 5 * 60_000;
/** Nobody works for that long on one: who began it is gone. */
const ABANDONED_AFTER_MS = 60 * 60_000;

/** Where the distribution is kept, for all checkouts of this user: `$XDG_CACHE_HOME/twinkey`, else `~/.cache/twinkey`. */
export function cacheFolder(environment: Environment): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'twinkey');
}

/** The distribution's folder, or null where it was not fetched yet. */
export function cachedDistribution(environment: Environment): string | null {
  const folder = join(cacheFolder(environment), NAME);
  return existsSync(folder) ? folder : null;
}

/**
 * Fetches the distribution through Maven, checks it, and has Keycloak prepare itself for this database once, which
 * takes 20 s off every later start. Nothing writes to the folder after that, so that any number of servers share it.
 * Everything happens in a folder beside it that is renamed at the end: two at once do no harm, the second one's work
 * is thrown away.
 */
export async function fetchDistribution(
  environment: Environment,
  report: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const cache = cacheFolder(environment);
  await mkdir(cache, { recursive: true });
  await removeAbandoned(cache);
  const work = await mkdtemp(join(cache, `${NAME}.part-`));
  try {
    report(`Fetching Keycloak ${KEYCLOAK_VERSION} through Maven (180 MB, once) …`);
    await download(work, environment, signal);
    report('Preparing Keycloak (once) …');
    const prepared = await prepare(work, environment, signal);
    return await moveIntoPlace(prepared, join(cache, NAME));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(folder: string, environment: Environment, signal?: AbortSignal): Promise<void> {
  // -C: a checksum that does not match fails instead of warning.
  const options = ['-q', '-B', '-C', `-Dartifact=${KEYCLOAK_ARTIFACT}`, `-DoutputDirectory=${folder}`];
  const { code, output } = await runProgram('mvn', [...options, 'dependency:copy'], {
    environment,
    timeoutMs: DOWNLOAD_MS,
    cwd: folder,
    signal,
  });
  if (code !== 0) {
    throw new KeycloakStartError(`Maven could not fetch Keycloak: ${firstError(output)}`);
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, ARCHIVE)), hash);
  if (hash.digest('hex') !== KEYCLOAK_SHA256) {
    throw new KeycloakStartError(
      `What Maven fetched is not Keycloak ${KEYCLOAK_VERSION}: its SHA-256 is another. Delete it from Maven's repository and try again.`,
    );
  }
}

async function prepare(work: string, environment: Environment, signal?: AbortSignal): Promise<string> {
  const unpacked = await runProgram('tar', ['-xzf', ARCHIVE], {
    environment,
    timeoutMs: LOCAL_WORK_MS,
    cwd: work,
    signal,
  });
  if (unpacked.code !== 0) {
    throw new KeycloakStartError(`Keycloak's archive could not be unpacked: ${firstError(unpacked.output)}`);
  }
  const folder = join(work, NAME);
  const built = await runProgram('sh', ['bin/kc.sh', 'build', '--db=dev-file'], {
    environment: withoutKeycloakSettings(environment),
    timeoutMs: LOCAL_WORK_MS,
    cwd: folder,
    signal,
  });
  if (built.code !== 0) {
    throw new KeycloakStartError(`Keycloak could not prepare itself: ${firstError(built.output)}`);
  }
  return folder;
}

async function moveIntoPlace(prepared: string, target: string): Promise<string> {
  try {
    await rename(prepared, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') {
      throw error;
    }
  }
  return target;
}

async function removeAbandoned(cache: string): Promise<void> {
  const parts = (await readdir(cache)).filter((name) => name.includes('.part-'));
  for (const part of parts.map((name) => join(cache, name))) {
    const age = Date.now() - ((await stat(part).catch(() => null))?.mtimeMs ?? Date.now());
    if (age > ABANDONED_AFTER_MS) {
      await rm(part, { recursive: true, force: true });
    }
  }
}

function firstError(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.find((line) => /error/i.test(line)) ?? lines.find((line) => line !== '') ?? 'it said nothing';
}
