import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { describeAccess } from './access.js';
import { type Operation, operationsOf, type Parameter, resolve, type Schema } from './document-parts.js';
import { addErrorResponses } from './error-responses.js';
import { addExamples } from './examples.js';
import { addLinks } from './links.js';
import { sortDocument } from './property-order.js';
import { sharedComponents } from './shared-components.js';
import { pruneComponents } from './unused-components.js';

/** The security scheme's name in the document: what `@ApiBearerAuth()` names unless told otherwise. */
export const BEARER = 'bearer';

const CONTACT = { name: 'The maintainers of Twinkey' };
const ACCESS_TOKEN = { bearerFormat: 'JWT', description: 'An access token, without `Bearer`.' };
const LICENSE = { name: 'Apache License 2.0', identifier: 'Apache-2.0' };

export interface ApiDescription {
  title: string;
  /** Markdown: what the API is for, how to get a token. */
  description: string;
  version: string;
  /** Description by tag, in the order that the pages show them. */
  tags: Readonly<Record<string, string>>;
  /** What the bearer scheme takes; an access token unless told. */
  bearer?: { description: string; bearerFormat?: string };
}

/**
 * The app's OpenAPI 3.1 document, from what its handlers declare and what every route shares: error answers,
 * headers, examples. The same routes always give the same text, so that the checked-in file's diff is the
 * contract's. The app needs its global prefix, but need not be initialised.
 */
export function buildOpenApiDocument(app: INestApplication, about: ApiDescription): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, baseOf(about), {
    operationIdFactory: nameOfOperation,
  });
  const shared = sharedComponents();
  document.components = {
    ...document.components,
    ...shared,
    schemas: { ...document.components?.schemas, ...shared.schemas },
  };
  const { title, description, version } = about;
  document.info = { title, description, version, contact: CONTACT, license: LICENSE };
  Object.values(document.components.schemas ?? {}).forEach(closeSchema);
  for (const { path, method, operation } of operationsOf(document)) {
    operation.operationId = withoutBrackets(operation.operationId as string);
    describeAccess(operation);
    describePathIds(operation.parameters ?? []);
    describeBody(document, operation);
    addErrorResponses(operation, { method, hasPathId: /\{(\w+_)?id\}/.test(path) });
  }
  pruneComponents(document);
  addLinks(document);
  addExamples(document);
  // As JSON has it: what is undefined is not there.
  return JSON.parse(JSON.stringify(sortDocument(document))) as OpenAPIObject;
}

/** `accountsCreate`: a good method name in generated clients, and no underscore, which Swagger UI's links mistake. */
const nameOfOperation = (controller: string, method: string) => {
  const feature = controller.replace(/Controller$/, '');
  return `${feature.charAt(0).toLowerCase()}${feature.slice(1)}${method.charAt(0).toUpperCase()}${method.slice(1)}`;
};

/** Nest counts the paths of one handler in brackets: `healthLive[1]`, which is no name in any language. */
const withoutBrackets = (name: string) =>
  name.replace('[0]', '').replace(/\[(\d+)\]/, (_, n) => String(Number(n) + 1));

function baseOf({ title, description, version, tags, bearer = ACCESS_TOKEN }: ApiDescription) {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(title)
    .setDescription(description)
    .setVersion(version)
    // Relative to the document's own address, so that it also holds behind a proxy that puts the API under a path.
    .addServer('.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', ...bearer }, BEARER);
  for (const [name, text] of Object.entries(tags)) builder.addTag(name, text);
  return builder.build();
}

/** Inputs refuse what they do not declare, and replies hold nothing else; an object that declares nothing is free. */
function closeSchema(schema: Schema): void {
  if ('$ref' in schema || schema.properties === undefined) return;
  schema.additionalProperties ??= Object.keys(schema.properties).length === 0;
}

/** Nest knows a path parameter as a string; ours named `id` or `…_id` are ids, and anything else is a 404. */
function describePathIds(parameters: Parameter[]): void {
  for (const parameter of parameters) {
    if ('$ref' in parameter || parameter.in !== 'path' || !/^(\w+_)?id$/.test(parameter.name)) continue;
    parameter.schema = { type: 'string', format: 'uuid' };
  }
}

/** A body all of whose fields may be left out may be left out itself; one of free form is the point of its request. */
function describeBody(document: OpenAPIObject, { requestBody }: Operation): void {
  if (!requestBody || '$ref' in requestBody) return;
  const schema = requestBody.content['application/json']?.schema;
  if (!schema) return;
  const { properties, required } = resolve(document, schema);
  if (properties !== undefined && required === undefined) requestBody.required = false;
}
