import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FETCH_TIMEOUT, run } from './cached-program.js';
import {
  CHART,
  type KubernetesObject,
  objectsIn,
  ofKind,
  podsOf,
  render,
  renderText,
  runWith,
} from './chart.js';
import { helm, schemas } from './programs.js';

const KINDS = readdirSync(join(CHART, 'ci'));
const valuesOf = (file: string) => parse(readFileSync(join(CHART, 'ci', file), 'utf8'));
const separate = valuesOf('separate-values.yaml');
const everything = valuesOf('everything-values.yaml');
const message = (error: { stderr: string }) => error.stderr;

describe.skipIf(!helm.isAvailable || !schemas.isAvailable)('the Helm chart', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    await helm.get();
    await schemas.get();
  }, FETCH_TIMEOUT);

  it.each(KINDS)(
    'with %s passes helm lint, and each object has only fields that Kubernetes knows',
    async (file) => {
      await run(await helm.get(), ['lint', '--strict', CHART, '--values', join(CHART, 'ci', file)]);
      const text = await renderText(valuesOf(file));
      expect(await runWith(await schemas.get(), text)).toEqual({ code: 0, stdout: '' });
      const objects = objectsIn(text);
      const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      expect(names).toEqual([...new Set(names)]);
    },
  );

  it('takes the values of its README', async () => {
    const readme = readFileSync(join(CHART, 'README.md'), 'utf8');
    const example = /Write `values\.yaml`:\n\n((?: {7}.*\n)+)/.exec(readme)?.[1] ?? '';
    const objects = await render(parse(example));
    expect(objects.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['Deployment', 'Job', 'Ingress', 'NetworkPolicy', 'ServiceMonitor']),
    );
  });

  it('is checked by a program that finds a misspelt field', async () => {
    const text = (await renderText(separate)).replaceAll(
      'readOnlyRootFilesystem:',
      'readOnlyRootFileSystem:',
    );
    const { code, stdout } = await runWith(await schemas.get(), text);
    expect(code).toBe(1);
    expect(stdout).toContain(
      'unknown field "spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem"',
    );
  });

  it.each([
    ['an unknown value', { networkPolicies: {} }],
    ['an unknown value of a workload', { userService: { replica: 3 } }],
    ['an unknown mode', { mode: 'both' }],
    ['no issuer', { settings: { JWT_AUDIENCE: 'example' } }],
    ['an issuer without TLS', { settings: { ...separate.settings, JWT_ISSUER: 'http://id.example.com' } }],
    ['a setting in lower case', { settings: { ...separate.settings, bcrypt_cost: '12' } }],
    ['a setting that is a number', { settings: { ...separate.settings, BCRYPT_COST: 12 } }],
    ['a secret among the settings', { settings: { ...separate.settings, KEYCLOAK_CLIENT_SECRET: 'x' } }],
    [
      'a database URL among the settings',
      { identityProvider: { settings: { DATABASE_URL: 'postgres://' } } },
    ],
    ['a listener that the chart sets', { settings: { ...separate.settings, HOST: '127.0.0.1' } }],
    ['a privileged port', { ports: { userService: 80 } }],
    ['less time than the drain takes', { workload: { terminationGracePeriodSeconds: 5 } }],
    ['a peer that admits everybody', { networkPolicy: { internalFrom: [{}] } }],
    ['a misspelt peer', { networkPolicy: { internalFrom: [{ podSelectors: {} }] } }],
    ['a route without a gateway', { httpRoute: { enabled: true } }],
  ])('refuses %s', async (_, values) => {
    const error = await render({ ...separate, ...values }).catch(message);
    expect(error).toContain("values don't meet the specifications of the schema");
  });

  it.each([
    ['a Secret', { existingSecret: '' }, 'existingSecret is required'],
    ['a host for the Ingress', { ingress: { enabled: true } }, 'public.identityProvider.host'],
  ])('names what is missing: %s', async (_, values, expected) => {
    expect(await render({ ...separate, ...values }).catch(message)).toContain(expected);
  });

  it.each(KINDS)('with %s gives each container no rights', async (file) => {
    const pods = podsOf(await render(valuesOf(file)));
    expect(pods.length).toBeGreaterThan(1);
    for (const pod of pods) {
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const { securityContext, resources } of pod.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(resources).toMatchObject({
          requests: { cpu: expect.any(String) },
          limits: { memory: expect.any(String) },
        });
      }
    }
  });

  it('migrates before each installation and upgrade, with its own Secret', async () => {
    const [job] = ofKind(await render(everything), 'Job') as [KubernetesObject];
    expect(job.metadata.annotations?.['helm.sh/hook']).toBe('pre-install,pre-upgrade');
    const [container] = job.spec.template.spec.containers;
    expect(container.args).toEqual(['migrate']);
    expect(container.env).toContainEqual({
      name: 'DATABASE_URL',
      valueFrom: { secretKeyRef: { name: 'twinkey-owner', key: 'DATABASE_URL' } },
    });
  });

  it('leaves the number of replicas to the autoscaler', async () => {
    const objects = await render(everything);
    for (const { spec } of ofKind(objects, 'Deployment')) expect(spec).not.toHaveProperty('replicas');
    expect(ofKind(objects, 'HorizontalPodAutoscaler')).toHaveLength(2);
    for (const { spec } of ofKind(await render(separate), 'Deployment')) expect(spec.replicas).toBe(2);
  });

  it('gives a whole workload, not less, to a Deployment with values of its own', async () => {
    const [identityProvider, userService] = podsOf(await render(everything)).map(
      ({ containers }) => containers[0],
    );
    expect(identityProvider?.resources).toEqual({
      requests: { cpu: '2', memory: '256Mi' },
      limits: { memory: '512Mi' },
    });
    expect(identityProvider?.args).toEqual(['run', 'identity-provider']);
    expect(userService?.args).toEqual(['run', 'user-service', '--workers', '4']);
  });
});
