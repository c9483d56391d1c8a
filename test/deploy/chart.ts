import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, stringify } from 'yaml';
import { run } from './cached-program.js';
import { helm } from './programs.js';

export const CHART = fileURLToPath(new URL('../../deploy/helm/twinkey', import.meta.url));
/** The release whose objects the tests render. */
const RELEASE = 'test';

export interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string } };
}

export interface Container {
  name: string;
  image: string;
  args: string[];
  env: Variable[];
  ports?: { name: string; containerPort: number }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  volumeMounts?: { name: string; mountPath: string }[];
  securityContext: object;
  resources: { requests: Record<string, string>; limits: Record<string, string> };
}

export interface Probe {
  httpGet: { path: string; port: string };
  periodSeconds: number;
  failureThreshold: number;
}

export interface PodSpec {
  containers: [Container];
  [field: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: the rest of an object differs by kind; schemas/main.go checks the fields
type Fields = any;

export interface KubernetesObject {
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  spec: Fields;
}

/** Renders the chart with these values. @throws Error with helm's message */
export async function renderText(values: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-values-'));
  try {
    const file = join(folder, 'values.yaml');
    await writeFile(file, stringify(values));
    return (await run(await helm.get(), ['template', RELEASE, CHART, '--values', file])).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const objectsIn = (text: string): KubernetesObject[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);

export const render = async (values: object): Promise<KubernetesObject[]> =>
  objectsIn(await renderText(values));

export const ofKind = (objects: KubernetesObject[], kind: string) =>
  objects.filter((object) => object.kind === kind);

export const podsOf = (objects: KubernetesObject[]): PodSpec[] =>
  objects.filter(({ kind }) => kind === 'Deployment' || kind === 'Job').map(({ spec }) => spec.template.spec);

/** Runs a program with a standard input. */
export async function runWith(program: string, input: string): Promise<{ code: number; stdout: string }> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (text) => (stdout += text));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout };
}
