import { all } from "../content/concurrency.ts";
import { DrayError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { isManifestType } from "../oci/media-type.ts";
import { isRunnable } from "../oci/platform.ts";
import { artifactTypeOf, roleOf, type ReferrerRole } from "../oci/referrer.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import {
  asLocked,
  asRegistryHas,
  type Answer,
  type Ask,
  type NamedReferrer,
} from "./ask-referrers.ts";
import type { ReferrerChoice } from "./recipe/locked-referrer.ts";
import type { Repository } from "../remote/registry/repository.ts";
import { readResolved, type Resolved } from "./resolve.ts";
import type { Sources } from "./sources.ts";

/** A signature, an attestation or whatever else is about something that is packed. */
export interface ResolvedReferrer extends Resolved {
  readonly subject: Digest;
  readonly role: ReferrerRole;
}

/** What came along with one image or chart of a registry. */
export interface Vouching {
  readonly reference: string;
  readonly found: readonly { readonly reference: string; readonly role: ReferrerRole }[];
  /** Why there may be more. */
  readonly problems: readonly string[];
}

/** A signed list of contents is two steps away from its image; nobody goes further. */
const MAX_STEPS = 3;

/** What of one repository is packed, and what was found about that, in the place that gave it. */
export class Surroundings {
  readonly found = new Map<string, ResolvedReferrer>();
  readonly #place: Reference;
  readonly #home: Repository;
  readonly #choice: ReferrerChoice;
  readonly #sources: Sources;
  readonly #subjects = new Set<Digest>();
  readonly #problems = new Map<Digest, string>();
  /** What an index says of its images: no registry is asked for that. */
  readonly #beside: NamedReferrer[] = [];

  constructor(
    { place, home }: { place: Reference; home: Repository },
    choice: ReferrerChoice,
    sources: Sources,
  ) {
    this.#place = place;
    this.#home = home;
    this.#choice = choice;
    this.#sources = sources;
  }

  add(one: Resolved): void {
    for (const subject of subjectsOf(one)) this.#subjects.add(subject);
    if (this.#choice === "signatures") return;
    const subject = one.root.descriptor.digest;
    for (const descriptor of one.attestations) this.#beside.push({ subject, descriptor });
  }

  /** Asks about everything, then about what was found. */
  async explore(): Promise<void> {
    const ask = this.#ask();
    const asked = new Set<Digest>();
    let wave = [...this.#subjects];
    for (let step = 0; step < MAX_STEPS && wave.length > 0; step++) {
      for (const subject of wave) asked.add(subject);
      const answers = await all(wave.map((subject) => this.#answer(subject, ask)));
      const beside = step === 0 ? this.#beside : [];
      const named = [...beside, ...answers.flatMap(({ found }) => found)];
      const taken = await all(named.map((one) => this.#take(one)));
      wave = taken.flatMap((digest) => digest ?? []).filter((digest) => !asked.has(digest));
    }
  }

  vouchingFor(one: Resolved): Vouching {
    const about = new Set(subjectsOf(one));
    // What refers to a referrer of it was found behind that one.
    for (const { subject, root } of this.found.values()) {
      if (about.has(subject)) about.add(root.descriptor.digest);
    }
    const found = [...this.found.values()].filter(({ subject }) => about.has(subject));
    return {
      reference: one.name,
      found: found.map(({ name, role }) => ({ reference: name, role })),
      problems: [...new Set([...about].flatMap((subject) => this.#problems.get(subject) ?? []))],
    };
  }

  #ask(): Ask {
    const { lock, run } = this.#sources;
    const { registry, repository } = this.#place;
    if (lock === undefined) {
      const options = { choice: this.#choice, signal: run.signal };
      return asRegistryHas(this.#home, options);
    }
    return asLocked(
      (lock.referrers ?? []).filter(
        ({ reference }) => reference.registry === registry && reference.repository === repository,
      ),
    );
  }

  async #answer(subject: Digest, ask: Ask): Promise<Answer> {
    const answer = await ask(subject);
    if (answer.problem !== undefined) this.#problems.set(subject, answer.problem);
    return answer;
  }

  /** Reads what was named; the digest of what is kept. */
  async #take(named: NamedReferrer): Promise<Digest | undefined> {
    const { tag, subject, descriptor } = named;
    const { digest, mediaType, size } = descriptor;
    const reference = { ...this.#place, ...(tag === undefined ? { digest } : { tag }) };
    const name = formatReference(reference);
    if (this.found.has(name)) return undefined;
    const home = this.#home;
    const { limit } = home.client;
    try {
      const resolved = await readResolved(
        { name, found: { digest, mediaType, size }, limit },
        home,
        this.#sources,
      );
      const { manifest } = resolved.root;
      // A list may name whatever it likes: what something is about it says itself.
      const own = manifest.subject?.digest;
      if (tag === undefined && own !== subject && !this.#beside.includes(named)) return undefined;
      const artifactType = artifactTypeOf(manifest);
      const role = roleOf({ artifactType, annotations: manifest.annotations });
      if (this.#choice === "signatures" && role !== "signature") return undefined;
      this.found.set(name, { ...resolved, subject, role });
      return digest;
    } catch (error) {
      this.#sources.run.signal.throwIfAborted();
      if (!(error instanceof DrayError)) throw error;
      this.#problems.set(subject, error.message);
      return undefined;
    }
  }
}

/** The manifests that somebody may have signed: not those that are attestations themselves. */
function subjectsOf({ root, index }: Resolved): Digest[] {
  const { manifest, descriptor, blobs } = root;
  const children = manifest.kind === "index" ? manifest.manifests : [];
  const beside = children.filter(({ platform }) => platform !== undefined && !isRunnable(platform));
  const others = new Set(beside.map(({ digest }) => digest));
  // Of an index that was written here nobody has heard.
  if (index !== undefined) others.add(descriptor.digest);
  return [...blobs.values()].flatMap(({ digest, mediaType }) =>
    isManifestType(mediaType) && !others.has(digest) ? [digest] : [],
  );
}
