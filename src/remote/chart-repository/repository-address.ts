import { DrayError } from "../../errors.ts";
import { isLinkLocal } from "../http/address.ts";

/**
 * A chart repository as users and charts write it: `https://…`, or its name in Helm's own
 * configuration as `@NAME` or `alias:NAME`.
 * @throws DrayError `DRAY_CHART_REPOSITORY_INVALID`
 */
export function parseRepositoryAddress(text: string): string {
  const alias = /^(?:@|alias:)([^\s/]{1,250})$/.exec(text)?.[1];
  return alias === undefined ? parseRepositoryUrl(text).href : `@${alias}`;
}

/**
 * What a repository keeps for itself, user name and password, has no place in its address: addresses
 * stand in locks, reports and messages.
 * @throws DrayError `DRAY_CHART_REPOSITORY_INVALID`
 */
export function parseRepositoryUrl(text: string): URL {
  const fail = (reason: string, hint?: string): DrayError =>
    new DrayError(
      "DRAY_CHART_REPOSITORY_INVALID",
      `Cannot use chart repository ${JSON.stringify(withoutLogin(text))}: ${reason}`,
      { kind: "usage", hint },
    );
  if (/[<>]/.test(text)) throw fail("it still has a placeholder in it");
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw fail("expected an address that begins with https://");
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") {
    throw fail(
      "there is a login in it",
      "Leave it out and use `helm repo add --username`, or --username with --password-stdin.",
    );
  }
  if (isLinkLocal(url)) throw fail("it is an address inside some network");
  url.hash = "";
  return url;
}

/** For messages about an address that may hold a password. */
function withoutLogin(text: string): string {
  return text.replace(/\/\/.*@/, "//").slice(0, 300);
}

/** Where the index of a repository is. */
export function indexUrl(repository: URL): URL {
  return below(repository, "index.yaml");
}

/**
 * Where an index says a file is: relative to the repository or anywhere else. The query of the
 * repository holds for what is relative and brings none of its own, as Helm has it.
 * @throws DrayError `DRAY_CHART_REPOSITORY_INVALID`
 */
export function fileUrl(text: string, repository: URL): URL {
  const refuse = (reason: string, hint?: string): DrayError =>
    new DrayError(
      "DRAY_CHART_REPOSITORY_INVALID",
      `Cannot fetch ${JSON.stringify(text.slice(0, 300))} from ${repository.host}: ${reason}`,
      { kind: "refused", hint },
    );
  if (!URL.canParse(text, repository.href)) throw refuse("it is no address");
  const url = below(repository, text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw refuse(`expected http or https, found ${url.protocol}`);
  }
  if (url.username !== "" || url.password !== "") throw refuse("there is a login in it");
  if (repository.protocol === "https:" && url.protocol === "http:") {
    if (url.hostname !== repository.hostname) {
      throw refuse(
        "it gives up encryption",
        "Tell whoever keeps the index to name https:// in it; or get the file by hand and name it with --chart FILE.",
      );
    }
    // Made behind a proxy that ends TLS (`helm repo index --url http://…`), it means this very host.
    if (url.port === "") url.port = repository.port;
    url.protocol = "https:";
  }
  if (isLinkLocal(url) && url.hostname !== repository.hostname) {
    throw refuse("it is an address inside some network");
  }
  return url;
}

function below(repository: URL, path: string): URL {
  const base = new URL(repository);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const url = new URL(path, base);
  if (url.search === "" && !/^[a-z][a-z0-9+.-]*:|^\/\//i.test(path)) url.search = base.search;
  url.hash = "";
  return url;
}

/** `PATH.prov` for the chart at `url`. */
export function provenanceUrl(url: URL): URL {
  const provenance = new URL(url);
  provenance.pathname += ".prov";
  return provenance;
}

/** For messages: a query may hold a token. */
export function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** True if both mean the same repository, as Helm compares them. */
export function isSameRepository(a: URL, b: URL): boolean {
  return plainHref(a) === plainHref(b);
}

function plainHref({ origin, pathname, search }: URL): string {
  return `${origin}${pathname.replace(/\/+$/, "")}${search}`;
}
