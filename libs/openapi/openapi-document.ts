import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { describeAccess } from './access-description.js';
import { addLinks } from './created-resource-links.js';
import { addSignIn, type DocsSignIn } from './docs-sign-in.js';
import { sortDocument } from './document-order.js';
import { type Operation, operationsOf, type Parameter, resolve, type Schema } from './document-parts.js';
import { addErrorResponses } from './error-responses.js';
import { addExamples } from './examples.js';
import { sharedComponents } from './shared-components.js';
import { pruneComponents } from './unused-components.js';

/** The name of the security scheme: the default of `@ApiBearerAuth()`. */
export const BEARER = 'bearer';

const CONTACT = { name: 'The maintainers of Twinkey' };
const ACCESS_TOKEN = { bearerFormat: 'JWT', description: 'An access token, without `Bearer`.' };
const LICENSE = { name: 'Apache License 2.0', identifier: 'Apache-2.0' };

export interface ApiDescription {
  title: string;
  /** Markdown. */
  description: string;
  version: string;
  /** Descriptions of the tags, in the order of the pages. */
  tags: Readonly<Record<string, string>>;
  /** Describes the bearer scheme. Default: an access token. */
  bearer?: { description: string; bearerFormat?: string };
}

/**
 * Builds the OpenAPI 3.1 document of an application from the declarations of its handlers, and adds what all routes share:
 * error responses, headers, examples. The same routes always give the same text, so that the diff of the generated file
 * shows changes of the API. The application must have its global prefix, but need not be initialized.
 * @param signIn null: an access token is the only way to authorize
 */
export function buildOpenApiDocument(
  app: INestApplication,
  about: ApiDescription,
  signIn: DocsSignIn | null = null,
): OpenAPIObject {
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
  if (signIn) addSignIn(document, BEARER, signIn);
  pruneComponents(document);
  addLinks(document);
  addExamples(document);
  // Removes undefined values.
  return JSON.parse(JSON.stringify(sortDocument(document))) as OpenAPIObject;
}

/** Returns names such as `accountsCreate`, for methods of generated clients. Links of Swagger UI break with underscores. */
const nameOfOperation = (controller: string, method: string) => {
  const feature = controller.replace(/Controller$/, '');
  return `${feature.charAt(0).toLowerCase()}${feature.slice(1)}${method.charAt(0).toUpperCase()}${method.slice(1)}`;
};

/** Nest numbers the paths of one handler in brackets: `healthLive[1]` becomes `healthLive2`. */
const withoutBrackets = (name: string) =>
  name.replace('[0]', '').replace(/\[(\d+)\]/, (_, n) => String(Number(n) + 1));

function baseOf({ title, description, version, tags, bearer = ACCESS_TOKEN }: ApiDescription) {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(title)
    .setDescription(description)
    .setVersion(version)
    // Relative to the address of the document, so that it also works behind a proxy that adds a path prefix.
    .addServer('.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', ...bearer }, BEARER);
  for (const [name, text] of Object.entries(tags)) builder.addTag(name, text);
  return builder.build();
}

/** Objects have only declared properties. An object that declares none can have any. */
function closeSchema(schema: Schema): void {
  if ('$ref' in schema || schema.properties === undefined) return;
  schema.additionalProperties ??= Object.keys(schema.properties).length === 0;
}

/** Path parameters named `id` or `…_id` are UUIDs; Nest describes them as strings. */
function describePathIds(parameters: Parameter[]): void {
  for (const parameter of parameters) {
    if ('$ref' in parameter || parameter.in !== 'path' || !/^(\w+_)?id$/.test(parameter.name)) continue;
    parameter.schema = { type: 'string', format: 'uuid' };
  }
}

/** A body is optional if all of its fields are. A body without declared fields is required. */
function describeBody(document: OpenAPIObject, { requestBody }: Operation): void {
  if (!requestBody || '$ref' in requestBody) return;
  const schema = requestBody.content['application/json']?.schema;
  if (!schema) return;
  const { properties, required } = resolve(document, schema);
  if (properties !== undefined && required === undefined) requestBody.required = false;
}
