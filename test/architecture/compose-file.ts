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

/** `$$`, `${NAME}`, `${NAME-fallback}` and `${NAME:-fallback}`, whose fallback may hold references in turn. */
const REFERENCE = /\$\$|\$\{(\w+)(?:(:?-)((?:[^${}]|\$\{[^{}]*\})*))?\}/g;

export const composeText = (): string => readFileSync('docker-compose.yml', 'utf8');

/** Every reference in the file, with its fallback as it is if nothing is set. */
export const references = (text: string): Reference[] =>
  [...text.matchAll(REFERENCE)].flatMap(([, name, , fallback]) =>
    name === undefined
      ? []
      : [{ name, fallback: fallback && interpolate(fallback, {}) }, ...references(fallback ?? '')],
  );

/** The file as `docker compose config` resolves it. */
export function resolveCompose(text: string, env: Environment = {}): ComposeFile {
  const resolved: unknown = resolveIn(parse(text, { merge: true }), env);
  return resolved as ComposeFile;
}

type Environment = Record<string, string | undefined>;

/** `:-` falls back if the variable is unset or empty, `-` only if it is unset. */
const interpolate = (text: string, env: Environment): string =>
  text.replaceAll(REFERENCE, (whole, name: string | undefined, operator: string, fallback = '') => {
    if (name === undefined) return whole.slice(1);
    const value = operator === '-' ? env[name] : env[name] || undefined;
    return value ?? interpolate(fallback, env);
  });

/** Resolves variables after parsing, as Docker does, so that a value cannot change the YAML structure. */
function resolveIn(node: unknown, env: Environment): unknown {
  if (typeof node === 'string') return interpolate(node, env);
  if (Array.isArray(node)) return node.map((entry) => resolveIn(entry, env));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolveIn(value, env)]));
}
