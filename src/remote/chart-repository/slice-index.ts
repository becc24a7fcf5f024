/**
 * The block of one chart in an index as Helm writes it: `entries:` at the margin, names of charts two
 * blanks in, all that belongs to a chart further in or behind a dash. Reading only that takes a
 * fiftieth of the time. Undefined where the text has another form.
 */
export function sliceEntry(text: string, name: string): string | undefined {
  const start = text.startsWith("entries:") ? 0 : text.indexOf("\nentries:") + 1;
  if (!/^entries:[ \t]*(?:#.*)?\r?$/m.test(text.slice(start, start + 200).split("\n")[0] ?? "")) {
    return undefined;
  }
  const heading = onlyLine(text, start, `\n  ${name}:`);
  if (heading === undefined) return undefined;
  const block = text.slice(heading, endOfBlock(text, heading));
  // An anchor or alias may lead out of the block.
  return /[&*]/.test(block) && /(?:^|[\s[{,-])[&*][^\s]/m.test(block) ? undefined : block;
}

/** Where the line that is `wanted` begins, if there is one and no other. */
function onlyLine(text: string, from: number, wanted: string): number | undefined {
  const at = text.indexOf(wanted, from);
  if (at === -1 || text.includes(wanted, at + wanted.length)) return undefined;
  const rest = text.slice(at + wanted.length, at + wanted.length + 3);
  return /^[ \t]*\r?\n/.test(rest) ? at + 1 : undefined;
}

/** The first line after the heading that is no part of the list below it. */
function endOfBlock(text: string, heading: number): number {
  const line = /\n(?: {0,2}[^\s#-]|-| -)/g;
  line.lastIndex = text.indexOf("\n", heading);
  const found = line.exec(text);
  return found === null ? text.length : found.index + 1;
}
