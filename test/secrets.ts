import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { filesBelow } from "./stories/lab.ts";

/** Every way in which a secret may be written; `login` is the secret as it is sent, with its user. */
export function leaksIn(text: string, secret: string, login = secret): string[] {
  const forms = [
    secret,
    Buffer.from(login).toString("base64"),
    Buffer.from(login).toString("base64url"),
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
    Buffer.from(secret).toString("hex"),
    encodeURIComponent(login),
  ];
  return forms.filter((form) => text.includes(form));
}

/** Names and content of every file below a directory; what is compressed once more as it was before. */
export async function everythingIn(directory: string): Promise<string> {
  const texts: string[] = [];
  for (const name of await filesBelow(directory)) {
    const bytes = await readFile(join(directory, name));
    texts.push(name, bytes.toString("latin1"));
    if (name.endsWith(".gz")) texts.push(gunzipSync(bytes).toString("latin1"));
  }
  return texts.join("\n");
}
