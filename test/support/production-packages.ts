import { readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface LockedPackage {
  /** A workspace, which is in the checkout. */
  link?: boolean;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  license?: string;
}

export interface ProductionPackage {
  name: string;
  /** Relative to the checkout. */
  path: string;
  license: string | undefined;
}

/** What `npm ci --omit=dev --omit=optional` installs, by the lockfile. */
export function productionPackages(): ProductionPackage[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(packages).flatMap(([path, { dev, optional, devOptional, license, link }]) =>
    path.startsWith('node_modules/') && !dev && !optional && !devOptional && !link
      ? [{ name: path.slice(path.lastIndexOf('node_modules/') + 13), path, license }]
      : [],
  );
}

/** Copies the installed packages to another folder, without those that production does not have. */
export async function installProductionPackages(folder: string): Promise<void> {
  for (const { path } of productionPackages()) {
    const nested = join(ROOT, path, 'node_modules');
    await cp(join(ROOT, path), join(folder, path), {
      recursive: true,
      filter: (source) => source !== nested,
    });
  }
}
