import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Service {
  image: string;
  build?: string;
  command?: string[];
  environment: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
}

export interface ComposeFile {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
}

export interface Reference {
  name: string;
  fallback: string | undefined;
}

const REFERENCE = /\$\{(\w+)(?::-([^}]*))?\}/g;

export const composeText = (): string => readFileSync('docker-compose.yml', 'utf8');

/** Every `${NAME:-fallback}` in the file. */
export const references = (text: string): Reference[] =>
  [...text.matchAll(REFERENCE)].map(([, name, fallback]) => ({ name: name as string, fallback }));

/** The file as `docker compose config` resolves it: unset and empty variables have their fallback. */
export function resolveCompose(text: string, env: Record<string, string | undefined> = {}): ComposeFile {
  const resolved: unknown = resolveIn(parse(text, { merge: true }), env);
  return resolved as ComposeFile;
}

/** Resolves variables after parsing, as Docker does, so that a value cannot change the YAML structure. */
function resolveIn(node: unknown, env: Record<string, string | undefined>): unknown {
  if (typeof node === 'string') {
    return node
      .replaceAll(REFERENCE, (_, name: string, fallback = '') => env[name] || fallback)
      .replaceAll('$$', '$');
  }
  if (Array.isArray(node)) return node.map((entry) => resolveIn(entry, env));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolveIn(value, env)]));
}
