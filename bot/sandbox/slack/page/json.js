/** Readable JSON: indented, colored by type. */

import { h } from "./dom.js";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** @param {any} value @returns {string} */
export const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** @param {any} value @returns {HTMLElement} */
export function prettyJson(value) {
  const text = asText(value);
  const out = h("pre", { class: "json", tabindex: 0 });
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon, word] = match;
    out.append(
      text.slice(end, match.index),
      h(
        "span",
        { class: string ? (colon ? "json-key" : "json-string") : word ? "json-word" : "json-number" },
        string ?? whole,
      ),
      colon ?? "",
    );
    end = match.index + whole.length;
  }
  out.append(text.slice(end));
  return out;
}
