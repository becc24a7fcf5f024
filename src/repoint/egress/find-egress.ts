import { shownPath } from "../../chart/chart.ts";
import type { RenderedFile } from "../../helm/render/render.ts";
import { isList, type Dict, type Value } from "../../helm/template/value.ts";
import { tryYaml } from "../../discover/text-images.ts";
import { splitDocuments } from "../../yaml/places.ts";
import { speaksOfCallingHome } from "./calling-home.ts";

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

/** Longer texts are files for people, dashboards most of all. */
const MAX_TEXT = 64 * 1024;

/** What is said about something, and read by people. */
const FOR_PEOPLE =
  /^(?:metadata|annotations|labels|description|documentation|help|summary|message|title|.*runbook.*|.*docs?_?url)$/i;

const LINE_FOR_PEOPLE =
  /^\s*(?:#|\/\/|;|(?:- )?["']?(?:description|documentation|help|summary|message|title|\w*runbook\w*)["']?\s*:)/i;

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
  for (const { file, text } of files) {
    const path = shownPath(file.instance.chart, file.path);
    for (const document of splitDocuments(text)) {
      const object = tryYaml(document.text);
      if (!(object instanceof Map) || object.get("kind") === "CustomResourceDefinition") continue;
      const name = nameOf(object);
      visit(object, (value, where) => {
        for (const what of outsideIn(value, where.at(-1) ?? "", isOwn)) {
          const key = `${name}\n${what}`;
          if (found.size >= MAX_FOUND || found.has(key)) continue;
          found.set(key, { what, object: name, where: where.join("."), file: path });
        }
      });
    }
  }
  return [...found.values()];
}

function outsideIn(value: string, name: string, isOwn: (host: string) => boolean): string[] {
  if (value.length > MAX_TEXT) return [];
  const lines = value.split("\n").filter((line) => !LINE_FOR_PEOPLE.test(line));
  const hosts = lines.flatMap((line) => [...line.matchAll(URL)].map(([, host = ""]) => host));
  const outside = hosts.filter((host) => isOutside(host) && !isOwn(host.toLowerCase()));
  const settings = [
    ...(isOn(value) && speaksOfCallingHome(name) ? [name] : []),
    ...lines.flatMap(settingOn),
  ];
  return [...outside, ...settings];
}

/** `--usage-report=true`, `check_for_updates = true`, `telemetry: on`. */
function settingOn(line: string): string[] {
  const [, name = "", value = "true"] =
    /^\s*(?:- )?["']?(-{0,2}[A-Za-z][\w.-]*)["']?(?:\s*[:=]\s*["']?([\w.-]+)["']?)?\s*,?$/.exec(
      line,
    ) ?? [];
  const isSetting = name.startsWith("-") || /[:=]/.test(line);
  return isSetting && isOn(value) && speaksOfCallingHome(name) ? [name] : [];
}

function isOn(value: string): boolean {
  return /^(?:true|on|yes|1|enabled)$/i.test(value.trim());
}

function isOutside(host: string): boolean {
  const last = host.slice(host.lastIndexOf(".") + 1);
  return /^[a-z][a-z0-9-]+$/i.test(last) && !NOT_OUTSIDE.test(host);
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
  if (typeof value === "string") see(value, where);
  else if (isList(value)) {
    for (const [at, item] of value.entries()) visit(item, see, [...where, String(at)]);
  } else if (value instanceof Map) {
    const name = value.get("name");
    for (const [key, item] of value) {
      if (FOR_PEOPLE.test(key)) continue;
      const isVariable = key === "value" && typeof name === "string";
      visit(item, see, isVariable ? [...where, name] : [...where, key]);
    }
  } else if (value === true) see("true", where);
}
