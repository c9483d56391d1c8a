import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Environment } from '#libs/config/environment.js';
import { KeycloakStartError } from './keycloak-error.js';
import { KEYCLOAK_ARTIFACT, KEYCLOAK_SHA256, KEYCLOAK_VERSION } from './keycloak-release.js';
import { runProgram, withoutKeycloakSettings } from './programs.js';

const NAME = `keycloak-${KEYCLOAK_VERSION}`;
const ARCHIVE = `keycloak-quarkus-dist-${KEYCLOAK_VERSION}.tar.gz`;
const DOWNLOAD_MS = 20 * 60_000;
const LOCAL_WORK_MS = 5 * 60_000;
/** No process prepares a distribution for this long: an older folder is abandoned. */
const ABANDONED_AFTER_MS = 60 * 60_000;

/** The cache for all checkouts of this user: `$XDG_CACHE_HOME/twinkey`, otherwise `~/.cache/twinkey`. */
export function cacheFolder(environment: Environment): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'twinkey');
}

/** The distribution's folder, or null if it is not cached yet. */
export function cachedDistribution(environment: Environment): string | null {
  const folder = join(cacheFolder(environment), NAME);
  return existsSync(folder) ? folder : null;
}

/**
 * Downloads the distribution with Maven, verifies it, and runs Keycloak's build step for this database once, which makes
 * every later start 20 s faster. Nothing writes to the folder afterwards, so any number of servers can share it.
 * The work is done in a temporary folder, which is renamed at the end: if two processes do it at once, the result of
 * the second is discarded.
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
    report(`Downloading Keycloak ${KEYCLOAK_VERSION} with Maven (180 MB, once) …`);
    await download(work, environment, signal);
    report('Preparing Keycloak (once) …');
    const prepared = await prepare(work, environment, signal);
    return await moveIntoPlace(prepared, join(cache, NAME));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(folder: string, environment: Environment, signal?: AbortSignal): Promise<void> {
  // -C: a checksum mismatch is an error and not a warning.
  const options = ['-q', '-B', '-C', `-Dartifact=${KEYCLOAK_ARTIFACT}`, `-DoutputDirectory=${folder}`];
  const { code, output } = await runProgram('mvn', [...options, 'dependency:copy'], {
    environment,
    timeoutMs: DOWNLOAD_MS,
    cwd: folder,
    signal,
  });
  if (code !== 0) {
    throw new KeycloakStartError(`Maven could not download Keycloak: ${firstError(output)}`);
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, ARCHIVE)), hash);
  if (hash.digest('hex') !== KEYCLOAK_SHA256) {
    throw new KeycloakStartError(
      `The archive that Maven downloaded is not Keycloak ${KEYCLOAK_VERSION}: its SHA-256 differs. Delete it from Maven's repository and try again.`,
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
  return lines.find((line) => /error/i.test(line)) ?? lines.find((line) => line !== '') ?? 'no output';
}
