import { shownPath } from "../../chart/chart.ts";
import type { RenderedFile } from "../../helm/render/render.ts";
import { isList, type Dict, type Value } from "../../helm/template/value.ts";
import { tryYaml } from "../../discover/text-images.ts";
import { splitDocuments } from "../../yaml/places.ts";
import { isNegative, speaksOfCallingHome } from "./calling-home.ts";
import { isContent, isForPeople, linesForPrograms } from "./for-people.ts";
import { servedHosts } from "./served-hosts.ts";

/** Something in a rendering that makes a pod reach outside when it runs. */
export interface Egress {
  /** The host, or the name of the setting that lets something call home. */
  readonly what: string;
  /** `Deployment/web` */
  readonly object: string;
  /** `spec.template.spec.containers.0.env.CHECK_FOR_UPDATES` */
  readonly where: string;
  /** The template, below the chart's directory. */
  readonly file: string;
}

/** Places that one chart is told of; the first say what there is to say. */
const MAX_FOUND = 200;

const URL = /\b(?:https?|wss?|tcp):\/\/([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+)/gi;

/** Names inside of a cluster, of examples, and of formats, which nobody asks. */
const NOT_OUTSIDE =
  /(?:^|\.)(?:svc|local|localdomain|localhost|internal|lan|test|invalid|example|example\.(?:com|org|net)|w3\.org|json-schema\.org|schemas\..*|xmlsoap\.org|iana\.org)$|\.svc\./i;

/** What the objects of a rendering reach outside; `isOwn` knows hosts that are reached on purpose. */
export function egressIn(
  files: readonly RenderedFile[],
  isOwn: (host: string) => boolean,
): Egress[] {
  const found = new Map<string, Egress>();
  const all = files.flatMap(objectsIn);
  const served = servedHosts(all.map(({ object }) => object));
  const isInside = (host: string): boolean => isOwn(host) || served.has(host);
  for (const { object, file } of all) {
    const name = nameOf(object);
    visit(object, (value, where) => {
      for (const what of outsideIn(value, where.at(-1) ?? "", isInside)) {
        const key = `${name}\n${what}`;
        if (found.size >= MAX_FOUND || found.has(key)) continue;
        found.set(key, { what, object: name, where: where.join("."), file });
      }
    });
  }
  return [...found.values()];
}

function objectsIn({ file, text }: RenderedFile): { object: Dict; file: string }[] {
  const path = shownPath(file.instance.chart, file.path);
  return splitDocuments(text).flatMap((document) => {
    const object = tryYaml(document.text);
    if (!(object instanceof Map) || object.get("kind") === "CustomResourceDefinition") return [];
    return [{ object, file: path }];
  });
}

function outsideIn(value: string, name: string, isOwn: (host: string) => boolean): string[] {
  const lines = linesForPrograms(value);
  const hosts = lines.flatMap((line) => [...line.matchAll(URL)].map(([, host = ""]) => host));
  const outside = hosts.filter((host) => isOutside(host) && !isOwn(host.toLowerCase()));
  const settings = [...(callsHome(name, value) ? [name] : []), ...lines.flatMap(settingOn)];
  return [...outside, ...settings];
}

/** `--usage-report=true`, `check_for_updates = true`, `telemetry: on`. */
function settingOn(line: string): string[] {
  const [, name = "", value = "true"] =
    /^\s*(?:- )?["']?(-{0,2}[A-Za-z][\w.-]*)["']?(?:\s*[:=]\s*["']?([\w.-]+)["']?)?\s*,?$/.exec(
      line,
    ) ?? [];
  const isSetting = name.startsWith("-") || /[:=]/.test(line);
  return isSetting && callsHome(name, value) ? [name] : [];
}

/** True for `telemetry: on`, and for `disable_telemetry: off`. */
function callsHome(name: string, value: string): boolean {
  const on = isNegative(name) ? OFF : ON;
  return on.test(value.trim()) && speaksOfCallingHome(name);
}

const ON = /^(?:true|on|yes|1|enabled)$/i;
const OFF = /^(?:false|off|no|0|disabled)$/i;

function isOutside(host: string): boolean {
  const last = host.slice(host.lastIndexOf(".") + 1);
  // No domain at the top has a hyphen; `web.shop-system` is a service.
  return /^(?:[a-z]{2,}|xn--[a-z0-9-]+)$/i.test(last) && !NOT_OUTSIDE.test(host);
}

function nameOf(object: Dict): string {
  const kind = object.get("kind");
  const metadata = object.get("metadata");
  const name = metadata instanceof Map ? metadata.get("name") : undefined;
  return `${typeof kind === "string" ? kind : "?"}/${typeof name === "string" ? name : "?"}`;
}

/** Texts with their place; of a variable of the environment the name is a part of it. */
function visit(
  value: Value,
  see: (text: string, where: readonly string[]) => void,
  where: readonly string[] = [],
): void {
  if (typeof value === "string") visitText(value, see, where);
  else if (isList(value)) {
    for (const [at, item] of value.entries()) visit(item, see, [...where, String(at)]);
  } else if (value instanceof Map && value.get("enabled") !== false) {
    const name = value.get("name");
    for (const [key, item] of value) {
      if (isForPeople(key)) continue;
      const isVariable = key === "value" && typeof name === "string";
      visit(item, see, isVariable ? [...where, name] : [...where, key]);
    }
  } else if (typeof value === "boolean") see(String(value), where);
}

/** A file of settings in YAML or JSON by its keys, any other text as it is. */
function visitText(
  text: string,
  see: (text: string, where: readonly string[]) => void,
  where: readonly string[],
): void {
  if (isContent(where.at(-1) ?? "", text)) return;
  const settings = text.includes("\n") || text.startsWith("{") ? tryYaml(text) : null;
  if (settings instanceof Map) visit(settings, see, where);
  else see(text, where);
}
