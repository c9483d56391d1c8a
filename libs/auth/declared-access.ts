import { type INestApplication, RequestMethod } from '@nestjs/common';
import { MODULE_PATH, PATH_METADATA } from '@nestjs/common/constants.js';
import { type ApplicationConfig, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { PathsExplorer } from '@nestjs/core/router/paths-explorer.js';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import { type Access, accessOf } from '#libs/verify/src/nest/access.js';

export interface DeclaredRoute {
  /** `GET`, `POST`, …; `ALL` for a handler of every method. */
  method: string;
  /** With all prefixes: `/api/v1/roles/:id`. */
  path: string;
  /** `RolesController.get` */
  handler: string;
  /** Undefined where the handler declares nothing: the guard refuses every request. */
  access: Access | undefined;
}

/** Lists every handler of an application with its access, for tests that every route declares one. */
export function declaredAccess(app: INestApplication): DeclaredRoute[] {
  // Nest keeps the global prefix and its exclusions here; @nestjs/swagger reads it too.
  const { config } = app as unknown as { config: ApplicationConfig };
  const factory = new RoutePathFactory(config);
  const globalPrefix = config.getGlobalPrefix();
  return handlersOf(app.get(ModulesContainer)).flatMap(({ modulePath, ctrlPath, controller, route }) => {
    const { path: methodPaths, requestMethod, methodName, targetCallback } = route;
    const paths = methodPaths.flatMap((methodPath) =>
      factory.create({ ctrlPath, methodPath, modulePath, globalPrefix }, requestMethod),
    );
    return paths.map((path) => ({
      method: RequestMethod[requestMethod] as string,
      path,
      handler: `${controller}.${methodName}`,
      access: accessOf(targetCallback),
    }));
  });
}

function handlersOf(modules: ModulesContainer) {
  const explorer = new PathsExplorer(new MetadataScanner());
  return [...modules.values()].flatMap((module) => {
    const modulePath: string | undefined =
      Reflect.getMetadata(MODULE_PATH + modules.applicationId, module.metatype) ??
      Reflect.getMetadata(MODULE_PATH, module.metatype);
    return [...module.controllers.values()].flatMap(({ instance, name, metatype }) => {
      const ctrlPaths: string[] = [Reflect.getMetadata(PATH_METADATA, metatype as object)].flat();
      const routes = explorer.scanForPaths(instance);
      return ctrlPaths.flatMap((ctrlPath) =>
        routes.map((route) => ({ modulePath, ctrlPath, controller: String(name), route })),
      );
    });
  });
}
