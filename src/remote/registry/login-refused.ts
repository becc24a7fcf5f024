import { RegistryError } from "../../errors.ts";
import { z } from "../../oci/schema.ts";
import type { Credentials } from "./credentials.ts";

/** A login that a registry or its token server has answered with 401. */
export interface RefusedLogin {
  /** Name of the registry as the user writes it. */
  readonly registry: string;
  readonly credentials: Credentials;
  /** True if it was good before in this run. */
  readonly wasTaken: boolean;
  /** Who refuses it, where that is not the registry: `token server https://auth.example`. */
  readonly by?: string | undefined;
}

/** Tells what is expired from what is wrong. */
export function loginRefused({ registry, credentials, wasTaken, by }: RefusedLogin): RegistryError {
  const who = by === undefined ? "it" : by;
  const ended = expiryOf(secretOf(credentials));
  const isOver = ended !== undefined && ended.getTime() < Date.now();
  if (isOver || wasTaken) {
    const reason = isOver
      ? `the token has expired at ${ended.toISOString()}`
      : `${who} took this login before in this run, and refuses it now: it has expired, or was changed`;
    return new RegistryError("DRAY_LOGIN_EXPIRED", `Cannot log in to ${registry}: ${reason}`, {
      status: 401,
      hint: `Log in again: \`dray login ${registry}\`. The same command goes on then where this one stopped.`,
    });
  }
  return new RegistryError(
    "DRAY_LOGIN_REFUSED",
    `Cannot log in to ${registry}: ${who} refuses the credentials and answered 401`,
    { status: 401, hint: "Check user name and password (or token) for this registry." },
  );
}

/** For hints. */
export function howToLogIn(registry: string): string {
  return `Log in: \`dray login ${registry}\`, or --username with --password-stdin; a login of docker, podman, skopeo or helm counts too.`;
}

/** Nobody has said who is asking, and the registry lets nobody else. `offers`: the schemes that it names. */
export function loginMissing(registry: string, offers: readonly string[]): RegistryError {
  const isSpoken = offers.some((scheme) => scheme === "basic" || scheme === "bearer");
  const wants = isSpoken
    ? "it answered 401: it wants a login, and none is known"
    : offers.length === 0
      ? "it answered 401, and does not say how to log in"
      : `it answered 401: it wants a login of a kind that dray does not speak (${offers.join(", ")})`;
  return new RegistryError("DRAY_LOGIN_MISSING", `Cannot log in to ${registry}: ${wants}`, {
    status: 401,
    hint: isSpoken
      ? howToLogIn(registry)
      : "dray logs in by Basic and by tokens: ask whoever runs the registry for an address or an account that takes those.",
  });
}

export function isLoginRefusal({ code }: RegistryError): boolean {
  return code === "DRAY_LOGIN_REFUSED" || code === "DRAY_LOGIN_EXPIRED";
}

function secretOf(credentials: Credentials): string {
  return credentials.kind === "password" ? credentials.password : credentials.token;
}

/** Tokens of registries have some kilobytes. */
const MAX_TOKEN_LENGTH = 64 * 1024;
/** RFC 7519 §4.1.4: seconds since the epoch, here until the year 9999. */
const payloadSchema = z.object({ exp: z.number().nonnegative().max(253_402_300_799) });

/** When a secret ends that is a JSON Web Token and says so; undefined for any other. Nothing is verified. */
function expiryOf(secret: string): Date | undefined {
  const [, payload, signature] = secret.split(".");
  if (payload === undefined || signature === undefined) return undefined;
  if (secret.length > MAX_TOKEN_LENGTH) return undefined;
  try {
    const text = Buffer.from(payload, "base64url").toString("utf8");
    return new Date(payloadSchema.parse(JSON.parse(text)).exp * 1000);
  } catch {
    // A password may have dots in it.
    return undefined;
  }
}
