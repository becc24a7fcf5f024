/** What is said about something, and read by people. */
const KEY =
  /^(?:metadata|annotations|labels|description|documentation|help|summary|message|title|\$schema|.*runbook.*|.*docs?_?url)$/i;

const LINE =
  /^\s*(?:#|\/\/|;|(?:- )?["']?(?:description|documentation|help|summary|message|title|\$schema|\w*runbook\w*)["']?\s*:)/i;

/** Files whose text is shown or stored, and starts nothing. */
const CONTENT = /\.(?:sql|csv|md|txt|html?|css|svg)$/i;

/** Longer texts are files for people, dashboards most of all. */
const MAX_TEXT = 64 * 1024;

export function isForPeople(key: string): boolean {
  return KEY.test(key);
}

/** True for a text that nothing acts on: too long to be settings, a dashboard, data of a database. */
export function isContent(key: string, text: string): boolean {
  if (text.length > MAX_TEXT || CONTENT.test(key)) return true;
  return /"panels"\s*:/.test(text) && /"schemaVersion"\s*:/.test(text);
}

/** The lines of a text that say something to a program, without remarks. */
export function linesForPrograms(text: string): string[] {
  return withoutRemarks(text)
    .split("\n")
    .filter((line) => !LINE.test(line))
    .map((line) => line.replace(/\s#\s.*$/, ""));
}

/** Without what XML and HTML have for remarks. */
function withoutRemarks(text: string): string {
  const [first = "", ...others] = text.split("<!--");
  const behind = others.map((piece) => {
    const end = piece.indexOf("-->");
    return end === -1 ? piece : piece.slice(end + 3);
  });
  return [first, ...behind].join("");
}
