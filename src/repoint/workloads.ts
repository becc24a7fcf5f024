import { isTest, readManifests, type Manifest } from "../discover/manifests.ts";
import type { RenderedFile } from "../helm/render/render.ts";
import { byCodePoint, isList, type Dict, type Value } from "../helm/template/value.ts";
import { lookUp } from "../helm/values/path.ts";
import { lastingName } from "./spots.ts";
import type { Rendering } from "./rendering.ts";

/** Something that runs pods. */
export interface Workload {
  /** `Deployment/web` */
  readonly object: string;
  /** Helm's name of the file that prints it. */
  readonly file: string;
  /** The service account that its pods run under. */
  readonly account: string;
  /** Where that is; undefined where neither the chart nor the release says so. */
  readonly namespace?: string | undefined;
  /** True if its pods have the secret, by themselves or by their service account. */
  readonly hasSecret: boolean;
  /** True for what only `helm test` runs. */
  readonly onlyTests: boolean;
}

/**
 * Everything that runs pods in a rendering. Where nobody says which namespace the release goes to, it was
 * rendered for `default`, and an object that says so says nothing.
 */
export function workloadsIn(
  { files }: Pick<Rendering, "files">,
  { secret, namespace: released }: { secret: string; namespace?: string | undefined },
): Workload[] {
  return [...secretPlaces(files, secret).values()]
    .filter(({ kind }) => kind === "pod")
    .map(({ object, file, account, namespace: stated, hasSecret, onlyTests }) => ({
      object,
      file,
      account,
      namespace: released === undefined && stated === "default" ? undefined : (stated ?? released),
      hasSecret,
      onlyTests,
    }))
    .toSorted((a, b) => byCodePoint(a.object, b.object));
}

/** Where a secret for pulling can stand, or be handed on. */
export interface SecretPlace {
  /** The same in every rendering. */
  readonly key: string;
  /** Helm's name of the file that prints it. */
  readonly file: string;
  /** `Deployment/web` */
  readonly object: string;
  /** A pod of a workload, or whatever else names the secret. */
  readonly kind: "pod" | "other";
  /** Of a pod: what it runs under. */
  readonly account: string;
  /** That the object names itself. */
  readonly namespace: string | undefined;
  readonly hasSecret: boolean;
  readonly onlyTests: boolean;
}

/** Texts within one object; no object of Kubernetes has nearly as many. */
const MAX_NODES = 100_000;

/** Pods and whatever else names `secret` in what was printed. */
export function secretPlaces(
  files: readonly RenderedFile[],
  secret: string,
): ReadonlyMap<string, SecretPlace> {
  const all = files.map((file) => placesIn(file, secret));
  const accounts = new Set(all.flatMap((one) => one.accounts));
  const places = new Map<string, SecretPlace>();
  for (const { key, ...place } of all.flatMap((one) => one.places)) {
    const byAccount = place.kind === "pod" && accounts.has(`ServiceAccount/${place.account}`);
    places.set(key, { ...place, key, hasSecret: place.hasSecret || byAccount });
  }
  return places;
}

/** What one file says, whatever the others do. */
interface FilePlaces {
  readonly secret: string;
  readonly places: readonly SecretPlace[];
  /** Service accounts that have the secret. */
  readonly accounts: readonly string[];
}

/** By the file as it was printed: what prints the same again is not read again. */
const found = new WeakMap<RenderedFile, FilePlaces>();

function placesIn(file: RenderedFile, secret: string): FilePlaces {
  const known = found.get(file);
  if (known?.secret === secret) return known;
  const { manifests } = readManifests(file.text);
  const accounts = manifests.filter(
    ({ object }) => object.get("kind") === "ServiceAccount" && names(object, secret),
  );
  const places = {
    secret,
    places: manifests.flatMap((manifest) => placesOf(manifest, file.file.name, secret)),
    accounts: accounts.map(({ name }) => name),
  };
  found.set(file, places);
  return places;
}

function placesOf(
  { object, name, hooks }: Manifest,
  file: string,
  secret: string,
): FilePlaces["places"] {
  const places: SecretPlace[] = [];
  const pods = new Set<string>();
  const namespace = lookUp(object, ["metadata", "namespace"]);
  visit(object, (value, path) => {
    const isPod = value instanceof Map && isList(value.get("containers"));
    if (!isPod && (typeof value !== "string" || !isNamed(value, secret, path))) return;
    const place = {
      // A list that has it twice has it once.
      key: `${file}\n${lastingName(name)}\n${listOf(path).join(".")}`,
      file,
      object: name,
      account: accountOf(value),
      namespace: typeof namespace === "string" && namespace !== "" ? namespace : undefined,
      onlyTests: isTest(hooks),
    };
    if (isPod) {
      pods.add(path.join("."));
      places.push({ ...place, kind: "pod", hasSecret: names(value, secret) });
    } else if (!isAccount(name) && !pods.has(listOf(path).slice(0, -1).join("."))) {
      places.push({ ...place, kind: "other", hasSecret: true });
    }
  });
  return places;
}

function accountOf(pod: Value): string {
  const account = pod instanceof Map ? pod.get("serviceAccountName") : undefined;
  return typeof account === "string" && account !== "" ? account : "default";
}

/** The path of the list of secrets that `path` leads into, or `path` itself. */
function listOf(path: readonly string[]): readonly string[] {
  const at = path.indexOf("imagePullSecrets");
  return at === -1 ? path : path.slice(0, at + 1);
}

/** True if a text has the secret in it: no table that Go has printed, and no list in the place of a name. */
function isNamed(text: string, secret: string, path: readonly string[]): boolean {
  if (!text.includes(secret) || text.includes("map[")) return false;
  const at = path.indexOf("imagePullSecrets");
  return at === -1 || path.length - at <= 3;
}

/** What a service account has counts for the pods that run under it. */
function isAccount(object: string): boolean {
  return object.startsWith("ServiceAccount/");
}

/** True for a list of secrets, each a table with a name as Kubernetes wants it, that has this one. */
function names(table: Dict, secret: string): boolean {
  const list = table.get("imagePullSecrets");
  if (!isList(list)) return false;
  const all = list.map((one) => (one instanceof Map ? one.get("name") : undefined));
  return all.every((name) => typeof name === "string") && all.includes(secret);
}

function visit(top: Dict, see: (value: Value, path: readonly string[]) => void): void {
  let nodes = 0;
  const walk = (value: Value, path: readonly string[]): void => {
    if (++nodes > MAX_NODES) return;
    see(value, path);
    if (value instanceof Map) for (const [key, item] of value) walk(item, [...path, key]);
    else if (isList(value))
      for (const [at, item] of value.entries()) walk(item, [...path, String(at)]);
  };
  walk(top, []);
}
