import { Counter } from 'prom-client';

export const provisionedProfiles = new Counter({
  name: 'twinkey_provisioned_profiles_total',
  help: "Profiles made at a user's first call or lookup, by issuer.",
  labelNames: ['issuer'] as const,
});
