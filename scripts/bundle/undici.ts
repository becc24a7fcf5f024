import { createRequire } from "node:module";
import type { Plugin } from "rolldown";

const UNDICI = "\0undici";

/** What requests are made of. `lib/api` becomes the methods of every dispatcher, as in undici itself. */
const PARTS = {
  Agent: "lib/dispatcher/agent.js",
  Dispatcher: "lib/dispatcher/dispatcher.js",
  Pool: "lib/dispatcher/pool.js",
  ProxyAgent: "lib/dispatcher/proxy-agent.js",
  api: "lib/api/index.js",
  buildConnector: "lib/core/connect.js",
};

/**
 * Of undici nothing but requests: its `fetch`, WebSocket, caches and mocks are three quarters of it, are
 * loaded with it, and have Node.js load its own copy of undici beside them. `request` is the one of undici for
 * who always names a dispatcher and a method. A release that moves these files breaks the build.
 */
export function requestsOfUndici(): Plugin {
  const { resolve } = createRequire(import.meta.url);
  return {
    name: "requests-of-undici",
    resolveId: (id) => (id === "undici" ? UNDICI : undefined),
    load(id) {
      if (id !== UNDICI) return undefined;
      const imports = Object.entries(PARTS).map(
        ([name, path]) => `import ${name} from ${JSON.stringify(resolve(`undici/${path}`))};`,
      );
      return `${imports.join("\n")}
Object.assign(Dispatcher.prototype, api);
export const request = (url, options) =>
  options.dispatcher.request({ ...options, origin: url.origin, path: url.pathname + url.search });
export { Agent, Pool, ProxyAgent, buildConnector };
`;
    },
  };
}
