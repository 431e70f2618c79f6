/**
 * Slack's text markup as DOM nodes (docs.slack.dev, "Formatting text for app surfaces").
 *
 * @typedef {{person: (id: string) => string | null, channel: (id: string) => string | null, me: string | undefined,
 *   openChannel: (id: string) => void, inLink?: boolean}} Names resolves IDs; a link's label has no links
 */

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { pictogram } from "./pictograms.js";
import { fullTime, slackDate } from "./times.js";

const FENCE = /```\n?([\s\S]*?)\n?```/g;
const QUOTE = /^(?:&gt;|>) ?/;
const QUOTE_REST = /^(?:&gt;|>){3} ?/;
const ITEM = /^\s*(?:[•◦▪‣-]|\d{1,3}[.)])\s/;

/** @param {string} text @param {Names} names @returns {DocumentFragment} */
export function mrkdwn(text, names) {
  const out = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(FENCE)) {
    out.append(...paragraphs(text.slice(end, match.index).replace(/\n$/, ""), names));
    out.append(h("pre", { class: "code-block" }, h("code", {}, unescape(match[1]))));
    end = match.index + match[0].length;
  }
  out.append(...paragraphs(end ? text.slice(end).replace(/^\n/, "") : text, names));
  return out;
}

/** Plain text, with shortcodes unless `emoji` is false. */
export function plain(text, { emoji: withEmoji = true } = {}) {
  if (!withEmoji) return [text];
  return text.split(/(:[a-z0-9_+'-]+:(?::skin-tone-[2-6](?:-[2-6])?:)?)/).map((part) => emojiNode(part) ?? part);
}

/** A text object as nodes. @param {{type: string, text: string, emoji?: boolean} | null | undefined} object */
export function textNodes(object, names) {
  if (!object) return [];
  return object.type === "mrkdwn"
    ? [mrkdwn(object.text, names)]
    : [h("span", { class: "plain" }, plain(object.text, { emoji: object.emoji }))];
}

/** Unescapes Slack's three escapes: it has no others. */
export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Groups lines of one kind; each group becomes one element. */
function paragraphs(text, names) {
  if (!text) return [];
  const runs = /** @type {{kind: "text" | "quote" | "item", lines: string[]}[]} */ ([]);
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (QUOTE_REST.test(line)) {
      runs.push({ kind: "quote", lines: [line.replace(QUOTE_REST, ""), ...lines.slice(index + 1)] });
      break;
    }
    const kind = QUOTE.test(line) ? "quote" : ITEM.test(line) ? "item" : "text";
    const last = runs.at(-1);
    const content = kind === "quote" ? line.replace(QUOTE, "") : line;
    if (last?.kind === kind && kind !== "item") last.lines.push(content);
    else runs.push({ kind, lines: [content] });
  }
  return runs.map(({ kind, lines }) => run(kind, lines.join("\n"), names));
}

function run(kind, text, names) {
  if (kind === "quote") return h("blockquote", { class: "run", dir: "auto" }, inline(text, names));
  return h("div", { class: kind === "item" ? "run hanging" : "run", dir: "auto" }, inline(text, names));
}

/** A pair of marks: not inside a word, no space just inside, on one line; `<…>` is atomic. */
const marked = (mark) => {
  const escaped = mark === "*" ? "\\*" : mark;
  const content = `(?:<[^<>\\n]*>|\`[^\`\\n]*\`|[^${mark}\\n<\`])+`;
  return `(?<![\\p{L}\\p{N}${mark}])${escaped}(?=[^\\s${mark}])(${content})(?<!\\s)${escaped}(?![\\p{L}\\p{N}${mark}])`;
};

const TOKEN = new RegExp(
  [
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    marked("*"),
    marked("_"),
    marked("~"),
    "(:[a-z0-9_+'-]+:(?::skin-tone-[2-6](?:-[2-6])?:)?)",
    "(https?:\\/\\/[^\\s<>|]*[^\\s<>|.,;:!?)\\]'\"*_~])",
    "([\\p{L}\\p{N}._%+-]+@[\\p{L}\\p{N}-]+(?:\\.[\\p{L}\\p{N}-]+)+)",
  ].join("|"),
  "gu",
);

/** @returns {(Node | string)[]} */
function inline(text, names) {
  const out = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    out.push(unescape(text.slice(end, match.index)), token(match, names));
    end = match.index + match[0].length;
  }
  out.push(unescape(text.slice(end)));
  return out;
}

function token([whole, code, angle, bold, italic, strike, shortcode, url, email], names) {
  if (code !== undefined) return h("code", {}, unescape(code));
  if (angle !== undefined) return angled(angle, names);
  if (bold !== undefined) return h("strong", {}, inline(bold, names));
  if (italic !== undefined) return h("em", {}, inline(italic, names));
  if (strike !== undefined) return h("s", {}, inline(strike, names));
  if (shortcode !== undefined) return emojiNode(shortcode) ?? shortcode;
  if (names.inLink) return whole;
  if (email !== undefined) return link(`mailto:${unescape(email)}`, [unescape(email)]) ?? whole;
  return link(unescape(url), [unescape(url)]) ?? whole;
}

/** The content of `<` and `>`. */
function angled(content, names) {
  const [target, label] = split(content);
  if (target.startsWith("@")) return personMention(target.slice(1), label, names);
  if (target.startsWith("#")) return channelMention(target.slice(1), label, names);
  if (target.startsWith("!")) return special(target.slice(1), label);
  return (
    link(unescape(target), label ? inline(label, { ...names, inLink: true }) : [unescape(target).replace(/^(mailto|tel):/, "")]) ??
    `<${unescape(content)}>`
  );
}

function split(content) {
  const bar = content.indexOf("|");
  return bar < 0 ? [content, ""] : [content.slice(0, bar), content.slice(bar + 1)];
}

export function personMention(id, label, names) {
  const name = names.person(id) ?? (label ? unescape(label) : id);
  return h("span", { class: id === names.me ? "mention to-me" : "mention", dir: "auto" }, `@${name}`);
}

export function channelMention(id, label, names) {
  const name = names.channel(id);
  if (name === null)
    return h("span", { class: "mention" }, label ? `#${unescape(label)}` : "#private-channel");
  return h(
    "button",
    { type: "button", class: "mention", on: { click: () => names.openChannel(id) } },
    `#${name}`,
  );
}

function special(content, label) {
  const [verb, ...rest] = content.split("^");
  if (verb === "date") return dateNode(rest, label);
  if (verb === "subteam") return h("span", { class: "mention to-me" }, unescape(label) || "@user-group");
  return h("span", { class: "mention to-me" }, `@${unescape(label).replace(/^@/, "") || verb}`);
}

export function dateNode([ts, pattern, url], fallback) {
  if (!/^\d+$/.test(ts ?? "") || !pattern) return unescape(fallback ?? "");
  const time = h("time", { title: fullTime(ts) }, slackDate(ts, unescape(pattern)));
  return url ? (link(unescape(url), [time]) ?? time) : time;
}

const SAFE = /^(https?:|mailto:|tel:)/i;

/** @returns {HTMLElement | null} null for an address that is not allowed in a link */
export function link(url, children) {
  if (!SAFE.test(url)) return null;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

export function emojiNode(shortcode) {
  const name = /^:.+:$/.test(shortcode) ? shortcode.slice(1, -1) : "";
  const shown = pictogram(name) ?? emoji(name);
  return (
    shown &&
    h(
      "span",
      { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: shortcode },
      shown,
    )
  );
}
