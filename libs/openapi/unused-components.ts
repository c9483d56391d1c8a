import type { OpenAPIObject } from '@nestjs/swagger';

const SECTIONS = ['schemas', 'responses', 'headers'] as const;

/** Removes components without references, and components that only removed components refer to. */
export function pruneComponents(document: OpenAPIObject): void {
  const { components } = document;
  if (components === undefined) return;
  const sizeOf = () => SECTIONS.reduce((sum, name) => sum + Object.keys(components[name] ?? {}).length, 0);
  let before: number;
  do {
    before = sizeOf();
    const text = JSON.stringify(document);
    for (const section of SECTIONS) {
      const used = Object.entries(components[section] ?? {}).filter(([name]) =>
        text.includes(`"#/components/${section}/${name}"`),
      );
      components[section] = Object.fromEntries(used);
    }
  } while (sizeOf() < before);
}
