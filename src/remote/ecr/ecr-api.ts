import {
  CreateRepositoryCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  ImageTagMutability,
  RepositoryAlreadyExistsException,
} from "@aws-sdk/client-ecr";
import { DrayError } from "../../errors.ts";
import type { Listener } from "../../events.ts";
import { Patience, Transient } from "../http/patience.ts";
import type { NetworkAccess } from "../http/network-access.ts";
import { Transport } from "../http/transport.ts";
import { AwsRequests } from "./aws-requests.ts";
import type { EcrHost } from "./ecr-host.ts";

export interface EcrToken {
  readonly username: string;
  readonly password: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

export interface EcrApiOptions {
  readonly access: NetworkAccess;
  /** Instead of the region's own API: `https://…` */
  readonly endpoint?: string | undefined;
  readonly onEvent?: Listener | undefined;
}

/**
 * The API of ECR in one region, asked with whatever credentials the AWS SDK finds: variables, profiles,
 * SSO, a web identity, a container's or an instance's role.
 */
export class EcrApi {
  readonly #host: EcrHost;
  readonly #client: ECRClient;
  readonly #patience: Patience;

  constructor(host: EcrHost, { access, endpoint, onEvent }: EcrApiOptions) {
    const { registry, region, isFips, isDualStack } = host;
    this.#host = host;
    this.#patience = new Patience(`the ECR API of ${region}`, access, onEvent);
    this.#client = new ECRClient({
      region,
      // Which endpoint it is has been said already where one is named.
      ...(endpoint === undefined
        ? { useFipsEndpoint: isFips, useDualstackEndpoint: isDualStack }
        : { endpoint }),
      requestHandler: new AwsRequests(new Transport(access), registry),
    });
  }

  /** A login for every registry that these credentials may use; AWS lets it last for twelve hours. */
  async token(signal?: AbortSignal): Promise<EcrToken> {
    const answer = await this.#ask("log in to", signal, (options) =>
      this.#client.send(new GetAuthorizationTokenCommand({}), options),
    );
    const [data] = answer.authorizationData ?? [];
    const text = Buffer.from(data?.authorizationToken ?? "", "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) {
      throw this.#failed("log in to", "its answer has no token in it", undefined);
    }
    return {
      username: text.slice(0, colon),
      password: text.slice(colon + 1),
      expires: data?.expiresAt?.getTime() ?? 0,
    };
  }

  /** Makes a repository; one that somebody else has made meanwhile is as good. */
  async makeRepository(
    name: string,
    { isImmutable, signal }: { isImmutable: boolean; signal?: AbortSignal | undefined },
  ): Promise<void> {
    const command = new CreateRepositoryCommand({
      repositoryName: name,
      registryId: this.#host.account,
      ...(isImmutable ? { imageTagMutability: ImageTagMutability.IMMUTABLE } : {}),
    });
    try {
      await this.#ask(`make repository ${name} at`, signal, (options) =>
        this.#client.send(command, options),
      );
    } catch (error) {
      const { cause } = error instanceof DrayError ? error : {};
      if (!(cause instanceof RepositoryAlreadyExistsException)) throw error;
    }
  }

  async #ask<T>(
    action: string,
    signal: AbortSignal | undefined,
    work: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const options = signal === undefined ? {} : { abortSignal: signal };
    return this.#patience.persist(async () => {
      try {
        return await work(options);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof Transient || error instanceof DrayError) throw error;
        if (!(error instanceof Error)) throw error;
        throw error.name === "CredentialsProviderError"
          ? this.#noCredentials(action, error)
          : this.#failed(action, `${error.name}: ${error.message}`, error);
      }
    }, signal);
  }

  #noCredentials(action: string, cause: Error): DrayError {
    return new DrayError(
      "DRAY_AWS_CREDENTIALS_MISSING",
      `Cannot ${action} ${this.#host.registry}: no login is known for it, and the AWS SDK finds no credentials: ${cause.message}`,
      {
        cause,
        hint: "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY; or pipe `aws ecr get-login-password` into `dray login --username AWS --password-stdin`.",
      },
    );
  }

  #failed(action: string, reason: string, cause: Error | undefined): DrayError {
    const { name = "" } = cause ?? {};
    return new DrayError("DRAY_ECR_REFUSED", `Cannot ${action} ${this.#host.registry}: ${reason}`, {
      cause,
      hint: HINTS.find(([sign]) => sign.test(name))?.[1],
    });
  }
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [/AccessDenied/, "Ask for the right: the message names it, and who is asking."],
  [/Expired/, "The AWS credentials have expired: get new ones, such as by `aws sso login`."],
  [
    /UnrecognizedClient|InvalidClientToken/,
    "AWS does not know these keys: is it the right profile?",
  ],
  [/Signature|RequestTimeTooSkewed/, "Check the secret key, and this host's clock."],
  [/LimitExceeded/, "This account may have no more repositories: ask AWS for more."],
];
