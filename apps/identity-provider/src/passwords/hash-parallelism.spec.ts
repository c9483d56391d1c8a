import { describe, expect, it } from 'vitest';
import { coresOfQuota, hashParallelism } from './hash-parallelism.js';

describe('hash parallelism', () => {
  it.each([
    { cores: 2, threads: 4, expected: 2 },
    { cores: 4, threads: 4, expected: 3 },
    { cores: 16, threads: 4, expected: 3 },
    { cores: 16, threads: 20, expected: 16 },
    { cores: 1, threads: 4, expected: 1 },
    { cores: 8, threads: 1, expected: 1 },
  ])('is $expected on $cores cores with $threads libuv threads', ({ cores, threads, expected }) => {
    expect(hashParallelism(cores, threads)).toBe(expected);
  });

  it.each([
    ['max 100000\n', Number.POSITIVE_INFINITY],
    ['200000 100000\n', 2],
    ['250000 100000\n', 2],
    ['50000 100000\n', 1],
  ])('reads the CPU limit of a container: %j', (cpuMax, cores) => {
    expect(coresOfQuota(cpuMax)).toBe(cores);
  });
});
